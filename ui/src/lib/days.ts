// Days on a calendar, as text: 2026-11-25. They are counted in UTC, where every day has 24 hours; what
// belongs to a person's time zone goes through lib/time.
import { fromLocal, toLocal } from './time'

const day = 86_400_000
const stamp = (d: string) => Date.parse(`${d}T00:00:00Z`)

export const addDays = (d: string, n: number): string => new Date(stamp(d) + n * day).toISOString().slice(0, 10)

/** The same day of another month, or the last that it has. */
export function addMonths(d: string, n: number): string {
  const [y, m, dd] = d.split('-').map(Number) as [number, number, number]
  const last = new Date(Date.UTC(y, m - 1 + n + 1, 0)).getUTCDate()
  return new Date(Date.UTC(y, m - 1 + n, Math.min(dd, last))).toISOString().slice(0, 10)
}

export const daysBetween = (a: string, b: string): number => Math.round((stamp(b) - stamp(a)) / day)

/** 0 is Sunday. */
export const weekday = (d: string): number => new Date(stamp(d)).getUTCDay()

/** The day of a moment, in a zone. */
export const dayOf = (iso: string, zone: string): string => toLocal(iso, zone).slice(0, 10)

// Where a week begins on Sunday or Saturday; everywhere else it is Monday. For browsers that do not know.
const sundays = 'US CA MX BR JP KR TW HK IN IL PH TH ZA CO PE VE AU SG'.split(' ')
const saturdays = 'AE EG SA IR DZ IQ JO KW LY OM QA SY AF'.split(' ')

/** The first day of a week, 0 for Sunday: as the language's country has it, and Monday in China. */
export function firstWeekday(tag: string): number {
  if (/^zh(-Hans)?(-CN)?$/i.test(tag)) return 1
  try {
    const l = new Intl.Locale(tag) as Intl.Locale & { getWeekInfo?: () => { firstDay: number }; weekInfo?: { firstDay: number } }
    const info = l.getWeekInfo?.() ?? l.weekInfo
    if (info) return info.firstDay % 7
    const region = l.maximize().region ?? ''
    return sundays.includes(region) ? 0 : saturdays.includes(region) ? 6 : 1
  } catch {
    return 1
  }
}

export const startOfWeek = (d: string, first: number): string => addDays(d, -((weekday(d) - first + 7) % 7))

export type Span = 'month' | 'week' | 'day'

/** The days that a view shows: the weeks that a month touches, a week, a day. */
export function daysOf(span: Span, at: string, first: number): string[] {
  const list = (from: string, n: number) => Array.from({ length: n }, (_, i) => addDays(from, i))
  if (span === 'day') return [at]
  if (span === 'week') return list(startOfWeek(at, first), 7)
  const from = startOfWeek(`${at.slice(0, 8)}01`, first)
  const weeks = Math.ceil((daysBetween(from, addDays(addMonths(`${at.slice(0, 8)}01`, 1), -1)) + 1) / 7)
  return list(from, weeks * 7)
}

/** The view before or after. */
export function turn(span: Span, at: string, n: number): string {
  return span === 'month' ? addMonths(at, n) : addDays(at, span === 'week' ? 7 * n : n)
}

/** The moment of a day's clock time, in minutes from midnight. A time that a clock change leaves out is
 *  the one after it. */
export function momentAt(d: string, minutes: number, zone: string): string {
  const n = Math.max(0, Math.min(1439, minutes))
  const at = fromLocal(`${d} ${String(Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}`, zone)!
  const short = n - minutesOf(at, zone)
  return short === 0 ? at : new Date(Date.parse(at) + short * 60_000).toISOString().replace('.000Z', 'Z')
}

/** Minutes from midnight on the clock. */
export function minutesOf(iso: string, zone: string): number {
  const local = toLocal(iso, zone)
  return Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16))
}

/** The same clock time on another day: nine o'clock stays nine o'clock over a clock change. */
export const onDay = (iso: string, d: string, zone: string): string => momentAt(d, minutesOf(iso, zone), zone)
