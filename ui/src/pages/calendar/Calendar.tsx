// A month, a week or a day with what stands on it. It knows events and not where they come from.
import { DndContext, type DragEndEvent, type DragMoveEvent, DragOverlay, MouseSensor, pointerWithin, TouchSensor, useSensor, useSensors } from '@dnd-kit/core'
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { addDays, addMonths, daysOf, firstWeekday, type Span, startOfWeek, turn } from '../../lib/days'
import { useActions } from '../../lib/actions'
import { useStable } from '../../lib/hooks'
import { currentLang, t } from '../../lib/i18n'
import { composing } from '../../lib/nav'
import { zone } from '../../lib/session'
import { keyOf, lettersOn, pairBegun } from '../../lib/shortcuts'
import { todayIn } from '../../lib/time'
import { Icon } from '../../parts/Icon'
import list from '../list/list.module.css'
import css from './calendar.module.css'
import { ChipBody, toneOf } from './Chip'
import { type Event, mostEvents, on } from './events'
import { Month } from './Month'
import { clock, longDay, shortDay, spanTitle } from './text'
import { hourHeight, Week } from './Week'

export interface ViewProps {
  name: string
  days: string[]
  at: string
  today: string
  hour: number
  /** an event that is being moved with keys: a full day shows it before others */
  held: string
  events: Event[]
  peeked?: string
  busy: boolean
  onAt: (day: string) => void
  onHour: (minutes: number) => void
  onDay: (day: string) => void
  onCreate: (day: string, minutes?: number) => void
  onPeek: (e: Event) => void
  onKey: (e: KeyboardEvent, event: Event, day: string) => void
}

export interface CalendarProps {
  name: string
  span: Span
  at: string
  events: Event[]
  /** there were more than one calendar shows */
  more: boolean
  busy: boolean
  peeked?: string
  tools?: ReactNode
  onGo: (span: Span, at: string) => void
  onOpen: (e: Event) => void
  onPeek: (e: Event | null) => void
  /** absent: nothing may be created here */
  onCreate?: (day: string, minutes?: number) => void
  onMove: (e: Event, day: string, minutes?: number) => void
}

/** Where weeks begin for this person: as the country of the browser has it, and on Monday in Chinese. */
export const weekStart = () => firstWeekday(currentLang() === 'zh-CN' ? 'zh-CN' : navigator.language)

export const spans: Span[] = ['month', 'week', 'day']
export const daysShown = (span: Span, at: string) => daysOf(span, at, weekStart())

const quarter = (minutes: number) => Math.max(0, Math.min(1425, Math.round(minutes / 15) * 15))

/** Where a drag would put an event: the day, and in the hours the time. */
function landing(e: DragEndEvent | DragMoveEvent): { event: Event; day: string; minutes?: number } | null {
  const from = e.active.data.current as { event: Event; day: string } | undefined
  const to = e.over?.data.current as { day: string; hours?: boolean } | undefined
  if (!from || !to) return null
  const { event } = from
  const minutes = to.hours && !event.whole ? quarter(event.from + (e.delta.y / hourHeight) * 60) : undefined
  // One of several days was taken by its second: it moves by as many days as the hand did.
  return { event, day: addDays(to.day, -Math.max(0, daysApart(event.day, from.day))), minutes }
}
const daysApart = (a: string, b: string) => Math.round((Date.parse(b) - Date.parse(a)) / 86_400_000)

