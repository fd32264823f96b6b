// A list as columns of cards. A card is moved with the mouse, by touch, with the keyboard (Space, arrows,
// Space) or from its menu (M); it is in its new column at once, and back with the reason if that was refused.
import { type Announcements, DndContext, type DragEndEvent, DragOverlay, MouseSensor, pointerWithin, rectIntersection, TouchSensor, useSensor, useSensors } from '@dnd-kit/core'
import { useSearch } from '@tanstack/react-router'
import { type FocusEvent, type KeyboardEvent, type MouseEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useStable } from '../../lib/hooks'
import { label, t } from '../../lib/i18n'
import { composing } from '../../lib/nav'
import { useTable } from '../../lib/records'
import { recTitle } from '../../lib/schema'
import { keyOf, lettersOn, pairBegun } from '../../lib/shortcuts'
import { explain } from '../../lib/toast'
import type { Field, Rec } from '../../lib/types'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import { router } from '../../router'
import { NothingHere } from '../list/Empty'
import type { LayoutProps } from '../list/layouts'
import css from './board.module.css'
import { type Source, totalsAsk, totalsOf } from './cache'
import { CardBody } from './Card'
import { cardFields, fieldsOf } from './cards'
import { boardField, canMove, type Col, mostColumns, noColumn, optionColumns, recordColumns, sumField, useOrdered } from './columns'
import { Column } from './Column'
import MoveDialog, { type Ask } from './MoveDialog'
import { askedFor, moveCard, wanted } from './moves'

export default function Board(p: LayoutProps) {
  const field = boardField(p.object, p.state.group)
  if (!field) return <EmptyState icon="columns" title={t('board.none')} text={t('board.none.text')} />
  return <Columns key={field.name} {...p} field={field} />
}

function useColumns(p: LayoutProps, field: Field, source: Source) {
  const { line } = useSearch({ from: '/o/$object' })
  const totals = useTable(p.object.name, totalsAsk(source), true)
  const ordered = useOrdered(field)
  const sums = useMemo(() => totalsOf(totals.data), [totals.data])
  const pipeline = ordered.pipelines.find(r => r.id === line) ?? ordered.pipelines[0]
  const cols = useMemo(() => {
    const has = (c: Col) => (sums.get(c.value)?.count ?? 0) > 0
    const all = field.type === 'picklist' ? optionColumns(field) : recordColumns(field, ordered.records.filter(r => !pipeline || r.fields.pipeline === pipeline.id))
    const fit = all.filter(c => !c.closed || has(c))
    const none = noColumn(field)
    const shown = fit.length > mostColumns ? fit.filter(has).slice(0, mostColumns) : fit
    return has(none) ? [...shown, none] : shown
  }, [field, ordered.records, pipeline, sums])
  return { cols, sums, totals, waits: ordered.waits || totals.isLoading, error: ordered.error ?? (totals.data ? null : totals.error), retry: () => { void ordered.refetch(); void totals.refetch() } }
}

