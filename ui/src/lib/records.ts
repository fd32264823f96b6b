// Reading and changing records. Changes show at once; when the server refuses, the old value returns.
import { type InfiniteData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { get, newKey, patch, post, Problem } from './api'
import { t } from './i18n'
import { keys } from './keys'
import { forgetName, learn } from './names'
import { client } from './query'
import { fieldNamed, objectNamed, pathsOf, recTitle, targets, titleOf } from './schema'
import { didChange } from './toast'
import type { Aggregation, BatchAnswer, Change, Obj, Operation, Page, Rec, Table } from './types'

export interface ListQuery {
  filter: string
  search: string
  sort: string
  columns: string[]
  deleted?: boolean
}

export const pageSize = 100

/** The query of one page: the columns with the titles of their links, and the record's own title. */
export function listAddress(o: Obj, q: ListQuery, cursor: string) {
  const names = [...new Set([...o.title, ...q.columns])]
  const fields = [...new Set(names.flatMap(n => { const f = fieldNamed(o, n); return f ? pathsOf(f) : [] }))]
  return { filter: q.filter, search: q.search, sort: q.sort, fields: fields.join(','), limit: pageSize, cursor, count: !cursor, deleted: q.deleted }
}

/** Remembers the titles that came with links. */
export function learnLinks(o: Obj, records: Rec[]) {
  for (const f of o.fields) {
    if (!['lookup', 'user', 'team'].includes(f.type)) continue
    const object = targets(f)[0] ?? ''
    const to = objectNamed(object)
    for (const r of records) {
      const id = r.fields[f.name]
      if (typeof id === 'string') learn(object, id, titleOf(to, r.fields, f.name))
    }
  }
}

export function useList(o: Obj, q: ListQuery, enabled = true) {
  return useInfiniteQuery({
    queryKey: keys.list(o.name, { ...q }),
    enabled,
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const page = await get<Page>(`/records/${o.name}`, { query: listAddress(o, q, pageParam), signal })
      learnLinks(o, page.records)
      return page
    },
    getNextPageParam: p => p.next_cursor || undefined,
    placeholderData: (before, query) => (query?.queryKey[1] === o.name ? before : undefined),
  })
}

export function useRecord(object: string, id: string) {
  return useQuery({
    queryKey: keys.record(object, id),
    queryFn: ({ signal }) => get<Rec>(`/records/${object}/${id}`, { signal }),
    retry: (times, e) => times < 2 && e instanceof Problem && e.code === 'unavailable',
  })
}

export interface HistoryPage { changes: Change[]; next_cursor: string }
export const history = (object: string, id: string, signal?: AbortSignal) => get<HistoryPage>(`/records/${object}/${id}/history`, { signal })

export function useTable(object: string, ask: Aggregation, enabled: boolean) {
  return useQuery({ queryKey: keys.table(object, ask), enabled, queryFn: ({ signal }) => post<Table>(`/aggregate/${object}`, ask, { signal }) })
}

/** Changes a record wherever it stands in the cache. */
function replace(object: string, id: string, change: (r: Rec) => Rec) {
  client.setQueryData<Rec>(keys.record(object, id), r => r && change(r))
  const within = (p: Page) => (p.records.some(r => r.id === id) ? { ...p, records: p.records.map(r => (r.id === id ? change(r) : r)) } : p)
  client.setQueriesData<InfiniteData<Page> | Page>({ queryKey: [...keys.records(object), 'list'] }, d => d && ('pages' in d ? { ...d, pages: d.pages.map(within) } : within(d)))
}

export const refresh = (object: string) => client.invalidateQueries({ queryKey: keys.records(object) })
/** Sums, histories and lists in another order than before, without moving rows under the hand. */
const refreshAround = (object: string, id: string) => {
  void client.invalidateQueries({ queryKey: [...keys.records(object), 'table'] })
  void client.invalidateQueries({ queryKey: keys.history(object, id) })
}

/** Undoes the change set that gave a record a version. */
export async function undoVersion(object: string, id: string, version: number) {
  const { changes } = await history(object, id)
  const change = changes.find(c => c.version === version)
  if (!change?.changeset) throw new Problem('not_found', 404, t('undo.gone'))
  await undoChangeset(change.changeset, [object])
}

export async function undoChangeset(id: string, objects: string[]) {
  await post(`/changesets/${id}/undo`, {})
  await Promise.all(objects.map(refresh))
}

/** Changes fields of a record that was read as `rec`. Throws what the server says, after the old values
 *  are back; a stale record throws `stale`, for the caller to ask whose value counts. */
export async function update(rec: Rec, fields: Record<string, unknown>, force = false, text = ''): Promise<Rec> {
  const was = Object.fromEntries(Object.keys(fields).map(n => [n, rec.fields[n]]))
  replace(rec.object, rec.id, r => ({ ...r, fields: { ...r.fields, ...fields } }))
  try {
    const now = await patch<Rec>(`/records/${rec.object}/${rec.id}`, { fields }, { match: force ? undefined : rec.version })
    replace(rec.object, rec.id, r => ({ ...now, fields: { ...r.fields, ...now.fields } }))
    const o = objectNamed(rec.object)
    if (o && Object.keys(fields).some(n => o.title.includes(n))) learn(rec.object, rec.id, titleOf(o, now.fields))
    refreshAround(rec.object, rec.id)
    didChange(text || t('changed', { what: recTitle(now) || t('record') }), () => undoVersion(rec.object, rec.id, now.version))
    return now
  } catch (e) {
    replace(rec.object, rec.id, r => ({ ...r, fields: { ...r.fields, ...was } }))
    throw e
  }
}

/** Reads a record anew and puts it in place of the old one. */
export async function reread(object: string, id: string): Promise<Rec> {
  const now = await get<Rec>(`/records/${object}/${id}`)
  replace(object, id, r => ({ ...now, fields: { ...r.fields, ...now.fields } }))
  return now
}

export async function create(object: string, fields: Record<string, unknown>, key: string): Promise<Rec> {
  const made = await post<Rec>(`/records/${object}`, { fields }, { repeat: key })
  void refresh(object)
  const title = recTitle(made)
  learn(object, made.id, title)
  didChange(t('created', { what: title || t('record') }), async () => {
    await undoVersion(object, made.id, made.version)
    forgetName(object, made.id)
  })
  return made
}

/** The most operations of one batch. */
export const batchLimit = 1000

export const batch = (operations: Operation[], dry: boolean, partial: boolean) =>
  post<BatchAnswer>('/batch', { operations, dry_run: dry, partial }, dry ? {} : { repeat: newKey() })

/** Carries operations out and offers to take them back. Answers how many failed. */
export async function runBatch(object: string, operations: Operation[], partial: boolean, text: (n: number) => string): Promise<number> {
  const answer = await batch(operations, false, partial)
  await refresh(object)
  if (answer.changeset) didChange(text(operations.length - answer.failed), () => undoChangeset(answer.changeset, [object]))
  return answer.failed
}

/** Puts records into the bin. */
export const remove = (object: string, ids: string[]) =>
  runBatch(object, ids.map(id => ({ op: 'delete', object, id })), ids.length > 1, n => t('deleted', { n }))
