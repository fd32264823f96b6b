// Groups of a list: what the server counts and sums by a field, and the filter that holds for one group.
import { both, quote } from '../../lib/cel'
import { currentLang, t } from '../../lib/i18n'
import { showMoney, showNumber } from '../../lib/number'
import { shownType } from '../../lib/schema'
import type { Aggregation, Field, Money, Table } from '../../lib/types'

export interface Group { key: string; value: unknown; count: number; sums: Record<string, string>; filter: string }

const isDay = (f: Field) => shownType(f) === 'date' || shownType(f) === 'datetime'

export function ask(f: Field, columns: Field[], filter: string): Aggregation {
  const summed = columns.filter(c => c.can.sum)
  return { group_by: [isDay(f) ? { field: f.name, by: 'month' } : f.name], measures: summed.map(c => ({ op: 'sum', field: c.name })), filter: filter || undefined, limit: 200 }
}

/** The first day of the month after. */
function monthAfter(day: string): string {
  const [y, m] = day.split('-').map(Number) as [number, number]
  return m === 12 ? `${y + 1}-01-01` : `${y}-${String(m + 1).padStart(2, '0')}-01`
}

export function filterOf(f: Field, value: unknown): string {
  if (value === null || value === undefined || value === '') return `!has(${f.name})`
  if (isDay(f)) {
    const day = String(value).slice(0, 7)
    const stamp = (d: string) => quote(shownType(f) === 'datetime' ? `${d}T00:00:00Z` : d)
    return `${f.name} >= ${stamp(`${day}-01`)} && ${f.name} < ${stamp(monthAfter(`${day}-01`))}`
  }
  if (typeof value === 'boolean') return value ? f.name : `${f.name} == false`
  if (typeof value === 'object' && 'amount' in value) { const m = value as Money; return `${f.name} == ${Number(m.amount)} && ${f.name}.currency == ${quote(m.currency)}` }
  if (typeof value === 'object' && 'id' in value) return `${f.name} == ${quote(String(value.id))}`
  return ['int', 'decimal', 'percent', 'duration'].includes(shownType(f)) ? `${f.name} == ${Number(value)}` : `${f.name} == ${quote(String(value))}`
}

/** One group for each key: sums in several currencies are rows of their own in the answer. */
export function groupsOf(table: Table, f: Field, columns: Field[], filter: string): Group[] {
  const summed = columns.filter(c => c.can.sum)
  const out = new Map<string, Group & { parts: string[][] }>()
  for (const row of table.rows ?? []) {
    const value = row.keys?.[0] ?? null
    const key = JSON.stringify(value)
    const g = out.get(key) ?? { key, value, count: 0, sums: {}, filter: both(filter, filterOf(f, value)), parts: summed.map(() => []) }
    g.count += row.count
    summed.forEach((c, i) => {
      const v = row.values?.[i] as Money | string | number | null
      if (v === null || v === undefined) return
      g.parts[i]!.push(typeof v === 'object' ? showMoney(v, currentLang()) : showNumber(v, currentLang(), c.digits))
    })
    out.set(key, g)
  }
  return [...out.values()].map(({ parts, ...g }) => ({ ...g, sums: Object.fromEntries(summed.map((c, i) => [c.name, parts[i]!.join(' + ')]).filter(([, s]) => s)) as Record<string, string> }))
}

/** November 2026 or 2026年11月, for a group of a month. */
export function monthText(value: unknown): string {
  const at = new Date(`${String(value).slice(0, 7)}-01T00:00:00Z`)
  return Number.isNaN(at.getTime()) ? t('group.none') : new Intl.DateTimeFormat(currentLang(), { timeZone: 'UTC', year: 'numeric', month: 'long' }).format(at)
}

export { isDay }
