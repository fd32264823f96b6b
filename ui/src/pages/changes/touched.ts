import type { components } from '../../lib/schema.gen'

type Entry = Pick<components['schemas']['entry'], 'object' | 'record' | 'verb'>

/** The records that entries are about, each once, with what was done to it in order. Entries come newest first. */
export function touched(entries: Entry[]): { object: string; id: string; verbs: string[] }[] {
  const all = new Map<string, { object: string; id: string; verbs: string[] }>()
  for (const e of entries) {
    if (!e.record || e.object === 'change_set') continue
    const key = `${e.object} ${e.record}`
    const r = all.get(key) ?? { object: e.object, id: e.record, verbs: [] }
    if (!r.verbs.includes(e.verb)) r.verbs.unshift(e.verb)
    all.set(key, r)
  }
  return [...all.values()]
}
