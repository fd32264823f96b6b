// Which open deals need somebody to look, and why. The conditions are CEL, so the list behind "show all"
// is the same; only whether somebody spoke with the customer meanwhile is asked of the activities.
import { both } from '../../lib/cel'
import { fieldNamed } from '../../lib/schema'
import type { Obj, Rec } from '../../lib/types'

/** So many days without a change or an activity are quiet. */
export const quietDays = 14

export type Reason = 'late' | 'quiet' | 'step'
export interface Attention { rec: Rec; reasons: Reason[] }

const has = (o: Obj, name: string) => Boolean(fieldNamed(o, name)?.can.filter)

/** The condition, from what the reader may filter by; "" where nothing of it can be asked. */
export function attentionFilter(o: Obj, mine: boolean): string {
  const why = [has(o, 'close_date') && 'close_date < today()', has(o, 'next_step') && '!has(next_step)', has(o, 'updated_at') && `updated_at < now() - days(${quietDays})`].filter(Boolean).join(' || ')
  if (!why || !has(o, 'stage')) return ''
  return both(both(mine ? 'owner == me()' : '', 'stage.outcome == "open"'), why)
}

/** Why a deal is in the list; `active` are those with an activity of late. */
export function reasonsOf(o: Obj, rec: Rec, active: ReadonlySet<string>, today: string, now: number): Reason[] {
  const v = rec.fields
  const out: Reason[] = []
  if (has(o, 'close_date') && typeof v.close_date === 'string' && v.close_date < today) out.push('late')
  if (has(o, 'updated_at') && typeof v.updated_at === 'string' && Date.parse(v.updated_at) < now - quietDays * 86_400_000 && !active.has(rec.id)) out.push('quiet')
  if (has(o, 'next_step') && !v.next_step) out.push('step')
  return out
}

const weight: Record<Reason, number> = { late: 4, quiet: 2, step: 1 }
const sum = (a: Attention) => a.reasons.reduce((n, r) => n + weight[r], 0)

/** What has no reason left is not shown; what has the most reasons stands first, then what closes first. */
export function ranked(o: Obj, records: Rec[], active: ReadonlySet<string>, today: string, now: number): Attention[] {
  return records.map(rec => ({ rec, reasons: reasonsOf(o, rec, active, today, now) })).filter(a => a.reasons.length > 0)
    .sort((a, b) => sum(b) - sum(a) || String(a.rec.fields.close_date ?? '9').localeCompare(String(b.rec.fields.close_date ?? '9')))
}
