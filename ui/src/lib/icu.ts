// A small part of ICU message syntax: {name}, {n, plural, =0 {…} one {# thing} other {# things}},
// {kind, select, a {…} other {…}}, quotes as '{' and ''.
export type Params = Record<string, string | number>

type Part = string | { name: string; kind?: 'plural' | 'select'; cases?: Record<string, Part[]> } | '#'
const hash = '\u0000#'

function parse(s: string): Part[] {
  let i = 0
  const skip = () => { while (/\s/.test(s[i] ?? '')) i++ }
  const word = () => { const from = i; while (i < s.length && !/[\s,{}]/.test(s[i]!)) i++; return s.slice(from, i) }
  function message(plural: boolean, nested: boolean): Part[] {
    const out: Part[] = []
    let text = ''
    const flush = () => { if (text) out.push(text); text = '' }
    while (i < s.length) {
      const c = s[i]!
      if (c === "'") {
        if (s[i + 1] === "'") { text += "'"; i += 2; continue }
        if (s[i + 1] === '{' || s[i + 1] === '}' || s[i + 1] === '#') {
          const end = s.indexOf("'", i + 1)
          text += s.slice(i + 1, end < 0 ? undefined : end)
          i = end < 0 ? s.length : end + 1
          continue
        }
        text += c; i++
      } else if (c === '{') { flush(); i++; out.push(argument()) }
      else if (c === '}' && nested) { flush(); i++; return out }
      else if (c === '#' && plural) { flush(); out.push(hash); i++ }
      else { text += c; i++ }
    }
    if (nested) throw new Error(`icu: unclosed { in ${s}`)
    flush()
    return out
  }
  function argument(): Part {
    skip()
    const name = word()
    skip()
    if (s[i] === '}') { i++; return { name } }
    if (s[i] !== ',' || !name) throw new Error(`icu: want , or } after {${name} in ${s}`)
    i++; skip()
    const kind = word()
    if (kind !== 'plural' && kind !== 'select') throw new Error(`icu: ${kind} is not known in ${s}`)
    skip()
    if (s[i] !== ',') throw new Error(`icu: want , after ${kind} in ${s}`)
    i++
    const cases: Record<string, Part[]> = {}
    for (;;) {
      skip()
      if (s[i] === '}') { i++; break }
      const key = word()
      skip()
      if (!key || s[i] !== '{') throw new Error(`icu: want a case and its { in ${s}`)
      i++
      cases[key] = message(kind === 'plural', true)
    }
    if (!cases.other) throw new Error(`icu: ${kind} without other in ${s}`)
    return { name, kind, cases }
  }
  return message(false, false)
}

const cache = new Map<string, Part[]>()

/** Writes a message out. A value that is missing stays visible as {name}. */
export function format(message: string, params: Params, locale: string): string {
  let parts = cache.get(message)
  if (!parts) cache.set(message, (parts = parse(message)))
  const number = (n: number) => new Intl.NumberFormat(locale).format(n)
  const show = (v: string | number) => (typeof v === 'number' ? number(v) : v)
  const write = (list: Part[], count: number): string => list.map(p => {
    if (p === hash) return number(count)
    if (typeof p === 'string') return p
    const v = params[p.name]
    if (!p.cases) return v === undefined ? `{${p.name}}` : show(v)
    if (p.kind === 'select') return write(p.cases[String(v)] ?? p.cases.other!, count)
    const n = Number(v)
    return write(p.cases[`=${n}`] ?? p.cases[new Intl.PluralRules(locale).select(n)] ?? p.cases.other!, n)
  }).join('')
  return write(parts, 0)
}

/** The names that a message takes, for the check of the catalogues. */
export function names(message: string): string[] {
  const found = new Set<string>()
  const walk = (list: Part[]) => list.forEach(p => {
    if (typeof p === 'string') return
    found.add(p.name)
    Object.values(p.cases ?? {}).forEach(walk)
  })
  walk(parse(message))
  return [...found].sort()
}
