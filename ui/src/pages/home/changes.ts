// What this person changed of late, one line for each change set, from the set and its entries in the journal.
import { get } from '../../lib/api'
import { quote } from '../../lib/cel'
import { inside } from '../../lib/schema'
import type { Rec } from '../../lib/types'

interface Entry { verb: string; object: string; record: string; changeset: string }
export interface Done { id: string; kind: string; time: string; changes: number; undone: boolean; verb: string; object: string; record: string; objects: string[] }

/** What a set did, in one word each; several verbs of one set are a change. */
export function summarise(sets: Rec[], entries: Entry[]): Done[] {
  return sets.map(s => {
    // What Wardbook writes along with a change, such as a deal's way through its stages, is no change of its own.
    const own = entries.filter(e => e.changeset === s.id && e.record && !inside.includes(e.object))
    const records = [...new Set(own.map(e => e.record))]
    const verbs = [...new Set(own.map(e => e.verb))]
    const objects = [...new Set(own.map(e => e.object))]
    return {
      id: s.id, kind: String(s.fields.kind ?? ''), time: String(s.fields.created_at ?? ''), changes: Number(s.fields.changes ?? 0), undone: Boolean(s.fields.undone_by),
      verb: verbs.length === 1 ? verbs[0]! : 'update', object: objects.length === 1 ? objects[0]! : '', record: records.length === 1 ? records[0]! : '', objects,
    }
  })
}

const most = 8

export async function readChanges(me: string, signal: AbortSignal): Promise<Done[]> {
  const { changesets } = await get<{ changesets: Rec[] }>('/changesets', { query: { filter: `created_by == ${quote(me)} && kind != "define"`, limit: most }, signal })
  const sets = changesets.filter(s => Number(s.fields.changes ?? 0) > 0)
  if (sets.length === 0) return []
  const filter = `changeset in [${sets.map(s => quote(s.id)).join(', ')}]`
  const page = await get<{ entries: Entry[] }>('/journal', { query: { filter, limit: 200 }, signal }).catch(() => ({ entries: [] }))
  return summarise(sets, page.entries)
}
