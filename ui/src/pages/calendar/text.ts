// Days and hours in words.
import type { Span } from '../../lib/days'
import { currentLang } from '../../lib/i18n'

const at = (day: string) => new Date(`${day}T00:00:00Z`)
// English here is written with the day first, as in the columns of a list.
const tag = () => (currentLang() === 'en' ? 'en-GB' : currentLang())
const format = (o: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(tag(), { timeZone: 'UTC', ...o })

export const longDay = (day: string) => format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(at(day))
export const shortDay = (day: string) => format({ weekday: 'short', day: 'numeric', month: 'short' }).format(at(day))
export const shortWeekday = (day: string) => format({ weekday: 'short' }).format(at(day))
export const dayNumber = (day: string) => Number(day.slice(8))
/** The first of a month is told with its month. */
export const cellDay = (day: string) => (day.endsWith('-01') ? format({ day: 'numeric', month: 'short' }).format(at(day)) : String(dayNumber(day)))

export function spanTitle(span: Span, days: string[], day: string): string {
  if (span === 'month') return format({ month: 'long', year: 'numeric' }).format(at(day))
  if (span === 'day') return longDay(day)
  return format({ day: 'numeric', month: currentLang() === 'en' ? 'short' : 'long', year: 'numeric' }).formatRange(at(days[0]!), at(days.at(-1)!))
}

export const clock = (minutes: number) => `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
