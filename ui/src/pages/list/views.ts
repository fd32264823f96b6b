// Saved views: records of the object `view`, so they have rights, history and undo like all others.
import { useQuery } from '@tanstack/react-query'
import { get } from '../../lib/api'
import { quote } from '../../lib/cel'
import { keys } from '../../lib/keys'
import { useObject } from '../../lib/schema'
import type { Page, Rec } from '../../lib/types'

export function useViews(object: string): { views: Rec[]; ready: boolean; canMake: boolean } {
  const o = useObject('view')
  const q = useQuery({
    queryKey: keys.views(object), enabled: Boolean(o?.can.read),
    queryFn: async () => (await get<Page>('/records/view', { query: { filter: `for_object == ${quote(object)}`, sort: 'name', limit: 100 } })).records,
  })
  return { views: q.data ?? [], ready: !o?.can.read || !q.isLoading, canMake: Boolean(o?.can.create) }
}
