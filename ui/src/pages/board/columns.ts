// The columns of a board: the choices of a picklist, or the records of a short, ordered object that a link
// leads to, such as the stages of a pipeline.
import { useQuery } from '@tanstack/react-query'
import { get } from '../../lib/api'
import { both, quote } from '../../lib/cel'
import { currentLang, label, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { editable, fieldNamed, objectNamed, readable, targets } from '../../lib/schema'
import type { Field, Obj, Page, Rec } from '../../lib/types'
import { filterOf } from '../list/groups'

/** How a column ends what is in it; open where it does not. */
export type Outcome = 'open' | 'won' | 'lost'

export interface Col {
  /** the value that its cards have; null: none */
  value: string | null
  name: string
  color?: string
  outcome: Outcome
  /** why nothing can be moved here */
  closed?: string
  /** the condition that holds for its cards, without that of the list */
  filter: string
}

/** More columns than these nobody looks at side by side: then only those that hold something are shown. */
export const mostColumns = 60

const isOrdered = (f: Field) => f.type === 'lookup' && fieldNamed(objectNamed(targets(f)[0] ?? ''), 'position') !== undefined

/** The fields that can make the columns of a board. */
export const boardFields = (o: Obj): Field[] => o.fields.filter(f => f.can.read && f.can.group && f.can.filter && (f.type === 'picklist' || isOrdered(f)))

/** Where a board begins: the stage, else a status, else the first that there is. */
export function boardField(o: Obj, wanted: string): Field | undefined {
  const list = boardFields(o)
  return list.find(f => f.name === wanted) ?? list.find(f => f.name === 'stage') ?? list.find(f => f.name === 'status') ?? list[0]
}

/** The first amount that can be summed. */
export const sumField = (o: Obj): Field | undefined => o.fields.find(f => f.type === 'money' && f.can.read && f.can.sum)

// A picklist does not say what its choices mean; these are the words of the objects that Wardbook comes with.
const lost = new Set(['lost', 'abandoned', 'disqualified', 'not_held'])
const won = new Set(['won', 'completed', 'done', 'closed', 'converted', 'held', 'approved', 'paid'])
export const outcomeOf = (key: string): Outcome => (lost.has(key) ? 'lost' : won.has(key) ? 'won' : 'open')

const column = (f: Field, value: string | null, rest: Omit<Col, 'value' | 'filter'>): Col => ({ value, filter: filterOf(f, value), ...rest })

export function optionColumns(f: Field): Col[] {
  return (f.options ?? []).map(x => column(f, x.key, { name: label(x.label), color: x.color, outcome: outcomeOf(x.key), closed: x.archived ? t('board.archived') : undefined }))
}

export function recordColumns(f: Field, records: Rec[]): Col[] {
  const text = (r: Rec, name: string) => (typeof r.fields[name] === 'string' ? (r.fields[name] as string) : '')
  return records.map(r => column(f, r.id, { name: (currentLang() === 'zh-CN' && text(r, 'name_zh')) || text(r, 'name'), outcome: outcomeOf(text(r, 'outcome')) }))
}

export const noColumn = (f: Field): Col => column(f, null, { name: t('group.none'), outcome: 'open', closed: f.required ? t('board.required', { field: label(f.label) }) : undefined })

/** The records that an ordered link may lead to, in their order; of one pipeline where they have some. */
export function useOrdered(f: Field | undefined) {
  const o = objectNamed((f && targets(f)[0]) ?? '')
  const on = f?.type === 'lookup' && o !== undefined
  const q = useQuery({
    queryKey: [...keys.records(o?.name ?? ''), 'ordered'], enabled: on,
    queryFn: async () => (await get<Page>(`/records/${o!.name}`, { query: { sort: 'position', limit: 200 } })).records,
  })
  const pipeline = fieldNamed(o, 'pipeline')
  const lines = useQuery({
    queryKey: [...keys.records('pipeline'), 'ordered'], enabled: on && pipeline !== undefined && readable(pipeline),
    queryFn: async () => (await get<Page>('/records/pipeline', { query: { sort: 'position', limit: 200 } })).records,
  })
  return { records: q.data ?? [], pipelines: lines.data ?? [], waits: on && (q.isLoading || lines.isLoading), error: q.error, refetch: q.refetch }
}

/** A column holds what its filter and the list's filter let through. */
export const filterFor = (list: string, c: Col) => both(list, c.filter)

/** Nothing moves on a board of a field that this person may not change. */
export const canMove = (f: Field) => editable(f)

export const stageFilter = (id: string) => `pipeline == ${quote(id)}`
