// Puts a .br and a .gz form beside every built text file, so that the server needs no compressor.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = new URL('../dist', import.meta.url).pathname
for (const entry of readdirSync(dist, { recursive: true })) {
  if (!/\.(js|css|svg|json|html)$/.test(entry)) continue
  const raw = readFileSync(join(dist, entry))
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length }
  writeFileSync(join(dist, `${entry}.br`), brotliCompressSync(raw, { params }))
  writeFileSync(join(dist, `${entry}.gz`), gzipSync(raw, { level: 9 }))
}
