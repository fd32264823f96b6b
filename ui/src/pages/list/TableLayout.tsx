import { useQueries } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { typeOf } from '../../fields'
import { get, Problem } from '../../lib/api'
import { useStable } from '../../lib/hooks'
import { label, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { open } from '../../lib/overlay'
import { listAddress, update, useList, useTable, type ListQuery } from '../../lib/records'
import { fieldNamed } from '../../lib/schema'
import { complain, explain, toast } from '../../lib/toast'
import type { Field, Page, Rec } from '../../lib/types'
import { Grid } from '../../parts/grid/Grid'
import type { Item } from '../../parts/grid/types'
import { Bones, ErrorState } from '../../parts/States'
import { router } from '../../router'
import { NothingHere } from './Empty'
import { ask, groupsOf, isDay, monthText } from './groups'
import type { LayoutProps } from './layouts'

const wait: Item = { kind: 'wait' }

/** The rows of a plain list: what has come, and places for the next page. */
function useRows(p: LayoutProps, on: boolean) {
  const { state } = p
  const query: ListQuery = { filter: state.filter, search: state.search, sort: state.sort, columns: state.columns.map(c => c.field.name), deleted: state.bin || undefined }
  const list = useList(p.object, query, on)
  const records = useMemo(() => list.data?.pages.flatMap(x => x.records) ?? [], [list.data])
  const total = list.data?.pages[0]?.count ?? records.length
  const more = list.hasNextPage ? Math.min(100, Math.max(1, total - records.length)) : 0
  const reach = (last: number) => { if (last > records.length - 40 && list.hasNextPage && !list.isFetchingNextPage && !list.isFetchNextPageError) void list.fetchNextPage() }
  return { list, records, count: records.length + more, total, reach, itemAt: (i: number): Item => (records[i] ? { kind: 'rec', rec: records[i] } : wait) }
}

/** The rows of a grouped list: headings with sums, and the first hundred records of each open group. */
function useGroups(p: LayoutProps, field: Field | undefined) {
  const { state } = p
  const fields = state.columns.map(c => c.field)
  const table = useTable(p.object.name, field ? ask(field, fields, state.filter) : {}, Boolean(field))
  const [openKeys, setOpen] = useState<Set<string>>(new Set())
  const groups = useMemo(() => (field && table.data ? groupsOf(table.data, field, fields, state.filter) : []), [table.data, field, state.columns])
  const shown = groups.filter(g => openKeys.has(g.key))
  const lists = useQueries({
    queries: shown.map(g => {
      const query: ListQuery = { filter: g.filter, search: '', sort: state.sort, columns: fields.map(f => f.name) }
      return { queryKey: [...keys.list(p.object.name, { ...query }), 'first'], queryFn: ({ signal }: { signal: AbortSignal }) => get<Page>(`/records/${p.object.name}`, { query: { ...listAddress(p.object, query, ''), count: false }, signal }) }
    }),
  })
  const items: Item[] = []
  for (const g of groups) {
    const at = shown.indexOf(g)
    const k = field && typeOf(field)
    const title = g.value === null || !field || !k ? t('group.none') : isDay(field) ? monthText(g.value) : <k.Cell value={g.value} field={field} />
    items.push({ kind: 'group', key: g.key, title, count: g.count, sums: g.sums, open: at >= 0 })
    if (at < 0) continue
    const list = lists[at]
    for (const rec of list?.data?.records ?? []) items.push({ kind: 'rec', rec })
    if (list?.isLoading) for (let i = 0; i < Math.min(3, g.count); i++) items.push(wait)
    if (list?.isError) items.push({ kind: 'more', key: `bad ${g.key}`, text: explain(list.error) })
    if (list?.data?.next_cursor) items.push({ kind: 'more', key: g.filter, text: t('group.all', { n: g.count }) })
  }
  const toggle = (key: string) => setOpen(was => { const now = new Set(was); if (!now.delete(key)) now.add(key); return now })
  return { table, items, toggle }
}

export function TableLayout(p: LayoutProps) {
  const { object, state } = p
  const group = state.group ? fieldNamed(object, state.group) : undefined
  const rows = useRows(p, !group)
  const grouped = useGroups(p, group)
  const [flash, setFlash] = useState<{ id: string; field: string } | null>(null)

  const onEdit = useStable((rec: Rec, field: Field, value: unknown) => {
    update(rec, { [field.name]: value }).catch((e: unknown) => {
      if (e instanceof Problem && e.code === 'stale') { open({ kind: 'conflict', rec, fields: { [field.name]: value } }); return }
      setFlash({ id: rec.id, field: field.name })
      setTimeout(() => setFlash(null), 1000)
      const why = e instanceof Problem ? e.byField()[field.name] : undefined
      if (why) toast(`${label(field.label)}${t('colon')}${why}`, undefined, true)
      else complain(e)
    })
  })
  const onToggle = useStable((it: Item) => {
    if (it.kind === 'group') grouped.toggle(it.key)
    else if (it.kind === 'more' && !it.key.startsWith('bad ')) state.set({ filter: it.key, group: '' })
  })
  const onOpen = useStable((rec: Rec) => void router.navigate({ to: '/o/$object/$id', params: { object: object.name, id: rec.id } }))
  const onReach = useStable((last: number) => { if (!group) rows.reach(last) })
  const onCopy = useStable((text: string, n: number) => { navigator.clipboard.writeText(text).then(() => toast(t('copied', { n })), () => toast(t('copied.not'), undefined, true)) })

  const first = group ? grouped.table : rows.list
  if (first.isError && !first.data) {
    const e = first.error
    return <ErrorState text={explain(e)} code={e instanceof Problem && e.code === 'internal' ? e.requestId : undefined} onRetry={() => void first.refetch()} />
  }
  if (first.isLoading) return <Bones rows={12} />
  const count = group ? grouped.items.length : rows.count
  if (count === 0) return <NothingHere object={object} state={state} />
  return (
    <Grid
      name={label(object.plural)} columns={state.columns} pins={state.pins} count={count} total={group ? count : Math.max(rows.total, count)} itemAt={i => (group ? (grouped.items[i] ?? wait) : rows.itemAt(i))}
      listKey={[state.sort, state.filter, state.search, state.group].join('\n')} sort={state.sort} busy={first.isFetching && !rows.list.isFetchingNextPage} selected={p.selected} peeked={p.peeked} flash={flash} onSelect={p.onSelect} onSort={sort => state.set({ sort })}
      onGroup={state.bin ? undefined : g => state.set({ group: g })} onColumns={state.setColumns} onReach={onReach} onEdit={onEdit} onReveal={(rec, field) => { if (object.can.reveal) open({ kind: 'reveal', rec, field }) }} onOpen={onOpen}
      onPeek={rec => p.onPeek(rec?.id ?? null)} onActive={rec => { if (p.peeked) p.onPeek(rec.id) }} onToggle={onToggle} onCopy={onCopy}
    />
  )
}
