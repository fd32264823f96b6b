// The organisation's objects as this person may use them, and what follows from them.
import { useQuery } from '@tanstack/react-query'
import { get } from './api'
import { label } from './i18n'
import { keys } from './keys'
import { client } from './query'
import type { Field, Obj, Rec } from './types'

export const loadObjects = () => client.fetchQuery({ queryKey: keys.objects, queryFn: fetchObjects, staleTime: 300_000 })
const fetchObjects = async () => (await get<{ objects: Obj[] }>('/objects')).objects

export function useObjects(): Obj[] {
  return useQuery({ queryKey: keys.objects, queryFn: fetchObjects, staleTime: 300_000 }).data ?? []
}

const objects = () => client.getQueryData<Obj[]>(keys.objects) ?? []
export const objectNamed = (name: string) => objects().find(o => o.name === name)
export const useObject = (name: string) => useObjects().find(o => o.name === name)
export const fieldNamed = (o: Obj | undefined, name: string) => o?.fields.find(f => f.name === name)

/** Kept by the server itself, and of little interest on a first look. */
const housekeeping = new Set(['created_by', 'updated_by', 'source', 'external_ids', 'deleted_at', 'team'])
export const isHousekeeping = (f: Field) => housekeeping.has(f.name) || f.name === 'created_at' || f.name === 'updated_at'

export const readable = (f: Field) => Boolean(f.can.read || f.can.masked)
export const isMasked = (f: Field) => Boolean(f.can.masked && !f.can.read)
export const editable = (f: Field) => Boolean(f.can.edit) && !f.read_only && !['formula', 'rollup', 'autonumber', 'file', 'image'].includes(f.type)
/** Worth typing into a form by hand. */
export const askable = (f: Field) => editable(f) && !['json'].includes(f.type) && !(f.name === 'team')

/** The type that a value is shown by: a computed field shows like its result. */
export const shownType = (f: Field) => (f.type === 'formula' || f.type === 'rollup' ? (f.result ?? 'text') : f.type)

/** The objects that a link may lead to. */
export function targets(f: Field): string[] {
  if (f.type === 'user') return ['user']
  if (f.type === 'team') return ['team']
  return f.target ?? []
}

/** What a list asks for to show a field: links come with the titles of what they lead to. */
export function pathsOf(f: Field): string[] {
  const paths = [f.name]
  if (!['lookup', 'user', 'team'].includes(f.type)) return paths
  const to = objectNamed(targets(f)[0] ?? '')
  for (const name of to?.title ?? []) {
    const title = fieldNamed(to, name)
    if (title?.can.read && !['lookup', 'user', 'team', 'any', 'lookups'].includes(title.type)) paths.push(`${f.name}.${name}`)
  }
  return paths
}

const cjk = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/

/** Joins the parts of a title: 李明, Hugo Ives, Hugo Ives · Hazel Hotels. */
export function joinTitle(parts: { name: string; text: string }[]): string {
  const text = (n: string) => parts.find(p => p.name === n)?.text ?? ''
  const last = text('last_name')
  const first = text('first_name')
  const person = cjk.test(last + first) ? last + first : [first, last].filter(Boolean).join(' ')
  const rest = parts.filter(p => p.name !== 'last_name' && p.name !== 'first_name').map(p => p.text)
  return [person, ...rest].filter(Boolean).join(' · ')
}

/** A record's title from its values, or from those of a link to it when `via` names the link. */
export function titleOf(o: Obj | undefined, fields: Record<string, unknown>, via = ''): string {
  if (!o) return ''
  return joinTitle(o.title.map(name => {
    const v = fields[via ? `${via}.${name}` : name]
    const f = fieldNamed(o, name)
    const option = f?.options?.find(x => x.key === v)
    return { name, text: option ? label(option.label) : typeof v === 'string' ? v : '' }
  }))
}

export const recTitle = (r: Rec) => titleOf(objectNamed(r.object), r.fields)

/** The columns of a list that nobody has arranged: what people look for first, at most nine. */
export function defaultColumns(o: Obj): string[] {
  const links = o.fields.filter(f => f.type === 'lookup' && !f.required).map(f => f.name)
  const weight = (f: Field) => {
    if (o.title.includes(f.name)) return o.title.indexOf(f.name)
    if (f.required) return 10
    const order = ['lookup', 'money', 'picklist', 'date', 'email', 'phone', 'percent', 'text', 'any', 'bool', 'datetime', 'int', 'decimal', 'url']
    const at = order.indexOf(f.type)
    if (links.indexOf(f.name) > 0) return 17 + links.indexOf(f.name) // one link soon, others after what has a value of its own
    return f.name === 'owner' ? 15 : f.name === 'updated_at' ? 60 : at < 0 ? 80 : 12 + at
  }
  const fit = o.fields.filter(f => readable(f) && (!isHousekeeping(f) || f.name === 'updated_at') && !['longtext', 'richtext', 'json', 'image', 'file', 'address', 'geo', 'secret'].includes(f.type))
  const ranked = fit.map((f, i) => ({ f, at: weight(f), i })).sort((a, b) => a.at - b.at || a.i - b.i).slice(0, 8)
  return ranked.map(x => x.f.name)
}

/** Objects that have a place in the sidebar, in its order. */
const work = ['lead', 'company', 'contact', 'deal', 'task', 'meeting', 'call', 'note', 'document', 'product']
const setup = ['pipeline', 'stage', 'user', 'team', 'role']
export const inside = ['view', 'change_set', 'import', 'export', 'stage_change']

export function groupsOf(list: Obj[]) {
  const pick = (names: string[]) => names.map(n => list.find(o => o.name === n)).filter(o => o !== undefined).filter(o => o.can.read)
  const other = list.filter(o => o.can.read && ![...work, ...setup, ...inside].includes(o.name))
  return { work: [...pick(work), ...other], setup: pick(setup) }
}
