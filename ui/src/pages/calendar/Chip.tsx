import { useDraggable } from '@dnd-kit/core'
import type { CSSProperties, KeyboardEvent } from 'react'
import { label, t } from '../../lib/i18n'
import { Icon } from '../../parts/Icon'
import css from './calendar.module.css'
import type { Event } from './events'
import { clock, longDay } from './text'

const tones: Record<string, string | undefined> = { meeting: css.violet, call: css.green, task: css.blue, deal: css.blue, lead: css.amber }

export interface ChipProps {
  event: Event
  /** the day that it stands on: one of several days has a chip on each */
  day: string
  tabbable: boolean
  peeked: boolean
  style?: CSSProperties
  tall?: boolean
  /** too narrow for the time; its place tells it */
  bare?: boolean
  onPeek: (e: Event) => void
  onKey: (e: KeyboardEvent, event: Event, day: string) => void
}

/** What the eye sees from where a chip stands, for the ear. */
const aside = (e: Event, day: string) => ['', label(e.kind.object.label), longDay(day), e.done && t('cal.done'), e.late && t('board.late')].filter(x => x !== false).join(', ')

export function ChipBody({ event: e, at, tall, bare }: { event: Event; at?: string; tall?: boolean; bare?: boolean }) {
  return (
    <>
      {e.late ? <Icon name="alert" size={12} /> : e.done && !bare ? <Icon name="check" size={12} /> : null}
      {!bare && (at ?? (e.whole ? '' : clock(e.from))) && <span className={css.time}>{at ?? `${clock(e.from)}${tall ? `–${clock(e.to)}` : ''}`}</span>}
      <span className={css.words}>{e.title || t('untitled')}</span>
    </>
  )
}

export const toneOf = (e: Event) => `${tones[e.kind.object.name] ?? css.grey} ${e.done ? css.done : ''} ${e.late ? css.late : ''}`

export function Chip(p: ChipProps) {
  const { event: e, day } = p
  const drag = useDraggable({ id: `${e.key} ${day}`, data: { event: e, day }, disabled: !e.movable })
  return (
    <button
      ref={drag.setNodeRef} type="button" tabIndex={p.tabbable ? 0 : -1} data-event={e.key} aria-current={p.peeked || undefined} style={p.style} title={e.title}
      className={`${css.chip} ${toneOf(e)} ${p.tall ? css.block : ''} ${p.peeked ? css.peeked : ''} ${drag.isDragging ? css.leaving : ''}`}
      onMouseDown={drag.listeners?.onMouseDown as React.MouseEventHandler} onTouchStart={drag.listeners?.onTouchStart as React.TouchEventHandler}
      onClick={ev => { ev.stopPropagation(); p.onPeek(e) }} onDoubleClick={ev => ev.stopPropagation()} onKeyDown={ev => p.onKey(ev, e, day)}
    >
      <ChipBody event={e} tall={p.tall} bare={p.bare} />
      <span className="hidden-visually">{aside(e, day)}</span>
    </button>
  )
}
