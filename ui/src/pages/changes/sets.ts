// Change sets: what was done as one, and how it is taken back.
import { get, post, Problem } from '../../lib/api'
import { quote } from '../../lib/cel'
import { label, t } from '../../lib/i18n'
import { client } from '../../lib/query'
import { objectNamed } from '../../lib/schema'
import { theSession } from '../../lib/session'
import { complain, didChange, toast } from '../../lib/toast'
import type { components } from '../../lib/schema.gen'
import type { Conflict, Rec } from '../../lib/types'
import { ago } from '../../parts/time'

export type Entry = components['schemas']['entry']
export interface SetPage { changesets: Rec[]; next_cursor: string }
export interface SetAnswer { changeset: Rec; changes: Entry[]; next_cursor: string }
export interface Undone { changeset: string; changed: number; conflicts: Conflict[] }

export const setKeys = { list: (filter: string) => ['records', 'change_set', 'sets', filter] as const, one: (id: string) => ['records', 'change_set', 'set', id] as const, dry: (id: string) => ['changes', 'dry', id] as const }

/** Tries to take a change set back, and changes nothing. */
export const dryUndo = (id: string, signal?: AbortSignal) => post<Undone>(`/changesets/${id}/undo`, { dry_run: true }, { signal })

/** Takes a change set back. Every list may have changed by it. */
export async function undoSet(id: string, rest = false): Promise<Undone> {
  const r = await post<Undone>(`/changesets/${id}/undo`, { skip_conflicts: rest })
  offered.get(id)?.()
  await client.invalidateQueries({ queryKey: ['records'] })
  return r
}

/** Something was changed again since: its page shows what, and takes the rest back. */
export const standsAgainst = (e: unknown) => e instanceof Problem && e.reason === 'changed_since'

/** What can be taken back with Ctrl+Z, and how that is forgotten. */
const offered = new Map<string, () => void>()
/** Says what was done, once, with the way back. */
export function offerUndo(id: string, text: string) {
  if (!id || offered.has(id)) return
  offered.set(id, didChange(text, async () => { await undoSet(id) }))
}

/** The list of the records of an object that a change set made, or changed last. */
export async function showSet(id: string, object: string, updated = true) {
  const { changeset } = await get<SetAnswer>(`/changesets/${id}`)
  // A change set happens at one moment, down to the microsecond, and its records say the same.
  const at = quote(String(changeset.fields.created_at))
  return { to: '/o/$object' as const, params: { object }, search: { f: updated ? `created_at == ${at} || updated_at == ${at}` : `created_at == ${at}` } }
}

export const kindText = (set: Rec) => {
  const o = objectNamed('change_set')?.fields.find(f => f.name === 'kind')?.options?.find(x => x.key === set.fields.kind)
  return o ? label(o.label) : String(set.fields.kind)
}

export const setText = (set: Rec) => t('chg.what', { kind: kindText(set), n: Number(set.fields.changes ?? 0) })

/** What a person did within so many minutes is taken back at once; what is older is asked about. */
const fresh = 10

/** Takes back one's last change set that this page knows nothing of: it was reloaded, or the change was made elsewhere. */
export async function undoStored() {
  try {
    const filter = `created_by == ${quote(theSession().user.id)} && !(kind in ["undo", "define"]) && !has(undone_by)`
    const set = (await get<SetPage>('/changesets', { query: { filter, limit: 1 } })).changesets[0]
    if (!set) { toast(t('undo.nothing')); return }
    const made = String(set.fields.created_at)
    const what = setText(set)
    const go = async () => {
      try {
        const r = await undoSet(set.id)
        toast(t('undo.done', { what }), { text: t('chg.redo'), run: () => { undoSet(r.changeset).then(() => toast(t('chg.redone', { what })), complain) } })
      } catch (e) { complain(e) }
    }
    if (Date.now() - Date.parse(made) < fresh * 60_000) await go()
    else toast(t('chg.last', { what, when: ago(made) }), { text: t('undo'), run: () => void go() })
  } catch (e) { complain(e) }
}
