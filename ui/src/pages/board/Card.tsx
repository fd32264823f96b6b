import { useDraggable } from '@dnd-kit/core'
import { memo } from 'react'
import { typeOf } from '../../fields'
import { label, t } from '../../lib/i18n'
import { Menu } from '../../lib/kit'
import { useNames } from '../../lib/names'
import { isMasked, recTitle } from '../../lib/schema'
import { zone } from '../../lib/session'
import type { Field, Rec } from '../../lib/types'
import { Icon } from '../../parts/Icon'
import css from './board.module.css'
import { cardDay, type CardFields, daysStill, daysUntil, isLate, staleness } from './cards'
import type { Col } from './columns'

export interface CardProps {
  rec: Rec
  col: Col
  fields: CardFields
  movable: boolean
  tabbable: boolean
  peeked: boolean
  selected: boolean
  lifted: boolean
  /** its menu is open, with these columns to go to */
  menu: Col[] | null
  onMenu: (rec: Rec | null, col: Col) => void
  onMove: (rec: Rec, from: Col, to: Col) => void
}

const text = (rec: Rec, f: Field | undefined) => (f && rec.fields[f.name] !== null && rec.fields[f.name] !== undefined ? typeOf(f).text(rec.fields[f.name], f) : '')

/** What a card says to the ear. */
export function cardName(rec: Rec, col: Col, c: CardFields): string {
  const late = isLate(rec, c.due, col.outcome === 'open', zone())
  const still = daysStill(rec)
  return [
    recTitle(rec) || t('untitled'), text(rec, c.company), text(rec, c.amount), c.due && text(rec, c.due) && `${label(c.due.label)} ${text(rec, c.due)}${late ? ` (${t('board.late')})` : ''}`, text(rec, c.next),
    staleness(still, col.outcome === 'open') && t('board.still', { n: still }),
  ].filter(Boolean).join(', ')
}

export function CardBody({ rec, col, fields: c }: { rec: Rec; col: Col; fields: CardFields }) {
  const open = col.outcome === 'open'
  const late = isLate(rec, c.due, open, zone())
  const still = daysStill(rec)
  const stale = staleness(still, open)
  const company = text(rec, c.company)
  const due = c.due ? cardDay(rec.fields[c.due.name], c.due, zone()) : ''
  const near = c.due && daysUntil(rec.fields[c.due.name], c.due, zone())
  const Owner = c.owner && typeOf(c.owner).Cell
  return (
    <>
      <div className={css.title}>{recTitle(rec) || t('untitled')}</div>
      {company && <div className={css.sub}>{company}</div>}
      {c.amount && !isMasked(c.amount) && text(rec, c.amount) && <div className={css.amount}>{text(rec, c.amount)}</div>}
      {text(rec, c.next) && <div className={css.next}><Icon name="chevronRight" size={12} /><span>{text(rec, c.next)}</span></div>}
      <div className={css.meta}>
        {due && (
          <span className={late ? css.late : undefined} title={c.due && label(c.due.label)}>
            <Icon name={late ? 'alert' : 'calendar'} size={13} />{open && near !== null && near !== undefined ? t(near === 0 ? 'filter.today' : near < 0 ? 'filter.ago' : 'filter.ahead', { n: 1 }) : due}
          </span>
        )}
        {stale && <span className={css[stale]} title={t('board.still', { n: still })}><Icon name="history" size={13} />{t('board.days', { n: still })}</span>}
        <span className={css.space} />
        {Owner && c.owner && rec.fields[c.owner.name] !== null && <span className={css.owner}><Owner field={c.owner} value={rec.fields[c.owner.name]} rec={rec} /></span>}
      </div>
    </>
  )
}

const targetsOf = (p: CardProps) => (p.menu ?? []).filter(c => c.value !== p.col.value && !c.closed)

/** A card is a group and not a button: it holds one. Keys are the board's. */
export const Card = memo(function Card(p: CardProps) {
  useNames()
  const { rec, col } = p
  const drag = useDraggable({ id: rec.id, data: { rec, col }, disabled: !p.movable })
  const stale = staleness(daysStill(rec), col.outcome === 'open')
  const moveText = t('board.move', { what: recTitle(rec) || t('record') })
  const handle = <button type="button" tabIndex={-1} className={css.menu} aria-label={moveText} title={t('board.move_to')} onClick={e => { e.stopPropagation(); p.onMenu(rec, col) }}><Icon name="dots" size={15} /></button>
  return (
    <div
      ref={drag.setNodeRef} role="group" aria-roledescription={t('board.card')} aria-label={cardName(rec, col, p.fields)} tabIndex={p.tabbable ? 0 : -1} data-card={rec.id} aria-current={p.peeked || undefined}
      className={[css.card, stale && css[`edge-${stale}`], p.peeked && css.peeked, (drag.isDragging || p.lifted) && css.leaving, p.movable && css.grab].filter(Boolean).join(' ')}
      onMouseDown={drag.listeners?.onMouseDown as React.MouseEventHandler} onTouchStart={drag.listeners?.onTouchStart as React.TouchEventHandler}
    >
      <CardBody rec={rec} col={col} fields={p.fields} />
      {p.movable && (p.menu
        ? (
          <Menu opened onChange={o => { if (!o) p.onMenu(null, col) }} position="bottom-end" shadow="none" width={220} withinPortal returnFocus={false} transitionProps={{ duration: 0 }}>
            <Menu.Target>{handle}</Menu.Target>
            <Menu.Dropdown onMouseDown={e => e.stopPropagation()} onTouchStart={e => e.stopPropagation()} onKeyDown={e => e.stopPropagation()} onClick={e => e.stopPropagation()}>
              <Menu.Label>{t('board.move_to')}</Menu.Label>
              <div className={css.targets}>{targetsOf(p).map(c => <Menu.Item key={String(c.value)} onClick={() => p.onMove(rec, col, c)}>{c.name}</Menu.Item>)}</div>
            </Menu.Dropdown>
          </Menu>
        )
        : handle)}
    </div>
  )
})
