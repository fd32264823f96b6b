import { useDroppable } from '@dnd-kit/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { get } from '../../lib/api'
import { currentLang, label, t } from '../../lib/i18n'
import { learnLinks, listAddress, refresh } from '../../lib/records'
import { showMoney } from '../../lib/number'
import { open } from '../../lib/overlay'
import { explain } from '../../lib/toast'
import type { Page, Rec } from '../../lib/types'
import { Button } from '../../lib/kit'
import { Icon } from '../../parts/Icon'
import { Pill } from '../../parts/Pill'
import css from './board.module.css'
import { columnKey, columnQuery, perColumn, type Source, type Total } from './cache'
import { Card, CardBody } from './Card'
import type { CardFields } from './cards'
import type { Col } from './columns'

export interface ColumnProps {
  source: Source
  col: Col
  columns: Col[]
  fields: CardFields
  total: Total | undefined
  movable: boolean
  /** the card that is on its way, by hand or by keys */
  moving: { rec: Rec; from: Col } | null
  /** it would land here */
  over: boolean
  active: string
  peeked?: string
  menu: string
  onMenu: (rec: Rec | null, col: Col) => void
  onMove: (rec: Rec, from: Col, to: Col) => void
  onCards: (value: string | null, cards: Rec[]) => void
}

/** True from when an element was near to the part that is seen. */
function useSeen() {
  const el = useRef<HTMLElement>(null)
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    if (seen || !el.current) return
    const o = new IntersectionObserver(list => { if (list.some(x => x.isIntersecting)) setSeen(true) }, { rootMargin: '400px' })
    o.observe(el.current)
    return () => o.disconnect()
  }, [seen])
  return { el, seen }
}

function useCards(s: Source, col: Col, on: boolean) {
  const q = useInfiniteQuery({
    queryKey: columnKey(s, col), enabled: on, initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const page = await get<Page>(`/records/${s.object.name}`, { query: { ...listAddress(s.object, columnQuery(s, col), pageParam), limit: perColumn, count: Boolean(s.search) && !pageParam }, signal })
      learnLinks(s.object, page.records)
      return page
    },
    getNextPageParam: p => p.next_cursor || undefined,
  })
  // What was changed elsewhere on the page may belong into another column by now.
  const all = useMemo(() => q.data?.pages.flatMap(p => p.records) ?? [], [q.data])
  const cards = useMemo(() => all.filter(r => (r.fields[s.field.name] ?? null) === col.value), [all, s.field.name, col.value])
  return { q, cards, strays: all.length - cards.length, counted: q.data?.pages[0]?.count }
}

const sumText = (t: Total | undefined) => Object.entries(t?.sums ?? {}).map(([currency, n]) => showMoney({ amount: String(n), currency }, currentLang(), n >= 100_000)).join(' + ')

export function Column(p: ColumnProps) {
  const { source: s, col } = p
  const { el, seen } = useSeen()
  const { q, cards, strays, counted } = useCards(s, col, seen)
  useEffect(() => { if (strays) void refresh(s.object.name) }, [strays, s.object.name])
  const { onCards } = p
  useEffect(() => { onCards(col.value, cards) }, [cards, col.value, onCards])
  const drop = useDroppable({ id: `col ${col.value ?? ''}`, data: { col }, disabled: Boolean(col.closed) })
  const count = s.search ? counted : p.total ? p.total.count : 0
  const left = Math.max(0, (count ?? 0) - cards.length)
  const tabbable = cards.some(r => r.id === p.active) ? p.active : cards[0]?.id
  const forbidden = p.moving && col.closed && p.moving.from.value !== col.value ? col.closed : ''
  const landing = p.moving && p.over && p.moving.from.value !== col.value
  const say = [col.name, count === undefined ? '' : t('board.count', { n: count }), s.search ? '' : sumText(p.total)].filter(Boolean).join(', ')
  return (
    <section ref={n => { el.current = n; drop.setNodeRef(n) }} className={`${css.column} ${landing ? css.landing : ''} ${forbidden ? css.forbidden : ''}`} aria-label={say}>
      <header className={css.head}>
        {col.outcome !== 'open' && <span className={col.outcome === 'won' ? css.won : css.lost}><Icon name={col.outcome === 'won' ? 'check' : 'x'} size={14} /></span>}
        <h2 className={css.name} title={col.name}>{col.color ? <Pill text={col.name} color={col.color} /> : col.name}</h2>
        <span className={css.count}>{count ?? ''}</span>
        <span className={css.space} />
        {!s.search && <span className={css.sum} title={s.sum && label(s.sum.label)}>{sumText(p.total)}</span>}
        {s.object.can.create && !col.closed && (
          <button type="button" className={css.tool} aria-label={t('board.add', { column: col.name })} title={t('create.what', { what: label(s.object.label) })} onClick={() => open({ kind: 'create', object: s.object.name, fields: col.value === null ? {} : { [s.field.name]: col.value }, done: () => {} })}><Icon name="plus" size={15} /></button>
        )}
      </header>
      <div className={css.cards} data-column={col.value ?? ''}>
        {forbidden && <p className={css.why}><Icon name="lock" size={14} />{forbidden}</p>}
        {landing && <div className={css.gap}>{p.moving && <CardBody rec={p.moving.rec} col={col} fields={p.fields} />}</div>}
        {cards.map(rec => (
          <Card
            key={rec.id} rec={rec} col={col} fields={p.fields} movable={p.movable && rec.can.update} tabbable={rec.id === tabbable} peeked={rec.id === p.peeked} selected={false} lifted={p.moving?.rec.id === rec.id}
            menu={p.menu === rec.id ? p.columns : null} onMenu={p.onMenu} onMove={p.onMove}
          />
        ))}
        {q.isLoading && Array.from({ length: Math.min(3, count ?? 3) }, (_, i) => <div key={i} className={css.bone} />)}
        {q.isError && <div className={css.bad} role="alert">{explain(q.error)}<Button size="compact-xs" variant="default" onClick={() => void q.refetch()}>{t('retry')}</Button></div>}
        {!q.isLoading && !q.isError && cards.length === 0 && !landing && !forbidden && <p className={css.empty}>{t('board.empty')}</p>}
        {q.hasNextPage && <button type="button" className={css.more} disabled={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{q.isFetchingNextPage ? t('loading') : left ? t('board.more', { n: left }) : t('more')}</button>}
      </div>
    </section>
  )
}
