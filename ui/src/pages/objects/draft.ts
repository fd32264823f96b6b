// A field as it is being edited: what it begins with, what would be sent, and what differs.
import type { Key } from '../../lib/i18n'
import type { Definition, DefinedField, Field, Option } from '../../lib/types'

export const typeGroups = [
  { title: 'adm.group.text', types: ['text', 'longtext', 'richtext', 'email', 'phone', 'url'] },
  { title: 'adm.group.number', types: ['int', 'decimal', 'money', 'percent', 'duration', 'autonumber'] },
  { title: 'adm.group.time', types: ['date', 'datetime'] },
  { title: 'adm.group.choice', types: ['picklist', 'multipick', 'bool'] },
  { title: 'adm.group.link', types: ['lookup', 'lookups', 'any', 'user', 'team'] },
  { title: 'adm.group.computed', types: ['formula', 'rollup'] },
  { title: 'adm.group.other', types: ['address', 'geo', 'file', 'image', 'json', 'secret'] },
] as const
export type TypeName = (typeof typeGroups)[number]['types'][number]

export const classes = ['public', 'internal', 'personal', 'restricted', 'secret'] as const
export type ClassName = (typeof classes)[number]
export const colours = ['grey', 'blue', 'violet', 'green', 'amber', 'red'] as const

export interface Rollup { object: string; through: string; op: 'count' | 'sum' | 'min' | 'max' | 'avg'; field?: string; filter?: string }

export interface Draft {
  name: string
  type: TypeName
  class: ClassName
  en: string
  zh: string
  helpEn: string
  helpZh: string
  required: boolean
  unique: boolean
  options: Option[]
  target: string[]
  max: string
  digits: string
  default: string
  currency: string
  pattern: string
  formula: string
  result: string
  rollup: Rollup
}

export const sealed = (c: ClassName) => c === 'personal' || c === 'restricted' || c === 'secret'
export const isComputed = (t: string) => t === 'formula' || t === 'rollup'
export const hasOptions = (t: string) => t === 'picklist' || t === 'multipick'
export const canBeUnique = (d: Draft) => !sealed(d.class) && ['text', 'email', 'phone', 'url', 'int', 'decimal', 'percent', 'lookup'].includes(d.type)
export const canBeRequired = (t: string) => !isComputed(t) && t !== 'autonumber'
export const takesMax = (t: string) => ['text', 'longtext', 'richtext'].includes(t)
export const takesDigits = (t: string) => ['decimal', 'percent', 'money'].includes(t)
export const takesDefault = (t: string) => ['text', 'longtext', 'email', 'url', 'int', 'decimal', 'percent', 'bool', 'picklist', 'date'].includes(t)
export const targetCount = (t: string) => (t === 'lookup' ? 1 : t === 'lookups' || t === 'any' ? 2 : 0)

const order = (c: ClassName) => classes.indexOf(c)
/** The classes that an existing field may have: its own, and those that guard more. A secret is made, not raised to. */
export function classesFor(d: Draft, was?: DefinedField): ClassName[] {
  if (d.type === 'secret') return ['secret']
  const list = classes.filter(c => c !== 'secret' && !((d.type === 'file' || d.type === 'image') && c === 'restricted' && was))
  return was ? list.filter(c => order(c) >= order(was.class)) : list
}

/** Words of expressions and of the API that are no names. */
const reserved = new Set(('as break const continue else false for function if import in let loop namespace null package return true var void while ' +
  'bool bytes double dyn int list map string timestamp type uint can currency date days duration fields has hours me months now object size today weeks').split(' '))
export const goodName = (s: string) => /^[a-z][a-z0-9_]{0,39}$/.test(s) && !reserved.has(s)

/** A name made of an English label; a label without Latin letters gives a neutral one with a number. */
export function nameFor(text: string, taken: readonly string[], neutral = 'field'): string {
  const plain = text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[_0-9]+|_+$/g, '').slice(0, 36).replace(/_+$/, '')
  const free = (s: string) => !taken.includes(s) && goodName(s)
  if (plain.length > 0) {
    for (let n = 1; n < 1000; n++) { const s = n === 1 ? plain : `${plain}_${n}`; if (free(s)) return s }
  }
  for (let n = taken.length + 1; ; n++) { const s = `${neutral}_${n}`; if (free(s)) return s }
}

/** A key for a choice: like a name, but it may begin with a digit and be a reserved word. */
export function keyFor(text: string, taken: readonly string[]): string {
  const plain = text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 50) || `option_${taken.length + 1}`
  for (let n = 1; ; n++) { const s = n === 1 ? plain : `${plain}_${n}`; if (!taken.includes(s)) return s }
}

export const blank = (type: TypeName): Draft => ({
  name: '', type, class: type === 'secret' ? 'secret' : 'internal', en: '', zh: '', helpEn: '', helpZh: '', required: false, unique: false, options: [], target: [], max: '', digits: '', default: '',
  currency: '', pattern: type === 'autonumber' ? 'N-{0000}' : '', formula: '', result: '', rollup: { object: '', through: '', op: 'count' },
})

