// A list as its address says, over the saved view that the address names.
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { typeOf } from '../../fields'
import { defaultColumns, fieldNamed, readable } from '../../lib/schema'
import { theSession } from '../../lib/session'
import type { Obj, Rec } from '../../lib/types'
import type { Column } from '../../parts/grid/types'
import type { ListSearch } from '../../router'

/** In an address: the view says something here, and this list says nothing. */
const none = '*'

export interface ListState {
  view?: Rec
  filter: string
  search: string
  sort: string
  columns: Column[]
  pins: number
  group: string
  layout: string
  bin: boolean
  /** it differs from the saved view, or from the plain list */
  dirty: boolean
  set: (change: Partial<Pick<ListState, 'filter' | 'search' | 'sort' | 'group' | 'layout'>>) => void
  setColumns: (columns: Column[], pins?: number) => void
  setView: (id: string) => void
  setBin: (bin: boolean) => void
  reset: () => void
}

const text = (v: unknown) => (typeof v === 'string' ? v : '')
const names = (v: unknown) => (Array.isArray(v) ? v.filter(x => typeof x === 'string') : [])

// Widths are the person's, for each view, and of no interest to a server.
const widthKey = (o: string, view: string) => `widths ${theSession().user.id} ${o} ${view}`
function widths(o: string, view: string): Record<string, number> {
  try { return JSON.parse(localStorage.getItem(widthKey(o, view)) ?? '{}') as Record<string, number> } catch { return {} }
}

export function useListState(o: Obj, search: ListSearch, views: Rec[]): ListState {
  const navigate = useNavigate()
  const [, repaint] = useState(0)
  const view = search.v ? views.find(v => v.id === search.v) : undefined
  const of = (own: string | undefined, kept: unknown) => (own === none ? '' : (own ?? text(kept)))
  const filter = of(search.f, view?.fields.filter)
  const sort = of(search.s, view?.fields.sort)
  const wanted = search.c ? search.c.split(',') : names(view?.fields.columns).length ? names(view?.fields.columns) : defaultColumns(o)
  const kept = widths(o.name, search.v ?? '')
  const list = wanted.map(n => fieldNamed(o, n)).filter(f => f !== undefined).filter(readable)
  const signature = `${list.map(f => `${f.name}:${kept[f.name] ?? ''}`).join()}`
  const columns = useMemo(() => (list.length ? list : o.fields.filter(readable).slice(0, 1)).map(field => ({ field, width: kept[field.name] ?? typeOf(field).width })), [signature, o])
  const pins = Math.min(Number(search.p ?? 1), columns.length)

  const go = (change: Partial<ListSearch>, replace = false) =>
    void navigate({ to: '/o/$object', params: { object: o.name }, search: (old: ListSearch) => ({ ...old, ...change }), replace })
  const over = (value: string, of: unknown) => (value === text(of) ? undefined : value || none)

  return {
    view, filter, sort, columns, pins, search: search.q ?? '', group: fieldNamed(o, search.g ?? '')?.can.group ? search.g! : '', layout: search.layout ?? (text(view?.fields.layout) || 'list'), bin: search.bin === '1',
    dirty: [search.f, search.s, search.c, search.layout].some(x => x !== undefined),
    set: c => go({
      ...(c.filter !== undefined && { f: over(c.filter, view?.fields.filter) }), ...(c.sort !== undefined && { s: over(c.sort, view?.fields.sort) }), ...(c.search !== undefined && { q: c.search || undefined }),
      ...(c.group !== undefined && { g: c.group || undefined }), ...(c.layout !== undefined && { layout: over(c.layout, view?.fields.layout ?? 'list') }),
    }, c.search !== undefined),
    setColumns: (next, p = pins) => {
      localStorage.setItem(widthKey(o.name, search.v ?? ''), JSON.stringify({ ...kept, ...Object.fromEntries(next.map(c => [c.field.name, c.width])) }))
      const c = next.map(x => x.field.name).join(',')
      if (c === columns.map(x => x.field.name).join(',') && p === pins) repaint(n => n + 1)
      else go({ c, p: p === 1 ? undefined : String(p) }, true)
    },
    setView: id => void navigate({ to: '/o/$object', params: { object: o.name }, search: id ? { v: id } : {} }),
    setBin: bin => void navigate({ to: '/o/$object', params: { object: o.name }, search: bin ? { bin: '1' } : {} }),
    reset: () => go({ f: undefined, s: undefined, c: undefined, p: undefined, layout: undefined }),
  }
}
