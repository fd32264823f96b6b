// For working on the screen: serves dist under the very policy of the product, and hands /api on to a
// running Wardbook. With --token FILE it asks with that token, so that nobody need sign in.
//   node scripts/serve.mjs --api 127.0.0.1:8080 --port 5180 [--token FILE] [--lang zh-CN] [--look dark]
import { existsSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { parseArgs } from 'node:util'

const { values: o } = parseArgs({ options: {
  api: { type: 'string', default: '127.0.0.1:8080' }, port: { type: 'string', default: '5180' }, token: { type: 'string' }, lang: { type: 'string', default: 'en' }, look: { type: 'string', default: 'light' },
} })
const token = o.token && readFileSync(o.token, 'utf8').trim()
const dist = new URL('../dist', import.meta.url).pathname
export const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
const types = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.json': 'application/json', '.html': 'text/html; charset=utf-8' }

function proxy(req, res) {
  const [host, port] = o.api.split(':')
  const headers = { ...req.headers, host: o.api }
  if (token) {
    delete headers.cookie
    headers.authorization = `Bearer ${token}`
  }
  const up = request({ host, port, path: req.url, method: req.method, headers }, r => { res.writeHead(r.statusCode, r.headers); r.pipe(res) })
  up.on('error', () => { res.writeHead(502).end() })
  req.pipe(up)
}

createServer((req, res) => {
  const { pathname } = new URL(req.url, 'http://x')
  if (pathname.startsWith('/api/')) return proxy(req, res)
  const file = join(dist, normalize(pathname))
  const head = { 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' }
  if (pathname !== '/' && file.startsWith(dist) && extname(file) && existsSync(file)) {
    return res.writeHead(200, { ...head, 'Content-Type': types[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file))
  }
  if (pathname.startsWith('/assets/')) return res.writeHead(404, head).end()
  const page = readFileSync(join(dist, 'index.html'), 'utf8').replace('<html lang="en" data-mantine-color-scheme="light">', `<html lang="${o.lang}" data-mantine-color-scheme="${o.look}">`)
  res.writeHead(200, { ...head, 'Content-Type': types['.html'] }).end(page)
}).listen(Number(o.port), '127.0.0.1', () => console.log(`http://127.0.0.1:${o.port}`))