export const draftOf = (f: DefinedField): Draft => ({
  name: f.name, type: f.type as TypeName, class: f.class, en: f.label.en, zh: f.label.zh, helpEn: f.help?.en ?? '', helpZh: f.help?.zh ?? '', required: f.required, unique: f.unique,
  options: f.options ?? [], target: f.target ?? [], max: f.max ? String(f.max) : '', digits: f.digits ? String(f.digits) : '', default: f.default ?? '', currency: f.currency ?? '',
  pattern: f.pattern ?? '', formula: f.formula ?? '', result: f.result ?? '', rollup: f.rollup ?? { object: '', through: '', op: 'count' },
})

const both = (en: string, zh: string) => ({ en: en.trim() || zh.trim(), zh: zh.trim() || en.trim() })
const rollupOf = (r: Rollup): Rollup => ({ object: r.object, through: r.through, op: r.op, ...(r.op !== 'count' && r.field ? { field: r.field } : {}), ...(r.filter?.trim() ? { filter: r.filter.trim() } : {}) })
const optionsOf = (list: Option[]) => list.map(o => ({ key: o.key, label: both(o.label.en, o.label.zh), ...(o.color && o.color !== 'grey' ? { color: o.color } : {}), ...(o.archived ? { archived: true } : {}) }))

/** A new field, as the API takes it. */
export function inputOf(d: Draft): Record<string, unknown> {
  const out: Record<string, unknown> = { name: d.name, type: d.type, class: d.class, label: both(d.en, d.zh) }
  if (d.helpEn.trim() || d.helpZh.trim()) out.help = both(d.helpEn, d.helpZh)
  if (canBeRequired(d.type) && d.required) out.required = true
  if (canBeUnique(d) && d.unique) out.unique = true
  if (hasOptions(d.type)) out.options = optionsOf(d.options)
  if (targetCount(d.type)) out.target = d.target
  if (takesMax(d.type) && d.max) out.max = Number(d.max)
  if (takesDigits(d.type) && d.digits) out.digits = Number(d.digits)
  if (takesDefault(d.type) && d.default) out.default = d.default
  if (d.type === 'money' && d.currency) out.currency = d.currency
  if (d.type === 'autonumber') out.pattern = d.pattern
  if (d.type === 'formula') { out.formula = d.formula.trim(); if (d.result) out.result = d.result }
  if (d.type === 'rollup') out.rollup = rollupOf(d.rollup)
  return out
}

export interface Difference { what: Key; old: string; now: string }

/** What a change of a field would send: only what differs. */
export function patchOf(d: Draft, was: DefinedField): Record<string, unknown> {
  const now = inputOf(d)
  const before = inputOf(draftOf(was))
  const out: Record<string, unknown> = {}
  const empty: Record<string, unknown> = { help: { en: '', zh: '' }, required: false, unique: false, max: 0, digits: 0, default: '', currency: '' }
  for (const k of new Set([...Object.keys(now), ...Object.keys(before)])) {
    if (k === 'type' || k === 'result' || k === 'target') continue // stay as they are
    if (JSON.stringify(now[k]) !== JSON.stringify(before[k])) out[k] = now[k] ?? empty[k]
  }
  return out
}

interface Words { yes: string; no: string; class: (c: ClassName) => string; option: (o: Option) => string }

/** What differs, in words. A new field is compared with nothing. */
export function differences(d: Draft, was: DefinedField | undefined, w: Words): Difference[] {
  const old = was && draftOf(was)
  const list: Difference[] = []
  const add = (what: Key, before: string | undefined, now: string) => { if ((before ?? '') !== now) list.push({ what, old: before ?? '', now }) }
  const flag = (b: boolean) => (b ? w.yes : w.no)
  const fromLabel = both(d.en, d.zh)
  add('adm.label.en', old?.en, fromLabel.en)
  add('adm.label.zh', old?.zh, fromLabel.zh)
  add('adm.name', old?.name, d.name)
  add('adm.class', old && w.class(old.class), w.class(d.class))
  add('adm.help.en', old?.helpEn, d.helpEn.trim() || d.helpZh.trim())
  add('adm.help.zh', old?.helpZh, d.helpZh.trim() || d.helpEn.trim())
  if (d.required !== (old?.required ?? false)) add('adm.required', flag(!d.required), flag(d.required))
  if (d.unique !== (old?.unique ?? false)) add('adm.unique', flag(!d.unique), flag(d.unique))
  add('adm.default', old?.default, d.default)
  add('adm.max', old?.max, d.max)
  add('adm.digits', old?.digits, d.digits)
  add('adm.currency', old?.currency, d.currency)
  add('adm.pattern', old?.pattern, d.pattern)
  add('adm.formula', old?.formula, d.formula.trim())
  if (d.type === 'rollup') add('adm.rollup', old && rollupText(old.rollup), rollupText(d.rollup))
  if (targetCount(d.type)) add('adm.target', old?.target.join(', '), d.target.join(', '))
  const text = (list: Option[]) => list.map(w.option).join(' · ')
  add('adm.options', old && text(old.options), text(d.options))
  return list
}

