// What a card tells, and when it wants attention.
import { addDays, dayOf } from '../../lib/days'
import { currentLang } from '../../lib/i18n'
import { isHousekeeping, readable } from '../../lib/schema'
import { todayIn } from '../../lib/time'
import type { Field, Obj, Rec } from '../../lib/types'

export interface CardFields { company?: Field; amount?: Field; due?: Field; owner?: Field; next?: Field }

/** Dates by which something is to be done. Other dates say when something was, and are never late. */
export const deadlines = ['close_date', 'due_at', 'due_on', 'due_date', 'next_contact_at', 'expires_on', 'start_at']

export function cardFields(o: Obj, group: Field): CardFields {
  const fit = o.fields.filter(f => f.name !== group.name && !o.title.includes(f.name) && readable(f))
  const named = (...names: string[]) => names.map(n => fit.find(f => f.name === n)).find(f => f !== undefined)
  const own = fit.filter(f => !isHousekeeping(f) && f.name !== 'owner')
  return {
    company: named('company', 'company_name', 'related_to') ?? own.find(f => f.type === 'lookup'),
    amount: own.find(f => f.type === 'money'),
    due: named(...deadlines) ?? own.find(f => f.type === 'date' || f.type === 'datetime'),
    owner: named('owner'),
    next: named('next_step'),
  }
}

export const fieldsOf = (o: Obj, group: Field): string[] => {
  const c = cardFields(o, group)
  const extra = o.fields.filter(f => readable(f) && (f.name === 'updated_at' || f.name === 'lost_reason')).map(f => f.name)
  return [...new Set([group, c.company, c.amount, c.due, c.owner, c.next].filter(f => f !== undefined).map(f => f.name).concat(extra))]
}

/** True when a deadline of something open has passed. */
export function isLate(r: Rec, due: Field | undefined, open: boolean, zone: string, now = Date.now()): boolean {
  const v = due && r.fields[due.name]
  if (!open || !due || typeof v !== 'string' || !deadlines.includes(due.name)) return false
  return due.type === 'datetime' ? Date.parse(v) < now : v < todayIn(zone, now)
}

/** Whole days without a change; 0 where that is not known. */
export function daysStill(r: Rec, now = Date.now()): number {
  const at = Date.parse(String(r.fields.updated_at ?? ''))
  return Number.isNaN(at) ? 0 : Math.max(0, Math.floor((now - at) / 86_400_000))
}

export type Stale = '' | 'slow' | 'stale'
/** Two weeks without a change want a look, a month wants it more. What is closed rests. */
export const staleness = (days: number, open: boolean): Stale => (!open || days < 14 ? '' : days < 30 ? 'slow' : 'stale')

/** A deadline's day in few letters: 25 Nov, 11月25日, with the year where it is another. */
export function cardDay(v: unknown, due: Field, zone: string, now = Date.now()): string {
  if (typeof v !== 'string' || v === '') return ''
  const day = due.type === 'datetime' ? dayOf(v, zone) : v
  const at = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(at.getTime())) return day
  const year = day.slice(0, 4) === todayIn(zone, now).slice(0, 4) ? undefined : 'numeric'
  return new Intl.DateTimeFormat(currentLang() === 'en' ? 'en-GB' : currentLang(), { timeZone: 'UTC', day: 'numeric', month: 'short', year }).format(at)
}

/** Tomorrow and the like are told in words by the caller; here is how far a deadline is away, in days. */
export function daysUntil(v: unknown, due: Field, zone: string, now = Date.now()): number | null {
  if (typeof v !== 'string') return null
  const day = due.type === 'datetime' ? dayOf(v, zone) : v
  const today = todayIn(zone, now)
  for (let n = -1; n <= 1; n++) if (addDays(today, n) === day) return n
  return null
}
