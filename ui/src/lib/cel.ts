// Filters as chips, and as the CEL text that the server reads. What chips cannot show stays text.
export type Value = string | number | boolean | null | { call: 'me' } | { call: 'now' } | { call: 'today'; days: number } | Value[]

export type Op =
  | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'contains' | 'lacks' | 'starts' | 'ends' | 'in' | 'filled' | 'empty' | 'yes' | 'no' | 'has' | 'hasnot'

export interface Rule { path: string; op: Op; value?: Value }
export interface Group { join: '&&' | '||'; items: Node[] }
export type Node = Rule | Group

export const isGroup = (n: Node): n is Group => 'items' in n
export const all = (...items: Node[]): Group => ({ join: '&&', items })

const signs: Partial<Record<Op, string>> = { eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=' }
const methods: Partial<Record<Op, string>> = { contains: 'contains', starts: 'startsWith', ends: 'endsWith' }
/** Operators that take no value. */
export const bare: Op[] = ['filled', 'empty', 'yes', 'no']

/** A text literal of CEL. */
export const quote = (s: string) => `"${s.replace(/[\\"]/g, c => `\\${c}`).replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}"`

export function writeValue(v: Value): string {
  if (Array.isArray(v)) return `[${v.map(writeValue).join(', ')}]`
  if (v === null) return 'null'
  if (typeof v === 'string') return quote(v)
  if (typeof v !== 'object') return String(v)
  if (v.call !== 'today') return `${v.call}()`
  return v.days ? `today() ${v.days < 0 ? '-' : '+'} days(${Math.abs(v.days)})` : 'today()'
}

function writeRule(r: Rule): string {
  switch (r.op) {
    case 'filled': return `has(${r.path})`
    case 'empty': return `!has(${r.path})`
    case 'yes': return r.path
    case 'no': return `!${r.path}`
    case 'in': return `${r.path} in ${writeValue(r.value ?? [])}`
    case 'has': return `${writeValue(r.value ?? '')} in ${r.path}`
    case 'hasnot': return `!(${writeValue(r.value ?? '')} in ${r.path})`
    case 'lacks': return `!${r.path}.contains(${writeValue(r.value ?? '')})`
    default: {
      const method = methods[r.op]
      return method ? `${r.path}.${method}(${writeValue(r.value ?? '')})` : `${r.path} ${signs[r.op]} ${writeValue(r.value ?? null)}`
    }
  }
}

/** Writes a filter as CEL; "" for an empty one. */
export function write(n: Node, inner = false): string {
  if (!isGroup(n)) return writeRule(n)
  const parts = n.items.map(x => write(x, true)).filter(Boolean)
  const text = parts.join(` ${n.join} `)
  return inner && parts.length > 1 ? `(${text})` : text
}

/** Joins two CEL conditions, either of which may be empty. */
export function both(a: string, b: string): string {
  const wrap = (s: string) => (/\|\||\?/.test(s) ? `(${s})` : s)
  return a && b ? `${wrap(a)} && ${wrap(b)}` : a || b
}

type Token = { kind: 'name' | 'text' | 'number' | 'sign'; text: string }

function tokens(s: string): Token[] | null {
  const out: Token[] = []
  const form = /\s*(?:([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(\d+(?:\.\d+)?)|(==|!=|<=|>=|&&|\|\||[<>!()[\],+-]))/y
  while (form.lastIndex < s.length) {
    const at = form.lastIndex
    const m = form.exec(s)
    if (!m) return s.slice(at).trim() === '' ? out : null
    if (m[1]) out.push({ kind: 'name', text: m[1] })
    else if (m[2]) out.push({ kind: 'text', text: m[2] })
    else if (m[3]) out.push({ kind: 'number', text: m[3] })
    else out.push({ kind: 'sign', text: m[4]! })
  }
  return out
}

class No extends Error {}

function unquote(s: string): string {
  return s.slice(1, -1).replace(/\\(.)/g, (_, c: string) => {
    const plain: Record<string, string> = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"', "'": "'" }
    if (!(c in plain)) throw new No()
    return plain[c]!
  })
}

class Reader {
  private i = 0
  constructor(private readonly list: Token[]) {}

  private peek = () => this.list[this.i]
  private take(text: string) {
    if (this.peek()?.kind === 'sign' && this.peek()?.text === text) { this.i++; return true }
    return false
  }
  private want(text: string) { if (!this.take(text)) throw new No() }
  private word() {
    const k = this.peek()
    if (k?.kind !== 'name') throw new No()
    this.i++
    return k.text
  }

  whole(): Node {
    const n = this.chain('||')
    if (this.i < this.list.length) throw new No()
    return n
  }

  private chain(join: '&&' | '||'): Node {
    const below = () => (join === '||' ? this.chain('&&') : this.unary())
    const items = [below()]
    while (this.take(join)) items.push(below())
    if (items.length === 1) return items[0]!
    // (a && b) && c says the same as a && b && c.
    return { join, items: items.flatMap(x => (isGroup(x) && x.join === join ? x.items : [x])) }
  }

  private unary(): Node {
    if (this.take('!')) {
      const n = this.unary()
      if (isGroup(n)) throw new No()
      const other: Partial<Record<Op, Op>> = { filled: 'empty', yes: 'no', has: 'hasnot', contains: 'lacks' }
      const op = other[n.op]
      if (!op) throw new No()
      return { ...n, op }
    }
    if (this.take('(')) {
      const n = this.chain('||')
      this.want(')')
      return n
    }
    return this.atom()
  }

  private atom(): Rule {
    const k = this.peek()
    if (k?.kind === 'text') {
      const value = this.value()
      if (this.word() !== 'in') throw new No()
      return { path: this.word(), op: 'has', value }
    }
    const name = this.word()
    if (this.take('(')) {
      if (name === 'has') {
        const path = this.word()
        this.want(')')
        return { path, op: 'filled' }
      }
      const dot = name.lastIndexOf('.')
      const op = (Object.keys(methods) as Op[]).find(o => methods[o] === name.slice(dot + 1))
      if (dot < 0 || !op) throw new No()
      const value = this.value()
      this.want(')')
      return { path: name.slice(0, dot), op, value }
    }
    const n = this.peek()
    if (n?.kind === 'name' && n.text === 'in') {
      this.i++
      const value = this.value()
      if (!Array.isArray(value)) throw new No()
      return { path: name, op: 'in', value }
    }
    for (const [op, sign] of Object.entries(signs)) if (this.take(sign)) return { path: name, op: op as Op, value: this.value() }
    return { path: name, op: 'yes' }
  }

  private value(): Value {
    const k = this.peek()
    if (!k) throw new No()
    if (this.take('[')) {
      const list: Value[] = []
      while (!this.take(']')) {
        if (list.length) this.want(',')
        list.push(this.value())
      }
      return list
    }
    const minus = this.take('-')
    const n = this.peek()
    if (n?.kind === 'number') { this.i++; return (minus ? -1 : 1) * Number(n.text) }
    if (minus) throw new No()
    this.i++
    if (k.kind === 'text') return unquote(k.text)
    if (k.kind !== 'name') throw new No()
    if (k.text === 'true' || k.text === 'false') return k.text === 'true'
    if (k.text === 'null') return null
    this.want('(')
    if (k.text === 'date') {
      const v = this.value()
      this.want(')')
      return v
    }
    this.want(')')
    if (k.text === 'me' || k.text === 'now') return { call: k.text }
    if (k.text !== 'today') throw new No()
    const sign = this.take('+') ? 1 : this.take('-') ? -1 : 0
    if (!sign) return { call: 'today', days: 0 }
    if (this.word() !== 'days') throw new No()
    this.want('(')
    const days = this.value()
    this.want(')')
    if (typeof days !== 'number') throw new No()
    return { call: 'today', days: sign * days }
  }
}

/** Reads CEL into chips; null where they cannot show it. "" is a group of none. */
export function read(cel: string): Group | null {
  const list = tokens(cel)
  if (!list) return null
  if (list.length === 0) return all()
  try {
    const n = new Reader(list).whole()
    return isGroup(n) ? n : all(n)
  } catch (e) {
    if (e instanceof No) return null
    throw e
  }
}
