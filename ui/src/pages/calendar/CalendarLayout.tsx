// A list by one of its dates.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { type Span } from '../../lib/days'
import { label, t } from '../../lib/i18n'
import { open } from '../../lib/overlay'
import { zone } from '../../lib/session'
import { todayIn } from '../../lib/time'
import { explain } from '../../lib/toast'
import { EmptyState, ErrorState } from '../../parts/States'
import { type ListSearch, router } from '../../router'
import { outcomeOf, useOrdered } from '../board/columns'
import type { LayoutProps } from '../list/layouts'
import { Calendar, daysShown, spans } from './Calendar'
import { type Event, dateField, eventOf, type Kind, kindOf, startingOn, useRange } from './events'
import { moveEvent } from './moves'

export const spanOf = (v: string | undefined): Span => spans.find(s => s === v) ?? 'month'
export const dayOr = (v: string | undefined): string => (v && /^\d{4}-\d{2}-\d{2}$/.test(v) && !Number.isNaN(Date.parse(v)) ? v : todayIn(zone()))

export default function CalendarLayout(p: LayoutProps) {
  const { d } = useSearch({ from: '/o/$object' })
  const field = dateField(p.object, d ?? '')
  const kind = useMemo(() => field && kindOf(p.object, field), [p.object, field])
  return kind ? <OneKind key={kind.start.name} {...p} kind={kind} /> : <EmptyState icon="calendar" title={t('cal.none')} text={t('cal.none.text')} />
}

function OneKind({ object: o, state, peeked, onPeek, kind }: LayoutProps & { kind: Kind }) {
  const navigate = useNavigate()
  const search = useSearch({ from: '/o/$object' })
  const span = spanOf(search.span)
  const at = dayOr(search.at)
  const days = daysShown(span, at)
  const q = useRange(kind, state.filter, state.search, days[0]!, days.at(-1)!, zone())
  const stages = useOrdered(kind.stage).records
  const events = useMemo(() => {
    const ended = new Set(stages.filter(r => typeof r.fields.outcome === 'string' && outcomeOf(r.fields.outcome) !== 'open').map(r => r.id))
    return (q.data?.records ?? []).map(r => eventOf(r, kind, zone(), ended)).filter(e => e !== undefined)
  }, [q.data, kind, stages])
  const peek = (e: Event | null) => onPeek(e && e.rec.id !== peeked ? e.rec.id : null)
  if (q.isError && !q.data) return <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  return (
    <Calendar
      name={t('cal.name', { what: label(o.plural), field: label(kind.start.label) })} span={span} at={at} events={events} more={Boolean(q.data?.next_cursor)} busy={q.isFetching} peeked={peeked && `${o.name}:${peeked}`}
      onGo={(s, day) => void navigate({ to: '/o/$object', params: { object: o.name }, search: (old: ListSearch) => ({ ...old, span: s === 'month' ? undefined : s, at: day }), replace: true })}
      onOpen={e => void router.navigate({ to: '/o/$object/$id', params: { object: o.name, id: e.rec.id } })} onPeek={peek} onMove={moveEvent}
      onCreate={o.can.create ? (day, minutes) => open({ kind: 'create', object: o.name, fields: startingOn(kind, day, minutes, zone()), done: () => {} }) : undefined}
    />
  )
}
