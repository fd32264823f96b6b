// The catalogues: the same keys with the same placeholders in both languages, nothing empty, nothing left
// in English, nothing that no code says, no text in the code itself.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const read = name => JSON.parse(readFileSync(join(root, '../locales', name), 'utf8'))
const en = read('en.json')
const zh = read('zh-CN.json')
const bad = []
/** What is the same in both languages: examples, and a number alone. */
const same = new Set(['hint.date', 'hint.datetime', 'hint.duration', 'count'])
const names = s => [...new Set([...s.matchAll(/(?<!\b(?:one|other|=\d+)\s*)\{(\w+)(?=[,}])/g)].map(m => m[1]))].sort().join()

for (const k of Object.keys(en)) if (!(k in zh)) bad.push(`${k}: not in zh-CN.json`)
for (const k of Object.keys(zh)) if (!(k in en)) bad.push(`${k}: not in en.json`)
for (const [k, text] of Object.entries(en)) {
  const other = zh[k] ?? ''
  if (!text.trim() || !other.trim()) bad.push(`${k}: empty`)
  if (text === other && !same.has(k)) bad.push(`${k}: the same in both languages`)
  if (names(text) !== names(other)) bad.push(`${k}: other placeholders: ${names(text)} and ${names(other)}`)
  if (/[\u4e00-\u9fff][,;!?](?![^{]*\})/.test(other) || /你/.test(other)) bad.push(`${k}: half-width punctuation after Chinese, or 你 for 您: ${other}`)
  if (/!/.test(text) || /Oops/i.test(text)) bad.push(`${k}: an exclamation`)
}

const sources = readdirSync(join(root, 'src'), { recursive: true }).filter(f => /\.tsx?$/.test(f) && !/\.(test|gen)\./.test(f))
let all = ''
for (const file of sources) {
  const text = readFileSync(join(root, 'src', file), 'utf8')
  all += text
  if (!file.endsWith('.tsx')) continue
  // Words between tags, and in the attributes that people read or hear.
  for (const m of text.matchAll(/(?:aria-label|placeholder|title|alt)="([^"]*[A-Za-z\u4e00-\u9fff]{2}[^"]*)"/g)) bad.push(`${file}: text in the code: ${m[1]}`)
  for (const m of text.matchAll(/<(?!kbd)[a-z]\w*(?:\s[^<>]*)?>\s*([A-Z][a-z]+[^<>{}]*|[^<>{}]*[\u4e00-\u9fff][^<>{}]*)<\//g)) bad.push(`${file}: text in the code: ${m[1]}`)
}
for (const k of Object.keys(en)) {
  const family = k.slice(0, k.lastIndexOf('.') + 1)
  if (!all.includes(`'${k}'`) && !(family && all.includes(`\`${family}\${`))) bad.push(`${k}: no code says it`)
}
for (const line of bad) console.error(line)
console.log(`i18n: ${Object.keys(en).length} texts, ${bad.length} wrong`)
process.exit(bad.length ? 1 : 0)
