import { useDroppable } from '@dnd-kit/core'
import { useLayoutEffect, useRef, useState } from 'react'
import { useNarrow } from '../../lib/hooks'
import { t } from '../../lib/i18n'
import css from './calendar.module.css'
import type { ViewProps } from './Calendar'
import { Chip } from './Chip'
import { on } from './events'
import { cellDay, longDay, shortWeekday } from './text'

const headHeight = 28
const chipHeight = 26

/** How many chips a day has room for. */
function useRoom(weeks: number) {
  const el = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState(3)
  useLayoutEffect(() => {
    const measure = () => setRoom(Math.max(1, Math.floor(((el.current!.clientHeight - headHeight) / weeks - 28) / chipHeight)))
    measure()
    const sizes = new ResizeObserver(measure)
    sizes.observe(el.current!)
    return () => sizes.disconnect()
  }, [weeks])
  return { el, room }
}

function Day(p: ViewProps & { day: string; room: number }) {
  const { day } = p
  const drop = useDroppable({ id: `day ${day}`, data: { day } })
  const list = on(p.events, day).sort((a, b) => Number(b.key === p.held) - Number(a.key === p.held))
  const narrow = useNarrow(600)
  const room = narrow ? 0 : list.length > p.room ? p.room - 1 : p.room
  const left = list.length - Math.min(room, list.length)
  const here = day === p.at
  return (
    <div
      ref={drop.setNodeRef} role="gridcell" aria-selected={here} tabIndex={here ? 0 : -1} data-day={day} aria-current={day === p.today ? 'date' : undefined}
      className={`${css.cell} ${day.slice(0, 7) === p.at.slice(0, 7) ? '' : css.other} ${drop.isOver ? css.over : ''}`} onClick={() => p.onAt(day)} onDoubleClick={() => p.onCreate(day)}
    >
      <span className="hidden-visually">{`${longDay(day)}, ${t('cal.count', { n: list.length })}`}</span>
      <span className={css.number} aria-hidden>{narrow ? Number(day.slice(8)) : cellDay(day)}</span>
      {list.slice(0, room).map(e => <Chip key={e.key} event={e} day={day} tabbable={here} peeked={p.peeked === e.key} onPeek={p.onPeek} onKey={p.onKey} />)}
      {left > 0 && <button type="button" className={css.more} tabIndex={here ? 0 : -1} onClick={ev => { ev.stopPropagation(); p.onDay(day) }}>{narrow ? left : t('board.more', { n: left })}<span className="hidden-visually">, {longDay(day)}</span></button>}
    </div>
  )
}

export function Month(p: ViewProps) {
  const weeks = p.days.length / 7
  const { el, room } = useRoom(weeks)
  return (
    <div ref={el} className={css.month} role="grid" aria-label={p.name} aria-busy={p.busy || undefined} style={{ gridTemplateRows: `${headHeight}px repeat(${weeks}, minmax(0, 1fr))` }}>
      <div role="row" className={css.week}>{p.days.slice(0, 7).map(d => <div key={d} role="columnheader" className={css.weekday}>{shortWeekday(d)}</div>)}</div>
      {Array.from({ length: weeks }, (_, w) => (
        <div key={p.days[w * 7]} role="row" className={css.week}>{p.days.slice(w * 7, w * 7 + 7).map(d => <Day key={d} {...p} day={d} room={room} />)}</div>
      ))}
    </div>
  )
}
