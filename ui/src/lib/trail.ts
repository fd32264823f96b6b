// The list that a record was opened from, for the way to the next one. It is what the cache holds of that
// list; when its end is near, the next page is fetched.
import type { InfiniteData } from '@tanstack/react-query'
import { get } from './api'
import { keys } from './keys'
import { listAddress, type ListQuery } from './records'
import { client } from './query'
import { objectNamed } from './schema'
import type { Page } from './types'

export interface Trail { object: string; ids: string[]; query: ListQuery; cursor: string }

let trail: Trail | undefined

/** The newest list of the cache that holds the record. */
function found(object: string, id: string): Trail | undefined {
  const lists = client.getQueryCache().findAll({ queryKey: [...keys.records(object), 'list'] })
    .map(q => ({ at: q.state.dataUpdatedAt, key: q.queryKey, data: q.state.data as InfiniteData<Page> | undefined }))
    .filter(q => q.key.length === 4 && q.data?.pages?.some(p => p.records.some(r => r.id === id)))
    .sort((a, b) => b.at - a.at)
  const best = lists[0]
  if (!best?.data) return undefined
  return { object, ids: best.data.pages.flatMap(p => p.records.map(r => r.id)), query: best.key[3] as ListQuery, cursor: best.data.pages.at(-1)?.next_cursor ?? '' }
}

/** Where a record stands in the list that it was opened from; undefined when it came from elsewhere. */
export function placeIn(object: string, id: string): { at: number; trail: Trail } | undefined {
  if (!trail || trail.object !== object || !trail.ids.includes(id)) trail = found(object, id)
  return trail && { at: trail.ids.indexOf(id), trail }
}

/** The identifier of the record before or after; null at the ends. */
export async function neighbour(object: string, id: string, step: 1 | -1): Promise<string | null> {
  const place = placeIn(object, id)
  if (!place) return null
  const { at, trail: way } = place
  const o = objectNamed(object)
  if (step === 1 && at === way.ids.length - 1 && way.cursor && o) {
    const page = await get<Page>(`/records/${object}`, { query: { ...listAddress(o, way.query, way.cursor), count: false } })
    const known = new Set(way.ids)
    way.ids.push(...page.records.map(r => r.id).filter(x => !known.has(x)))
    way.cursor = page.next_cursor
  }
  return way.ids[at + step] ?? null
}
