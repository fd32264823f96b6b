import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useInfiniteQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useActions } from '../../lib/actions'
import { useStable, useTitle } from '../../lib/hooks'
import { label, noun, t, useLang } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { Button, Menu } from '../../lib/kit'
import { open } from '../../lib/overlay'
import { listAddress } from '../../lib/records'
import { get } from '../../lib/api'
import { useObject } from '../../lib/schema'
import type { Obj, Page } from '../../lib/types'
import { Boundary } from '../../parts/Boundary'
import { Icon } from '../../parts/Icon'
import { Bones } from '../../parts/States'
import type { ListSearch } from '../../router'
import { mayImport } from '../imports/importable'
import { NotFound } from '../NotFound'
import { Chips } from './Filters'
import { layouts } from './layouts'
import css from './list.module.css'
import { type ListState, useListState } from './state'
import { ViewBar } from './ViewBar'
import { useViews } from './views'

const Bulk = lazy(() => import('./Bulk'))
const ExportDialog = lazy(() => import('../exports/ExportDialog'))
const Peek = lazy(() => import('../record/Peek'))

export default function ListPage() {
  useLang()
  const { object } = useParams({ from: '/o/$object' })
  const search = useSearch({ from: '/o/$object' })
  const o = useObject(object)
  const views = useViews(object)
  if (!o || !o.can.read) return <NotFound />
  if (search.v && !views.ready) return <Bones rows={10} />
  return <List key={o.name} o={o} search={search} views={views} />
}

/** The number of records: what the first page counted, without asking again. */
function useCount(o: Obj, state: ListState) {
  const query = { filter: state.filter, search: state.search, sort: state.sort, columns: state.columns.map(c => c.field.name), deleted: state.bin || undefined }
  const q = useInfiniteQuery({
    queryKey: keys.list(o.name, query), enabled: false, initialPageParam: '', getNextPageParam: (p: Page) => p.next_cursor || undefined, placeholderData: before => before,
    queryFn: () => get<Page>(`/records/${o.name}`, { query: listAddress(o, query, '') }),
  })
  const first = q.data?.pages[0]
  return first?.count === undefined ? '' : t(first.count_capped ? 'count.more' : 'count', { n: first.count })
}

function List({ o, search, views }: { o: Obj; search: ListSearch; views: ReturnType<typeof useViews> }) {
  const navigate = useNavigate()
  const state = useListState(o, search, views.views)
  const [selected, setSelected] = useState<Set<string>>(new Set())
  const [adding, setAdding] = useState(false)
  const [exporting, setExporting] = useState(false)
  const count = useCount(o, state)
  const title = state.bin ? t('bin.of', { what: label(o.plural) }) : label(o.plural)
  useTitle(title)
  useEffect(() => setSelected(new Set()), [state.filter, state.search, state.bin, search.v])

  const [peekObject, peekId] = (search.peek ?? '').split(':')
  const peek = useStable((id: string | null) => void navigate({ to: '/o/$object', params: { object: o.name }, search: (old: ListSearch) => ({ ...old, peek: id ? `${o.name}:${id}` : undefined }), replace: Boolean(search.peek && id) }))
  const layout = (state.bin ? undefined : layouts.find(l => l.id === state.layout && l.fits(o))) ?? layouts[0]!

  const create = () => open({ kind: 'create', object: o.name })
  useActions([
    ...(o.can.create ? [{ id: 'create', text: t('create.what', { what: noun(o.label) }), icon: 'plus' as const, keys: 'c', run: create }] : []),
    { id: 'filter', text: t('filter.add'), icon: 'filter' as const, keys: '/', run: () => setAdding(true) },
    ...(state.filter ? [{ id: 'clear', text: t('filter.clear'), icon: 'x' as const, run: () => state.set({ filter: '' }) }] : []),
    ...(o.can.export && !state.bin ? [{ id: 'export', text: t('exp.title', { what: noun(o.plural) }), icon: 'up' as const, run: () => setExporting(true) }] : []),
    { id: 'bin', text: state.bin ? t('bin.leave') : t('bin.open'), icon: 'trash' as const, run: () => state.setBin(!state.bin) },
  ], `${o.name} ${Boolean(state.filter)} ${state.bin} ${useLang()}`)

  return (
    <div className={css.page}>
      <div className={css.left}>
        <header className={css.head}>
          <h1>{title}</h1>
          <span className={css.count} role="status">{state.group ? '' : count}</span>
          <span className={css.space} />
          <Menu position="bottom-end" width={200} shadow="none" transitionProps={{ duration: 0 }}>
            <Menu.Target><button type="button" className={css.tool} aria-label={t('more')}><Icon name="dots" size={18} /></button></Menu.Target>
            <Menu.Dropdown>
              {mayImport(o) && <Menu.Item leftSection={<Icon name="down" />} onClick={() => void navigate({ to: '/imports/new', search: { object: o.name } })}>{t('imp.file')}</Menu.Item>}
              {o.can.export && !state.bin && <Menu.Item leftSection={<Icon name="up" />} onClick={() => setExporting(true)}>{t('exp.open')}</Menu.Item>}
              {o.can.delete && <Menu.Item leftSection={<Icon name="trash" />} onClick={() => state.setBin(!state.bin)}>{t(state.bin ? 'bin.leave' : 'bin.open')}</Menu.Item>}
            </Menu.Dropdown>
          </Menu>
          {o.can.create && !state.bin && <Button size="xs" leftSection={<Icon name="plus" size={14} />} onClick={create}>{t('create.what', { what: noun(o.label) })}</Button>}
        </header>
        {selected.size > 0
          ? <Suspense fallback={<div className={`${css.bar} ${css.bulk}`} />}><Bulk object={o} state={state} selected={selected} onSelect={setSelected} /></Suspense>
          : <ViewBar object={o} state={state} views={views.views} canMake={views.canMake} adding={adding} onAdding={setAdding} layout={layout} />}
        <Chips object={o} filter={state.filter} onFilter={filter => state.set({ filter })} />
        <Boundary key={`${layout.id} ${state.group}`}>
          <Suspense fallback={<Bones rows={10} />}>
            <layout.Component object={o} state={state} selected={selected} onSelect={setSelected} peeked={peekId} onPeek={peek} />
          </Suspense>
        </Boundary>
      </div>
      {exporting && <Suspense fallback={null}><ExportDialog object={o} filter={state.filter} search={state.search} columns={state.columns.map(c => c.field.name)} onClose={() => setExporting(false)} /></Suspense>}
      {peekId && peekObject && <Boundary key={peekId}><Suspense fallback={null}><Peek object={peekObject} id={peekId} onClose={() => peek(null)} /></Suspense></Boundary>}
    </div>
  )
}
