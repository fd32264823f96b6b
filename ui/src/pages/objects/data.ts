// The structure as the server has it, for those who may change it.
import { useQuery } from '@tanstack/react-query'
import { get, patch, post, type Ask } from '../../lib/api'
import { client } from '../../lib/query'
import { loadObjects } from '../../lib/schema'
import { keys } from '../../lib/keys'
import type { Definition, Page } from '../../lib/types'

const key = ['definitions'] as const
const ask = async () => (await get<{ objects: Definition[] }>('/definitions')).objects

/** While records are being sealed, how far that is comes every two seconds. */
export const useDefinitions = (enabled: boolean) =>
  useQuery({ queryKey: key, queryFn: ask, enabled, refetchInterval: q => (q.state.data?.some(o => o.sealing) ? 2000 : false) })

/** How many records there are, as far as this person may count them. */
export function useCount(object: string, enabled: boolean) {
  return useQuery({
    queryKey: [...keys.records(object), 'count'], enabled, retry: false,
    queryFn: async () => { const p = await get<Page>(`/records/${object}`, { query: { limit: 1, count: true, fields: 'created_at' } }); return { n: p.count ?? 0, more: Boolean(p.count_capped) } },
  }).data
}

export interface Change { method: 'POST' | 'PATCH'; path: string; body: Record<string, unknown> }

const run = (c: Change, ask: Ask) => (c.method === 'POST' ? post : patch)<Definition>(c.path, c.body, ask)
/** Has the server check a change; nothing happens. Answers the object as it would be. */
export const tryOut = (c: Change, signal?: AbortSignal) => run(c, { query: { dry_run: true }, signal })

/** Carries a change out, and has the whole screen learn of it. */
export async function carryOut(c: Change, repeat: string) {
  const made = await run(c, c.method === 'POST' ? { repeat } : {})
  await Promise.all([client.invalidateQueries({ queryKey: key }), client.invalidateQueries({ queryKey: keys.objects }).then(() => loadObjects())])
  return made
}
