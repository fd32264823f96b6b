// Fetching a timeline: the activities about a record and about what hangs on it, its changes, and who looked.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { get } from '../../lib/api'
import { quote } from '../../lib/cel'
import { keys } from '../../lib/keys'
import { learn } from '../../lib/names'
import { client } from '../../lib/query'
import type { HistoryPage } from '../../lib/records'
import { activitiesOf, type Happening, relationsOf } from '../../lib/relations'
import { fieldNamed, isMasked, readable, targets, titleOf, useObjects } from '../../lib/schema'
import type { Obj, Page, Rec } from '../../lib/types'
import type { Entry, Item, Part } from './timeline'

const pageSize = 30
/** So many contacts and deals of a company are asked along with it. */
const along = 100

export const feedKey = (object: string, id: string) => [...keys.records(object), 'timeline', id] as const
export const refreshFeed = (object: string, id: string) => client.invalidateQueries({ queryKey: feedKey(object, id) })

/** What is shown of each kind, and the moment that it stands at. */
const shown: Record<Happening, { at: string; fields: string[] }> = {
  note: { at: 'created_at', fields: ['subject', 'body', 'pinned'] },
  call: { at: 'start_at', fields: ['subject', 'direction', 'outcome', 'length', 'summary'] },
  meeting: { at: 'start_at', fields: ['subject', 'end_at', 'location', 'status', 'description'] },
  task: { at: 'created_at', fields: ['subject', 'due_at', 'status', 'priority', 'description'] },
}

type Cursors = Record<string, string>
interface FeedPage { parts: Part[]; failed: string[]; next: Cursors }
interface Source { name: string; read: (cursor: string, signal: AbortSignal) => Promise<Omit<Part, 'source'>> }

/** The records that hang on this one and may have activities of their own. */
async function hanging(all: Obj[], of: Obj, id: string, may: string[], signal: AbortSignal): Promise<string[]> {
  const list = relationsOf(all, of).filter(r => r.field.type === 'lookup' && r.object.name !== of.name && may.includes(r.object.name))
  const pages = await Promise.allSettled(list.map(r => get<Page>(`/records/${r.object.name}`, { query: { filter: `${r.field.name} == ${quote(id)}`, fields: r.object.title.join(','), limit: along }, signal })))
  return pages.flatMap((p, i) => (p.status === 'fulfilled' ? p.value.records : []).map(r => { learn(r.object, r.id, titleOf(list[i]!.object, r.fields)); return r.id }))
}

function sourcesOf(all: Obj[], of: Obj, id: string, ids: string[]): Source[] {
  const about = (name: string) => (ids.length ? `${name} in [${[id, ...ids].map(quote).join(', ')}]` : `${name} == ${quote(id)}`)
  const list: Source[] = activitiesOf(all, of).map(a => {
    const { at, fields } = shown[a.kind]
    const names = [...new Set([at, 'owner', 'created_by', a.field.name, ...fields])].filter(n => { const f = fieldNamed(a.object, n); return f && readable(f) })
    return {
      name: a.kind,
      read: async (cursor, signal) => {
        const page = await get<Page>(`/records/${a.object.name}`, { query: { filter: about(a.field.name), fields: names.join(','), sort: `-${at}`, limit: pageSize, cursor }, signal })
        return { items: page.records.map((rec): Item => ({ kind: a.kind, key: `${a.kind} ${rec.id}`, at: String(rec.fields[at] ?? ''), rec })), cursor: page.next_cursor }
      },
    }
  })
  list.push({
    name: 'change',
    read: async (cursor, signal) => {
      const page = await get<HistoryPage>(`/records/${of.name}/${id}/history`, { query: { cursor }, signal })
      return { items: page.changes.map((change): Item => ({ kind: 'change', key: `change ${change.seq}`, at: change.time, change })), cursor: page.next_cursor }
    },
  })
  // Everybody's to who may audit, to others their own. Only where something can be looked at on purpose.
  if (of.fields.some(f => isMasked(f) || f.class === 'restricted' || f.type === 'file' || f.type === 'image')) {
    list.push({
      name: 'watch',
      read: async (cursor, signal) => {
        const page = await get<{ entries: Entry[]; next_cursor: string }>('/journal', { query: { filter: `record == ${quote(id)} && verb in ["reveal", "download", "export"]`, limit: pageSize, cursor }, signal })
        return { items: page.entries.map((entry): Item => ({ kind: 'watch', key: `watch ${entry.id}`, at: entry.time, entry })), cursor: page.next_cursor }
      },
    })
  }
  return list
}

export function useFeed(of: Obj, rec: Rec) {
  const all = useObjects()
  const may = [...new Set(activitiesOf(all, of).flatMap(a => targets(a.field)))]
  const key = feedKey(rec.object, rec.id)
  const ids = useQuery({ queryKey: [...key, 'along'], staleTime: 60_000, enabled: may.length > 0, queryFn: ({ signal }) => hanging(all, of, rec.id, may, signal) })
  return useInfiniteQuery({
    queryKey: key,
    enabled: may.length === 0 || !ids.isLoading,
    initialPageParam: null as Cursors | null,
    queryFn: async ({ pageParam, signal }): Promise<FeedPage> => {
      const sources = sourcesOf(all, of, rec.id, ids.data ?? []).filter(s => !pageParam || pageParam[s.name])
      const got = await Promise.allSettled(sources.map(s => s.read(pageParam?.[s.name] ?? '', signal)))
      const page: FeedPage = { parts: [], failed: [], next: {} }
      got.forEach((g, i) => {
        const { name } = sources[i]!
        if (g.status === 'rejected') { page.failed.push(name); return }
        page.parts.push({ source: name, ...g.value })
        if (g.value.cursor) page.next[name] = g.value.cursor
      })
      const first = got.find(g => g.status === 'rejected')
      if (first?.status === 'rejected' && page.parts.length === 0) throw first.reason
      return page
    },
    getNextPageParam: p => (Object.keys(p.next).length ? p.next : undefined),
  })
}
