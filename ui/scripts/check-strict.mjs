// The strict profile: what would break the CSP or Trusted Types, or reach past lib/kit.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const src = new URL('../src', import.meta.url).pathname
const rules = [
  [/dangerouslySetInnerHTML|\.innerHTML\b|\.outerHTML\b|insertAdjacentHTML|document\.write|DOMParser/, 'writes markup as text'],
  [/\beval\(|new Function\(|setTimeout\(['"`]/, 'makes code of text'],
  [/from '@mantine\/core'/, 'imports Mantine past lib/kit.ts', f => f === 'lib/kit.ts' || f === 'theme/theme.d.mts'],
  [/\b(AppShell|SimpleGrid|Grid\.Col|hiddenFrom|visibleFrom)\b/, 'is a part of Mantine that writes style elements'],
  [/\b(?:p|m|w|h|gap|cols|px|py|mx|my)=\{\{\s*(?:base|xs|sm|md|lg|xl):/, 'is a responsive style prop: use a media query'],
  [/<Modal(?:\.Root)?\s(?![^>]*lockScroll=\{false\})/, 'is a dialog without lockScroll={false}'],
  [/from '@tabler\/icons-react'/, 'imports all icons: one file each, in parts/Icon.tsx'],
  [/https?:\/\/(?!127\.0\.0\.1|www\.w3\.org)/, 'names another host'],
  [/localStorage\.setItem\((?!'(?:look|side|letters|peek|facts)'|widthKey|ownKey\()/, 'keeps something in the browser that is not in the list'],
  [/style="/, 'is a style attribute in text'],
]
const bad = []
for (const file of readdirSync(src, { recursive: true })) {
  if (!/\.(tsx?|mjs|mts)$/.test(file) || /\.(test|gen)\./.test(file)) continue
  const text = readFileSync(join(src, file), 'utf8')
  text.split('\n').forEach((line, i) => {
    for (const [form, what, allowed] of rules) if (form.test(line) && !allowed?.(file)) bad.push(`${file}:${i + 1} ${what}: ${line.trim().slice(0, 100)}`)
  })
  if (text.split('\n').length > 500) bad.push(`${file}: more than 500 lines`)
}
for (const line of bad) console.error(line)
console.log(`strict: ${bad.length} wrong`)
process.exit(bad.length ? 1 : 0)
