import { useDroppable } from '@dnd-kit/core'
import { type MouseEvent, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { t } from '../../lib/i18n'
import { minutesOf } from '../../lib/days'
import { zone } from '../../lib/session'
import css from './calendar.module.css'
import type { ViewProps } from './Calendar'
import { Chip } from './Chip'
import { lanesOf, on } from './events'
import { clock, dayNumber, longDay, shortWeekday } from './text'

export const hourHeight = 52
const y = (minutes: number) => (minutes / 60) * hourHeight

const lanePlace = (lane: number, lanes: number) => ({ insetInlineStart: `calc(${(lane / lanes) * 100}% + 2px)`, width: `calc(${100 / lanes}% - 6px)` })

/** Minutes from midnight, now; it follows the clock. */
function useNow() {
  const now = () => minutesOf(new Date().toISOString(), zone())
  const [at, set] = useState(now)
  useEffect(() => { const timer = setInterval(() => set(now()), 30_000); return () => clearInterval(timer) }, [])
  return at
}

function Whole(p: ViewProps & { day: string }) {
  const drop = useDroppable({ id: `whole ${p.day}`, data: { day: p.day } })
  return (
    <div ref={drop.setNodeRef} role="gridcell" data-whole={p.day} className={`${css.whole} ${drop.isOver ? css.over : ''}`}>
      <span className="hidden-visually">{`${longDay(p.day)}, ${t('cal.whole')}`}</span>
      {on(p.events, p.day).filter(e => e.whole).map(e => <Chip key={e.key} event={e} day={p.day} tabbable={p.day === p.at} peeked={p.peeked === e.key} onPeek={p.onPeek} onKey={p.onKey} />)}
    </div>
  )
}

function Hours(p: ViewProps & { day: string; now: number }) {
  const { day } = p
  const drop = useDroppable({ id: `day ${day}`, data: { day, hours: true } })
  const here = day === p.at
  const list = on(p.events, day).filter(e => !e.whole)
  const { shown, more } = lanesOf(list, p.days.length > 1 ? 3 : 24)
  const at = (e: MouseEvent) => Math.floor((e.clientY - e.currentTarget.getBoundingClientRect().top) / hourHeight * 2) * 30
  return (
    <div
      ref={drop.setNodeRef} role="gridcell" tabIndex={here ? 0 : -1} data-day={day} aria-selected={here} aria-current={day === p.today ? 'date' : undefined}
      className={`${css.hours} ${drop.isOver ? css.over : ''}`} style={{ height: 24 * hourHeight }} onClick={e => { p.onAt(day); p.onHour(at(e)) }} onDoubleClick={e => p.onCreate(day, at(e))}
    >
      <span className="hidden-visually">{`${longDay(day)}, ${t('cal.count', { n: list.length })}`}</span>
      {here && <div className={css.slot} style={{ top: y(p.hour), height: y(30) }} aria-hidden />}
      {day === p.today && <div className={css.now} style={{ top: y(p.now) }} aria-hidden />}
      {shown.map(({ event: e, lane, lanes }) => (
        <Chip
          key={e.key} event={e} day={day} tall={e.to - e.from >= 45} bare={p.days.length > 1 && (lanes > 2 || (lanes > 1 && e.to - e.from < 45))} tabbable={here} peeked={p.peeked === e.key} onPeek={p.onPeek} onKey={p.onKey}
          style={{ position: 'absolute', top: y(e.from) + 1, height: Math.max(24, y(e.to - e.from) - 2), ...lanePlace(lane, lanes) }}
        />
      ))}
      {more.map(m => <button key={m.from} type="button" tabIndex={here ? 0 : -1} className={`${css.more} ${css.moreHere}`} style={{ top: y(m.from) + 1, ...lanePlace(m.lane, m.lanes) }} onClick={ev => { ev.stopPropagation(); p.onDay(day) }}>+{m.n}<span className="hidden-visually">, {t('cal.more.day', { n: m.n, day: longDay(day) })}</span></button>)}
    </div>
  )
}

/** A week or a day, by hours. */
export function Week(p: ViewProps) {
  const now = useNow()
  const box = useRef<HTMLDivElement>(null)
  // Before seven there is rarely anything.
  useLayoutEffect(() => { box.current!.scrollTop = y(7 * 60) - 8 }, [p.days.length])
  const columns = { gridTemplateColumns: `52px repeat(${p.days.length}, minmax(${p.days.length > 1 ? 100 : 0}px, 1fr))` }
  return (
    <div ref={box} className={css.weekBox} role="grid" aria-label={p.name} aria-busy={p.busy || undefined}>
      <div className={css.stick}>
        <div role="row" className={css.line} style={columns}>
          <div role="columnheader" className={css.corner}><span className="hidden-visually">{t('cal.hour')}</span></div>
          {p.days.map(d => (
            <div key={d} role="columnheader" className={css.dayHead}>
              <button type="button" tabIndex={-1} title={longDay(d)} aria-current={d === p.today ? 'date' : undefined} onClick={() => p.onDay(d)}><span>{shortWeekday(d)}</span> <b>{dayNumber(d)}</b></button>
            </div>
          ))}
        </div>
        <div role="row" className={`${css.line} ${css.wholes}`} style={columns}>
          <div role="rowheader" className={css.corner}>{t('cal.whole')}</div>
          {p.days.map(d => <Whole key={d} {...p} day={d} />)}
        </div>
      </div>
      <div role="row" className={css.line} style={columns}>
        <div role="rowheader" className={css.clock}><span className="hidden-visually">{t('cal.hour')}</span>{Array.from({ length: 23 }, (_, h) => <span key={h} style={{ top: y((h + 1) * 60) }} aria-hidden>{clock((h + 1) * 60)}</span>)}</div>
        {p.days.map(d => <Hours key={d} {...p} day={d} now={now} />)}
      </div>
    </div>
  )
}
