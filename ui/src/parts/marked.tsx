import type { ReactNode } from 'react'

/** A text with marks; the ranges count characters (Unicode code points), not UTF-16 units. */
export function marked(text: string, ranges: { from: number; to: number }[]): ReactNode {
  const chars = [...text]
  const out: ReactNode[] = []
  let at = 0
  for (const r of ranges) {
    if (r.from < at || r.to > chars.length) continue
    out.push(chars.slice(at, r.from).join(''), <mark key={r.from}>{chars.slice(r.from, r.to).join('')}</mark>)
    at = r.to
  }
  out.push(chars.slice(at).join(''))
  return out
}