export function Calendar(p: CalendarProps) {
  const days = daysShown(p.span, p.at)
  const today = todayIn(zone())
  const [hour, setHour] = useState(540)
  const [lifted, setLifted] = useState<{ event: Event; text: string } | null>(null)
  const [said, say] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const toFocus = useRef('')
  const [held, setHeld] = useState('')
  useLayoutEffect(() => {
    const el = toFocus.current && box.current?.querySelector<HTMLElement>(toFocus.current)
    if (!el) return
    toFocus.current = ''
    el.focus({ preventScroll: el.dataset.day !== undefined })
  })
  // The panel beside it was closed: the day has the keys again.
  const was = useRef(p.peeked)
  useEffect(() => {
    if (was.current && !p.peeked && document.activeElement === document.body) box.current?.querySelector<HTMLElement>(dayAt(p.at))?.focus()
    was.current = p.peeked
  }, [p.peeked, p.at])
  const dayAt = (day: string) => `[data-day="${day}"]`
  const eventAt = (e: Event, day: string) => ['day', 'whole'].map(x => `[data-${x}="${day}"] [data-event="${CSS.escape(e.key)}"]`).join()
  const goTo = (day: string, span = p.span) => { toFocus.current = dayAt(day); p.onGo(span, day) }
  const create = useStable((day: string, minutes?: number) => p.onCreate?.(day, minutes))
  useActions([{ id: 'calendar today', text: t('cal.today'), icon: 'calendar' as const, keys: 't', run: () => goTo(today) }], currentLang())

  const tell = (e: Event, day: string, minutes?: number) => say(t('cal.moved', { what: e.title, when: `${longDay(day)}${minutes === undefined ? '' : ` ${clock(minutes)}`}` }))
  const move = (e: Event, day: string, minutes?: number) => {
    if (!e.movable || (day === e.day && (minutes === undefined || minutes === e.from))) return
    tell(e, day, minutes)
    p.onMove(e, day, minutes)
  }

  const onKeyDown = (e: KeyboardEvent) => {
    const el = e.target as HTMLElement
    const day = el.dataset.day
    if (!day || composing(e) || e.ctrlKey || e.metaKey || e.altKey) return
    const key = keyOf(e)
    const month = p.span === 'month'
    const first = startOfWeek(day, weekStart())
    const steps: Record<string, () => void> = {
      ArrowLeft: () => goTo(addDays(day, -1)), ArrowRight: () => goTo(addDays(day, 1)),
      ArrowUp: () => (month ? goTo(addDays(day, -7)) : setHour(h => Math.max(0, h - 30))), ArrowDown: () => (month ? goTo(addDays(day, 7)) : setHour(h => Math.min(1410, h + 30))),
      Home: () => goTo(first), End: () => goTo(addDays(first, 6)), PageUp: () => goTo(month ? addMonths(day, -1) : turn(p.span, day, -1)), PageDown: () => goTo(month ? addMonths(day, 1) : turn(p.span, day, 1)),
      Enter: () => { const it = on(p.events, day)[0]; const chip = it && box.current?.querySelector<HTMLElement>(eventAt(it, day)); if (chip) chip.focus(); else if (month) goTo(day, 'day') },
    }
    const letters: Record<string, () => void> = { c: () => create(day, month ? undefined : hour), t: () => goTo(today) }
    const act = steps[key] ?? (lettersOn() && !pairBegun(e) ? letters[key] : undefined)
    if (!act || (key === 'c' && !p.onCreate)) return
    e.preventDefault()
    act()
    if (!month && (key === 'ArrowUp' || key === 'ArrowDown')) box.current?.querySelector(`.${css.slot}`)?.scrollIntoView({ block: 'nearest' })
  }

  const onKey = useStable((e: KeyboardEvent, event: Event, day: string) => {
    if (composing(e) || e.ctrlKey || e.metaKey) return
    const key = keyOf(e)
    const chips = [...(box.current?.querySelectorAll<HTMLElement>('[data-event]') ?? [])].filter(x => x.tabIndex === 0)
    const near = (n: number) => chips[chips.indexOf(e.currentTarget as HTMLElement) + n]?.focus()
    const far = (n: number, minutes = 0) => { setHeld(event.key); toFocus.current = eventAt(event, addDays(event.day, n)); move(event, addDays(event.day, n), minutes ? quarter(event.from + minutes) : undefined); p.onGo(p.span, addDays(event.day, n)) }
    const month = p.span === 'month'
    const alt: Record<string, () => void> = { ArrowLeft: () => far(-1), ArrowRight: () => far(1), ArrowUp: () => (month || event.whole ? far(-7) : far(0, -15)), ArrowDown: () => (month || event.whole ? far(7) : far(0, 15)) }
    const plain: Record<string, () => void> = { Enter: () => p.onOpen(event), ' ': () => p.onPeek(event), ArrowUp: () => near(-1), ArrowDown: () => near(1), ArrowLeft: () => goTo(addDays(day, -1)), ArrowRight: () => goTo(addDays(day, 1)), Escape: () => box.current?.querySelector<HTMLElement>(dayAt(day))?.focus() }
    const letters: Record<string, () => void> = { o: () => p.onOpen(event), p: () => p.onPeek(event), c: () => create(day), t: () => goTo(today) }
    const act = e.altKey ? (event.movable ? alt[key] : undefined) : (plain[key] ?? (lettersOn() && !pairBegun(e) ? letters[key] : undefined))
    if (!act || (key === 'c' && !p.onCreate)) return
    e.preventDefault()
    e.stopPropagation()
    act()
  })

  const sensors = useSensors(useSensor(MouseSensor, { activationConstraint: { distance: 4 } }), useSensor(TouchSensor, { activationConstraint: { delay: 220, tolerance: 8 } }))
  const words = (e: DragMoveEvent) => { const l = landing(e); return l ? `${shortDay(l.day)}${l.minutes === undefined ? '' : ` ${clock(l.minutes)}`}` : '' }
  const View = p.span === 'month' ? Month : Week
  const foreign = Intl.DateTimeFormat().resolvedOptions().timeZone !== zone()
  return (
    <div className={css.calendar}>
      <div className={css.tools}>
        <button type="button" className={`${list.tool} ${css.back}`} aria-label={t(`cal.before.${p.span}`)} title={t(`cal.before.${p.span}`)} onClick={() => p.onGo(p.span, turn(p.span, p.at, -1))}><Icon name="chevronRight" /></button>
        <button type="button" className={list.tool} aria-label={t(`cal.after.${p.span}`)} title={t(`cal.after.${p.span}`)} onClick={() => p.onGo(p.span, turn(p.span, p.at, 1))}><Icon name="chevronRight" /></button>
        <button type="button" className={css.today} onClick={() => goTo(today)}>{t('cal.today')}</button>
        <h2 className={css.title} aria-live="polite">{spanTitle(p.span, days, p.at)}</h2>
        {foreign && <span className={css.zone} title={t('cal.zone')}>{zone()}</span>}
        <span className={list.space} />
        {p.tools}
        <div className={css.spans} role="group" aria-label={t('cal.span')}>
          {spans.map(s => <button key={s} type="button" aria-pressed={s === p.span} onClick={() => p.onGo(s, p.at)}>{t(`cal.${s}`)}</button>)}
        </div>
      </div>
      {p.more && <p className={css.note} role="status"><Icon name="alert" size={14} />{t('cal.more', { n: mostEvents })}</p>}
      <DndContext
        sensors={sensors} collisionDetection={pointerWithin} accessibility={{ announcements: { onDragStart: () => undefined, onDragOver: () => undefined, onDragEnd: () => undefined, onDragCancel: () => undefined }, screenReaderInstructions: { draggable: t('cal.help') } }}
        onDragStart={({ active }) => setLifted({ event: (active.data.current as { event: Event }).event, text: '' })} onDragMove={e => setLifted(was => { const text = words(e); return was && was.text !== text ? { ...was, text } : was })}
        onDragCancel={() => setLifted(null)} onDragEnd={e => { setLifted(null); const l = landing(e); if (l) move(l.event, l.day, l.minutes) }}
      >
        <div ref={box} className={css.box} onKeyDown={onKeyDown} onFocus={() => { toFocus.current = '' }}>
          <View
            name={p.name} days={days} at={p.at} today={today} hour={hour} held={held} events={p.events} peeked={p.peeked} busy={p.busy} onAt={day => { if (day !== p.at) goTo(day) }} onHour={setHour} onDay={day => goTo(day, 'day')}
            onCreate={create} onPeek={p.onPeek} onKey={onKey}
          />
        </div>
        <div className="hidden-visually" role="status">{said}</div>
        <DragOverlay dropAnimation={null}>{lifted && <div className={`${css.chip} ${css.lifted} ${toneOf(lifted.event)}`}><ChipBody event={lifted.event} at={lifted.text} /></div>}</DragOverlay>
      </DndContext>
    </div>
  )
}
