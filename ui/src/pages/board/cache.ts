// What a board has fetched, and how a card goes from one column to another in it before the server answers.
import type { InfiniteData } from '@tanstack/react-query'
import { keys } from '../../lib/keys'
import { client } from '../../lib/query'
import type { ListQuery } from '../../lib/records'
import type { Aggregation, Field, Money, Obj, Page, Rec, Table } from '../../lib/types'
import { type Col, filterFor } from './columns'

export const perColumn = 25

export interface Source { object: Obj; field: Field; sum?: Field; filter: string; search: string; sort: string; columns: string[] }

export const columnQuery = (s: Source, c: Col): ListQuery & { board: true } => ({ filter: filterFor(s.filter, c), search: s.search, sort: s.sort, columns: s.columns, board: true })
export const columnKey = (s: Source, c: Col) => keys.list(s.object.name, { ...columnQuery(s, c) })

/** One question for the counts and sums of all columns. */
export const totalsAsk = (s: Source): Aggregation => ({ group_by: [s.field.name], measures: s.sum ? [{ op: 'sum', field: s.sum.name }] : [], filter: s.filter || undefined, limit: 1000 })

export interface Total { count: number; sums: Record<string, number> }

/** Counts and sums by the value of the column; sums of several currencies are rows of their own. */
export function totalsOf(table: Table | undefined): Map<string | null, Total> {
  const out = new Map<string | null, Total>()
  for (const row of table?.rows ?? []) {
    const key = (row.keys?.[0] ?? null) as string | null
    const was = out.get(key) ?? { count: 0, sums: {} }
    was.count += row.count
    const m = row.values?.[0] as Money | null | undefined
    if (m && typeof m === 'object') was.sums[m.currency] = (was.sums[m.currency] ?? 0) + Number(m.amount)
    out.set(key, was)
  }
  return out
}

/** A decimal's sum without a float's errors: 0.1 + 0.2 is 0.3. */
function plus(a: string, b: number): string {
  return String(Math.round((Number(a) + b) * 10_000) / 10_000)
}

/** A table as it is when one record has gone from one group to another. */
export function shiftTotals(table: Table, from: string | null, to: string | null, amount: Money | null | undefined): Table {
  const rows = (table.rows ?? []).map(r => ({ ...r, values: [...(r.values ?? [])] }))
  const add = (key: string | null, n: number) => {
    const same = rows.filter(r => (r.keys?.[0] ?? null) === key)
    let row = same.find(r => amount && (r.values[0] as Money | null)?.currency === amount.currency) ?? (amount ? same.find(r => !r.values[0]) : same[0])
    if (!row) { row = { keys: [key], values: [null], count: 0 }; rows.push(row) }
    row.count += n
    if (!amount) return
    const was = row.values[0] as Money | null
    row.values[0] = { amount: plus(was?.amount ?? '0', n * Number(amount.amount)), currency: amount.currency }
  }
  add(from, -1)
  add(to, 1)
  return { ...table, rows: rows.filter(r => r.count > 0) }
}

type Pages = InfiniteData<Page>
const size = (d: Pages) => d.pages.reduce((n, p) => n + p.records.length, 0)

/** Takes a record out of a column. */
export function take(data: Pages, id: string): Pages {
  return { ...data, pages: data.pages.map((p, i) => ({ ...p, records: p.records.filter(r => r.id !== id), ...(i === 0 && p.count !== undefined && { count: p.count - 1 }) })) }
}

/** Puts a record into a column, at a place counted over its pages. */
export function put(data: Pages, rec: Rec, at: number): Pages {
  let left = Math.min(at, size(data))
  let placed = false
  const pages = data.pages.map((p, i) => {
    const count = i === 0 && p.count !== undefined ? { count: p.count + 1 } : {}
    if (placed || (left > p.records.length && i < data.pages.length - 1)) { if (!placed) left -= p.records.length; return { ...p, ...count } }
    placed = true
    return { ...p, ...count, records: [...p.records.slice(0, left), rec, ...p.records.slice(left)] }
  })
  return { ...data, pages }
}

const placeIn = (d: Pages | undefined, id: string) => d?.pages.flatMap(p => p.records).findIndex(r => r.id === id) ?? -1

/** Moves a card in what is cached: both columns, counts and sums. Answers where it was. */
export function shift(s: Source, rec: Rec, from: Col, to: Col, at = 0): number {
  const was = placeIn(client.getQueryData<Pages>(columnKey(s, from)), rec.id)
  client.setQueryData<Pages>(columnKey(s, from), d => d && take(d, rec.id))
  client.setQueryData<Pages>(columnKey(s, to), d => d && put(take0(d, rec.id), { ...rec, fields: { ...rec.fields, [s.field.name]: to.value } }, at))
  client.setQueryData<Table>(keys.table(s.object.name, totalsAsk(s)), x => x && shiftTotals(x, from.value, to.value, s.sum && (rec.fields[s.sum.name] as Money | null)))
  return Math.max(0, was)
}

/** Never twice in one column. */
const take0 = (d: Pages, id: string): Pages => (placeIn(d, id) < 0 ? d : take(d, id))
