// What a page costs over the wire, brotli: the entry, the page's chunk and one language, with their styles.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const dist = new URL('../dist', import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'))
const KiB = 1024
const list = 'src/pages/list/ListPage.tsx'

function files(key, seen = new Set()) {
  const chunk = manifest[key]
  if (!chunk || seen.has(key)) return []
  seen.add(key)
  return [chunk.file, ...(chunk.css ?? []), ...(chunk.imports ?? []).flatMap(k => files(k, seen))]
}
const size = names => [...new Set(names)].reduce((n, f) => n + statSync(join(dist, existsSync(join(dist, `${f}.br`)) ? `${f}.br` : f)).size, 0)
const entry = files('index.html')
const language = files('../locales/zh-CN.json')
const pages = Object.keys(manifest).filter(k => /^src\/pages\/[^/]+\/\w+Page\.tsx$/.test(k))
if (!entry.length || !language.length || !pages.includes(list)) { console.error('budget: the manifest has not what it should'); process.exit(1) }
let bad = 0
for (const page of pages) {
  const own = files(page)
  const all = [...entry, ...language, ...own]
  const limit = page === list ? 230 : 320
  const n = size(all) / KiB
  const css = size(all.filter(f => f.endsWith('.css'))) / KiB
  if (n > limit) bad++
  console.log(`budget: ${page} ${n.toFixed(1)} KiB of ${limit} (css ${css.toFixed(1)}), ${new Set(all).size} files${n > limit ? ' TOO LARGE' : ''}`)
}
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || pages.includes(key)) continue
  const n = size(files(key).filter(f => !entry.includes(f))) / KiB
  if (n > 100) { bad++; console.log(`budget: ${key} ${n.toFixed(1)} KiB of 100 TOO LARGE`) }
}
process.exit(bad ? 1 : 0)