function Columns(p: LayoutProps & { field: Field }) {
  const { object: o, state, field } = p
  const fields = useMemo(() => cardFields(o, field), [o, field])
  const source: Source = useMemo(() => ({ object: o, field, sum: sumField(o), filter: state.filter, search: state.search, sort: state.sort, columns: fieldsOf(o, field) }), [o, field, state.filter, state.search, state.sort])
  const { cols, sums, totals, waits, error, retry } = useColumns(p, field, source)
  const [moving, setMoving] = useState<{ rec: Rec; from: Col; keys: boolean } | null>(null)
  const [over, setOver] = useState<string | null | undefined>()
  const [active, setActive] = useState('')
  const [menu, setMenu] = useState('')
  const [ask, setAsk] = useState<Ask | null>(null)
  const [said, say] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const cards = useRef(new Map<string | null, Rec[]>())
  const toFocus = useRef('')
  const instead = useRef('')
  const movable = canMove(field) && o.can.update === true

  const card = (id: string) => box.current?.querySelector<HTMLElement>(`[data-card="${CSS.escape(id)}"]`)
  useLayoutEffect(() => {
    // A column that was never in view holds no cards yet: then the next card of the old one has the keys.
    const el = toFocus.current && (card(toFocus.current) ?? card(instead.current))
    if (!el) return
    toFocus.current = ''
    el.focus()
    el.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  })
  // The panel beside the board was closed: the card has the keys again.
  const was = useRef(p.peeked)
  useEffect(() => {
    if (was.current && !p.peeked && document.activeElement === document.body) card(active)?.focus()
    was.current = p.peeked
  }, [p.peeked, active])

  const onCards = useStable((value: string | null, list: Rec[]) => { cards.current.set(value, list) })
  const onMenu = useStable((rec: Rec | null) => { if (!rec) toFocus.current = menu; setMenu(was => (rec && was !== rec.id ? rec.id : '')) })

  const run = (rec: Rec, from: Col, to: Col, more: Record<string, unknown>) => {
    const list = cards.current.get(from.value) ?? []
    const row = list.findIndex(r => r.id === rec.id)
    instead.current = (list[row + 1] ?? list[row - 1])?.id ?? ''
    toFocus.current = rec.id
    setActive(rec.id)
    moveCard(source, { rec, from, to }, more).catch((e: unknown) => {
      const missing = askedFor(o, e, field.name)
      if (missing) setAsk({ move: { rec, from, to }, values: more, ...missing })
    })
  }
  const onMove = useStable((rec: Rec, from: Col, to: Col) => {
    setMenu('')
    setMoving(null)
    setOver(undefined)
    if (to.value === from.value || to.closed) return
    const missing = wanted(o, rec, to)
    if (missing.length) setAsk({ move: { rec, from, to }, fields: missing, errors: {}, values: {} })
    else run(rec, from, to, {})
  })

  const at = (id: string) => {
    for (const [i, c] of cols.entries()) {
      const list = cards.current.get(c.value) ?? []
      const row = list.findIndex(r => r.id === id)
      if (row >= 0) return { i, row, rec: list[row]!, col: c }
    }
    return undefined
  }
  const lift = (rec: Rec, col: Col) => { setMoving({ rec, from: col, keys: true }); setOver(col.value); say(t('board.lifted', { what: recTitle(rec), column: col.name })) }
  const leave = () => { say(t('board.cancelled', { what: recTitle(moving!.rec) })); setMoving(null); setOver(undefined) }
  const aim = (n: number) => {
    let i = cols.findIndex(c => c.value === over)
    do i += n; while (cols[i]?.closed && cols[i]!.value !== moving!.from.value)
    if (!cols[i]) return
    setOver(cols[i]!.value)
    say(t('board.over', { column: cols[i]!.name, n: i + 1, of: cols.length }))
    box.current?.children[i]?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }
  const step = (id: string, key: string) => {
    const here = at(id)
    if (!here) return
    const list = (i: number) => cards.current.get(cols[i]!.value) ?? []
    let to: Rec | undefined
    if (key === 'ArrowUp' || key === 'ArrowDown') to = list(here.i)[here.row + (key === 'ArrowUp' ? -1 : 1)]
    else if (key === 'Home') to = list(here.i)[0]
    else if (key === 'End') to = list(here.i).at(-1)
    else {
      const n = key === 'ArrowLeft' ? -1 : 1
      let i = here.i + n
      while (cols[i] && list(i).length === 0) i += n
      if (cols[i]) to = list(i)[Math.min(here.row, list(i).length - 1)]
    }
    if (to) { toFocus.current = to.id; setActive(to.id) }
  }

  const onKeyDown = (e: KeyboardEvent) => {
    const el = e.target as HTMLElement
    const id = el.dataset?.card
    if (composing(e) || !id || e.ctrlKey || e.metaKey || e.altKey) return
    const key = keyOf(e)
    const here = at(id)
    const done = () => { e.preventDefault(); e.stopPropagation() }
    if (moving?.keys) {
      if (key === ' ' || key === 'Enter') { const to = cols.find(c => c.value === over); done(); if (to) { say(t(to.value === moving.from.value ? 'board.stays' : 'board.dropped', { what: recTitle(moving.rec), column: to.name })); onMove(moving.rec, moving.from, to) } }
      else if (key === 'Escape') { done(); leave() }
      else if (key === 'ArrowLeft' || key === 'ArrowRight') { done(); aim(key === 'ArrowLeft' ? -1 : 1) }
      else if (key !== 'Tab') done()
      else leave()
      return
    }
    if (!here || (key.length === 1 && pairBegun(e))) return
    if (/^(Arrow(Up|Down|Left|Right)|Home|End)$/.test(key)) { done(); step(id, key) }
    else if (key === ' ') { done(); if (movable && here.rec.can.update) lift(here.rec, here.col) }
    else if (key === 'Enter' || (key === 'o' && lettersOn())) { done(); void router.navigate({ to: '/o/$object/$id', params: { object: o.name, id } }) }
    else if (key === 'm' && lettersOn()) { done(); if (movable && here.rec.can.update) onMenu(here.rec) }
    else if (key === 'p' && lettersOn()) { done(); p.onPeek(p.peeked === id ? null : id) }
    else if ((key === 'j' || key === 'k') && lettersOn()) { done(); step(id, key === 'j' ? 'ArrowDown' : 'ArrowUp') }
  }
  const onFocus = (e: FocusEvent) => {
    const id = (e.target as HTMLElement).dataset?.card
    if (!id) return
    setActive(id)
    if (p.peeked && p.peeked !== id) p.onPeek(id)
  }
  const onClick = (e: MouseEvent) => {
    const id = (e.target as HTMLElement).closest<HTMLElement>('[data-card]')?.dataset.card
    if (id && !moving) p.onPeek(id)
  }

  // A card that was changed beside the board, in the panel, may have left its column.
  const sensors = useSensors(useSensor(MouseSensor, { activationConstraint: { distance: 5 } }), useSensor(TouchSensor, { activationConstraint: { delay: 220, tolerance: 8 } }))
  const colOf = (x: { data: { current?: Record<string, unknown> } } | null) => x?.data.current?.col as Col | undefined
  const onDragEnd = ({ active: a, over: on }: DragEndEvent) => { const to = colOf(on); const d = a.data.current as { rec: Rec; col: Col } | undefined; if (to && d) onMove(d.rec, d.col, to); else { setMoving(null); setOver(undefined) } }
  const carried = (a: { data: { current?: Record<string, unknown> } }) => a.data.current as { rec: Rec; col: Col } | undefined
  const words: Announcements = {
    onDragStart: ({ active: a }) => { const d = carried(a); return d && t('board.lifted', { what: recTitle(d.rec), column: d.col.name }) },
    onDragOver: ({ over: on }) => { const c = colOf(on); return c && t('board.over', { column: c.name, n: cols.findIndex(x => x.value === c.value) + 1, of: cols.length }) },
    onDragEnd: ({ active: a, over: on }) => { const d = carried(a); const c = colOf(on); return d && t(c && c.value !== d.col.value ? 'board.dropped' : 'board.cancelled', { what: recTitle(d.rec), column: c?.name ?? '' }) },
    onDragCancel: ({ active: a }) => { const d = carried(a); return d && t('board.cancelled', { what: recTitle(d.rec) }) },
  }

  if (error) return <ErrorState text={explain(error)} onRetry={retry} />
  if (waits) return <Bones rows={10} />
  if (!state.search && totals.data && !(totals.data.rows ?? []).length) return <NothingHere object={o} state={state} />
  if (!cols.length) return <EmptyState icon="columns" title={t('board.no_columns', { field: label(field.label) })} text={t('board.no_columns.text')} />
  return (
    <DndContext
      sensors={sensors} collisionDetection={a => (a.pointerCoordinates ? pointerWithin(a) : rectIntersection(a))} accessibility={{ announcements: words, screenReaderInstructions: { draggable: t('board.help') } }}
      onDragStart={({ active: a }) => { const d = a.data.current as { rec: Rec; col: Col }; setMenu(''); setMoving({ rec: d.rec, from: d.col, keys: false }); setOver(d.col.value) }}
      onDragOver={({ over: on }) => setOver(colOf(on)?.value)} onDragEnd={onDragEnd} onDragCancel={() => { setMoving(null); setOver(undefined) }}
    >
      <div ref={box} className={css.board} role="region" aria-label={t('board.name', { what: label(o.plural), field: label(field.label) })} onKeyDown={onKeyDown} onFocus={onFocus} onClick={onClick}>
        {cols.map(c => (
          <Column
            key={String(c.value)} source={source} col={c} columns={cols} fields={fields} total={sums.get(c.value)} movable={movable} moving={moving} over={over === c.value} active={active} peeked={p.peeked}
            menu={menu} onMenu={onMenu} onMove={onMove} onCards={onCards}
          />
        ))}
      </div>
      <div className="hidden-visually" role="status">{said}</div>
      <DragOverlay dropAnimation={null}>{moving && !moving.keys ? <div className={`${css.card} ${css.lifted}`}><CardBody rec={moving.rec} col={moving.from} fields={fields} /></div> : null}</DragOverlay>
      {ask && <MoveDialog key={Object.keys(ask.errors).join()} ask={ask} onClose={() => { toFocus.current = ask.move.rec.id; setAsk(null) }} onMove={values => { setAsk(null); run(ask.move.rec, ask.move.from, ask.move.to, { ...ask.values, ...values }) }} />}
    </DndContext>
  )
}