const rollupText = (r: Rollup) => (r.object ? `${r.op}(${r.object}${r.op !== 'count' && r.field ? `.${r.field}` : ''}) ${r.through}${r.filter ? ` · ${r.filter}` : ''}` : '')

/** What a save means for what is stored, as keys of texts. */
export function consequences(d: Draft, was: DefinedField | undefined, records: number | undefined): { key: Key; n?: number; strong?: boolean }[] {
  const out: { key: Key; n?: number; strong?: boolean }[] = []
  if (!was) {
    out.push({ key: isComputed(d.type) ? 'adm.then.computed' : d.type === 'autonumber' ? 'adm.then.autonumber' : 'adm.then.new', n: records })
    if (d.required) out.push({ key: 'adm.then.new_required', strong: true })
    return out
  }
  if (d.name !== was.name) out.push({ key: 'adm.then.rename', strong: true })
  if (d.class !== was.class) out.push({ key: d.class === 'personal' && !sealed(was.class) || d.class === 'restricted' ? 'adm.then.seal' : 'adm.then.class', n: records, strong: true })
  if (d.class === 'restricted' && was.class !== 'restricted') out.push({ key: 'adm.then.restricted', strong: true })
  if (d.required && !was.required) out.push({ key: 'adm.then.required' })
  if (d.unique && !was.unique) out.push({ key: 'adm.then.unique' })
  const before = was.options ?? []
  if (before.some(o => !d.options.some(x => x.key === o.key))) out.push({ key: 'adm.then.option_gone' })
  if (before.some(o => !o.archived && d.options.some(x => x.key === o.key && x.archived))) out.push({ key: 'adm.then.option_archived' })
  if (d.default !== (was.default ?? '') || d.max !== (was.max ? String(was.max) : '') || d.currency !== (was.currency ?? '')) out.push({ key: 'adm.then.from_now' })
  if (out.length === 0) out.push({ key: 'adm.then.look' })
  return out
}

/** The place of an error in an expression, as the server tells it. */
export function placeOf(message: string): { line: number; at: number; text: string } | null {
  const m = /line (\d+), character (\d+): ([^\n]*)/.exec(message)
  return m ? { line: Number(m[1]), at: Number(m[2]), text: m[3]! } : null
}

/** The field as everybody else would see it, for the preview. */
export function previewOf(d: Draft): Field {
  const shown = d.class === 'restricted' || d.class === 'secret'
  return {
    name: d.name || 'field', type: d.type, class: d.class, label: both(d.en, d.zh), required: d.required, unique: d.unique, read_only: isComputed(d.type) || d.type === 'autonumber',
    ...(d.helpEn || d.helpZh ? { help: both(d.helpEn, d.helpZh) } : {}), options: optionsOf(d.options), target: d.target, ...(d.max ? { max: Number(d.max) } : {}), ...(d.digits ? { digits: Number(d.digits) } : {}),
    ...(d.currency ? { currency: d.currency } : {}), ...(isComputed(d.type) ? { result: d.result || (d.type === 'rollup' ? 'int' : 'text') } : {}),
    can: { read: !shown, masked: shown, edit: !isComputed(d.type), filter: true, sort: true, group: true, sum: true },
  } as Field
}

/** A value to look at. */
export function sampleOf(d: Draft): unknown {
  const type = isComputed(d.type) ? d.result || 'int' : d.type
  const sealedText = '••••••'
  if (d.class === 'restricted' || d.class === 'secret') return sealedText
  switch (type) {
    case 'int': return 42
    case 'decimal': return '42.5'
    case 'percent': return '12.5'
    case 'money': return { amount: '12500.00', currency: d.currency || 'EUR' }
    case 'duration': return 5400
    case 'date': return '2026-11-24'
    case 'datetime': return '2026-11-24T08:30:00Z'
    case 'bool': return true
    case 'picklist': return d.options.find(o => !o.archived)?.key ?? null
    case 'multipick': return d.options.filter(o => !o.archived).slice(0, 2).map(o => o.key)
    case 'email': return 'anna@example.com'
    case 'phone': return '+49 228 1234567'
    case 'url': return 'example.com'
    case 'autonumber': return d.pattern.replace(/\{0+\}/, z => '1'.padStart(z.length - 2, '0'))
    case 'address': return { street: 'Weir Lane 4', city: 'Bonn', postal_code: '53111', country: 'DE' }
    case 'geo': return { lat: 50.73, lon: 7.1 }
    case 'json': return { key: 'value' }
    default: return null
  }
}

/** Fields that an expression about the object can name. */
export const expressible = (o: Definition) => o.fields.filter(f => !f.archived && !isComputed(f.type) && f.type !== 'secret' && f.class !== 'restricted')
