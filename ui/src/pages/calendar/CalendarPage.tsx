// Tasks, meetings and calls on one calendar: mine, or all that I may see.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useQueries } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { useActions } from '../../lib/actions'
import { useTitle } from '../../lib/hooks'
import { label, t, useLang } from '../../lib/i18n'
import { Button, Menu } from '../../lib/kit'
import { open } from '../../lib/overlay'
import { fieldNamed, useObjects } from '../../lib/schema'
import { zone } from '../../lib/session'
import { explain } from '../../lib/toast'
import { Boundary } from '../../parts/Boundary'
import { Icon, iconOf } from '../../parts/Icon'
import { EmptyState, ErrorState } from '../../parts/States'
import { type CalendarSearch, router } from '../../router'
import { Calendar, daysShown } from './Calendar'
import { dayOr, spanOf } from './CalendarLayout'
import css from './calendar.module.css'
import { type Event, dateField, eventOf, type Kind, kindOf, rangeQuery, startingOn } from './events'
import { moveEvent } from './moves'

const Peek = lazy(() => import('../record/Peek'))
const names = ['meeting', 'task', 'call']
const tones: Record<string, string | undefined> = { meeting: css.violet, task: css.blue, call: css.green }

/** The kinds that this person may see, each by its own date. */
function useKinds(): Kind[] {
  const objects = useObjects()
  return useMemo(() => names.flatMap(n => {
    const o = objects.find(x => x.name === n && x.can.read)
    const f = o && dateField(o, '')
    return o && f ? [kindOf(o, f)] : []
  }), [objects])
}

export default function CalendarPage() {
  const lang = useLang()
  const navigate = useNavigate()
  const search = useSearch({ from: '/calendar' })
  const kinds = useKinds()
  useTitle(t('cal.title'))
  const off = (search.off ?? '').split(',').filter(Boolean)
  const shown = kinds.filter(k => !off.includes(k.object.name))
  const span = spanOf(search.span)
  const at = dayOr(search.at)
  const days = daysShown(span, at)
  const mine = search.who !== 'all'
  const go = (change: Partial<CalendarSearch>, replace = true) => void navigate({ to: '/calendar', search: (old: CalendarSearch) => ({ ...old, ...change }), replace })

  const lists = useQueries({ queries: shown.map(k => rangeQuery(k, mine && fieldNamed(k.object, 'owner')?.can.filter ? 'owner == me()' : '', '', days[0]!, days.at(-1)!, zone())) })
  const version = lists.map(q => q.dataUpdatedAt).join()
  const events = useMemo(() => shown.flatMap((k, i) => (lists[i]?.data?.records ?? []).map(r => eventOf(r, k, zone())).filter(e => e !== undefined)), [version, search.off])
  const failed = lists.find(q => q.isError && !q.data)

  const peek = (key: string | null) => go({ peek: key ?? undefined }, Boolean(search.peek && key))
  const makers = kinds.filter(k => k.object.can.create)
  const make = (k: Kind, day = at, minutes?: number) => open({ kind: 'create', object: k.object.name, fields: startingOn(k, day, minutes, zone()), done: () => {} })
  useActions(makers.slice(0, 1).map(k => ({ id: 'create', text: t('create.what', { what: label(k.object.label) }), icon: 'plus' as const, keys: 'c', run: () => make(k) })), `${lang} ${makers.length}`)
  if (kinds.length === 0) return <EmptyState icon="lock" title={t('not_found.title')} text={t('not_found.text')} />
  const [peekObject, peekId] = (search.peek ?? '').split(':')
  return (
    <div className={css.page}>
      <div className={css.left}>
        <header className={css.head}>
          <h1>{t('cal.title')}</h1>
          <span style={{ flex: 1 }} />
          {makers.length > 0 && (
            <Menu position="bottom-end" width={200} shadow="none" transitionProps={{ duration: 0 }}>
              <Menu.Target><Button size="xs" leftSection={<Icon name="plus" size={14} />}>{t('create')}</Button></Menu.Target>
              <Menu.Dropdown>{makers.map(k => <Menu.Item key={k.object.name} leftSection={<Icon name={iconOf(k.object.name)} />} onClick={() => make(k)}>{t('create.what', { what: label(k.object.label) })}</Menu.Item>)}</Menu.Dropdown>
            </Menu>
          )}
        </header>
        {failed ? <ErrorState text={explain(failed.error)} onRetry={() => lists.forEach(q => { if (q.isError) void q.refetch() })} /> : (
          <Boundary>
            <Calendar
              name={t('cal.title')} span={span} at={at} events={events} more={lists.some(q => q.data?.next_cursor)} busy={lists.some(q => q.isFetching)} peeked={search.peek}
              onGo={(s, day) => go({ span: s === 'month' ? undefined : s, at: day })} onOpen={e => void router.navigate({ to: '/o/$object/$id', params: { object: e.rec.object, id: e.rec.id } })}
              onPeek={(e: Event | null) => peek(e && e.key !== search.peek ? e.key : null)} onMove={moveEvent} onCreate={makers[0] && ((day, minutes) => make(makers[0]!, day, minutes))}
              tools={
                <div className={css.kinds} role="group" aria-label={t('cal.kinds')}>
                  {kinds.map(k => {
                    const name = k.object.name
                    const isOn = !off.includes(name)
                    return <button key={name} type="button" className={css.kind} aria-pressed={isOn} onClick={() => go({ off: (isOn ? [...off, name] : off.filter(x => x !== name)).join(',') || undefined })}><span className={`${css.dot} ${tones[name] ?? ''}`} aria-hidden />{label(k.object.plural)}</button>
                  })}
                  <button type="button" className={css.kind} aria-pressed={mine} onClick={() => go({ who: mine ? 'all' : undefined })}><Icon name="user" size={14} />{t('cal.mine')}</button>
                </div>
              }
            />
          </Boundary>
        )}
      </div>
      {peekId && peekObject && <Boundary key={peekId}><Suspense fallback={null}><Peek object={peekObject} id={peekId} onClose={() => peek(null)} /></Suspense></Boundary>}
    </div>
  )
}
