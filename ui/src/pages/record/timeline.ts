// A timeline is put together of lists that come in pages, each newest first. The pure part: what may be
// shown so far, by which day, and what is folded.
import { todayIn, toLocal } from '../../lib/time'
import type { Happening } from '../../lib/relations'
import type { Change, Rec } from '../../lib/types'

/** An entry of the journal, as far as a timeline shows it. */
export interface Entry { seq: number; id: string; time: string; actor: string; verb: string; decision: string; reason: string }

export type Item =
  | { kind: Happening; key: string; at: string; rec: Rec }
  | { kind: 'change'; key: string; at: string; change: Change }
  | { kind: 'watch'; key: string; at: string; entry: Entry }

export interface Part { source: string; items: Item[]; cursor: string }

/** Newest first; only as far back as every list has come, so that nothing is put in between later. */
export function merge(parts: Part[]): Item[] {
  const reached = new Map<string, { last: string; more: boolean }>()
  for (const p of parts) reached.set(p.source, { last: p.items.at(-1)?.at ?? reached.get(p.source)?.last ?? '', more: p.cursor !== '' })
  let floor = ''
  for (const r of reached.values()) if (r.more && r.last > floor) floor = r.last
  return parts.flatMap(p => p.items).filter(i => i.at >= floor).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.key < b.key ? 1 : -1))
}

const closed = new Set(['completed', 'deferred', 'held', 'not_held'])

/** What is still to come: open tasks, and meetings and calls that begin later. */
export function isAhead(i: Item, now: string): boolean {
  if (i.kind === 'task') return !closed.has(String(i.rec.fields.status))
  return (i.kind === 'meeting' || i.kind === 'call') && i.at > now && !closed.has(String(i.rec.fields.status))
}

/** When it is due, for the order of what is to come; without a day last. */
export const dueOf = (i: Item) => (i.kind === 'task' ? String(i.rec.fields.due_at ?? '9999') : i.at)

/** Several changes of fields in a row are one line until somebody asks. */
export type Line = { kind: 'one'; key: string; item: Item } | { kind: 'fold'; key: string; changes: Change[]; fields: number }

export interface Day { day: string; lines: Line[] }

/** A change that is a step of its own and is never folded: made, deleted, restored, another stage. */
export const isStep = (c: Change, steps: string[]) => c.verb !== 'update' || (c.fields ?? []).some(f => steps.includes(f.field))

export function days(items: Item[], zone: string, steps: string[]): Day[] {
  const out: Day[] = []
  for (const item of items) {
    const day = toLocal(item.at, zone).slice(0, 10)
    let d = out.at(-1)
    if (d?.day !== day) out.push((d = { day, lines: [] }))
    const last = d.lines.at(-1)
    if (item.kind !== 'change' || isStep(item.change, steps)) d.lines.push({ kind: 'one', key: item.key, item })
    else if (last?.kind === 'fold') {
      last.changes.push(item.change)
      last.fields += item.change.fields?.length ?? 0
    } else d.lines.push({ kind: 'fold', key: item.key, changes: [item.change], fields: item.change.fields?.length ?? 0 })
  }
  return out
}

/** today, yesterday, or null for a day that is called by its date. */
export function nearDay(day: string, zone: string, now = Date.now()): 'today' | 'yesterday' | 'tomorrow' | null {
  const at = (shift: number) => todayIn(zone, now + shift * 86_400_000)
  return day === at(0) ? 'today' : day === at(-1) ? 'yesterday' : day === at(1) ? 'tomorrow' : null
}

/** The first line of a text, short enough for a subject. */
export function firstLine(text: string, most = 80): string {
  const line = text.trim().split('\n')[0]!.trim()
  const chars = [...line]
  return chars.length <= most ? line : `${chars.slice(0, most - 1).join('').trimEnd()}…`
}
