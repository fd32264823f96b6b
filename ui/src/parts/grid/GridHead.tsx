import { memo, type PointerEvent, type RefObject, useState } from 'react'
import { typeOf } from '../../fields'
import { label, t } from '../../lib/i18n'
import { Menu } from '../../lib/kit'
import { Icon } from '../Icon'
import css from './Grid.module.css'
import { place } from './GridRow'
import type { Column } from './types'

interface Props {
  root: RefObject<HTMLDivElement | null>
  columns: Column[]
  pins: number
  sort: string
  /** of the labels */
  lang: string
  busy: boolean
  all: boolean
  some: boolean
  onAll: () => void
  onSort?: (sort: string) => void
  onGroup?: (name: string) => void
  onColumns: (columns: Column[], pins: number) => void
}

/** Grid's narrowest and widest column, in pixels. */
const bounds = (n: number) => Math.max(60, Math.min(900, Math.round(n)))

/** Kept while the list scrolls: its menus are the dearest part of the page. */
export const GridHead = memo(function GridHead(p: Props) {
  const [from, setFrom] = useState(-1)
  const [over, setOver] = useState(-1)
  const change = (columns: Column[], pins = p.pins) => p.onColumns(columns, Math.min(pins, columns.length))
  const move = (a: number, b: number) => {
    if (b < 0 || b >= p.columns.length || a === b) return
    const list = [...p.columns]
    const [c] = list.splice(a, 1)
    list.splice(b, 0, c!)
    change(list)
  }
  const resize = (i: number, width: number) => change(p.columns.map((c, k) => (k === i ? { ...c, width: bounds(width) } : c)))
  const drag = (e: PointerEvent<HTMLSpanElement>, i: number) => {
    e.preventDefault()
    e.stopPropagation()
    const handle = e.currentTarget
    const start = e.clientX
    const width = p.columns[i]!.width
    handle.setPointerCapture(e.pointerId)
    const at = (x: number) => bounds(width + x - start)
    handle.onpointermove = ev => p.root.current?.style.setProperty(`--w${i}`, `${at(ev.clientX)}px`)
    handle.onpointerup = ev => { handle.onpointermove = handle.onpointerup = null; resize(i, at(ev.clientX)) }
  }
  return (
    <div className={`${css.head} ${p.busy ? css.busy : ''}`} role="row" aria-rowindex={1}>
      <div className={`${css.th} ${css.check}`} role="columnheader"><label><input type="checkbox" tabIndex={-1} checked={p.all} ref={el => { if (el) el.indeterminate = p.some && !p.all }} onChange={p.onAll} aria-label={t('select.loaded')} /></label></div>
      {p.columns.map((c, i) => {
        const { field } = c
        const name = label(field.label)
        const sorted = p.sort === field.name ? 1 : p.sort === `-${field.name}` ? -1 : 0
        const sortable = Boolean(field.can.sort) && p.onSort
        return (
          <div
            key={field.name} role="columnheader" aria-colindex={i + 2} aria-sort={sorted ? (sorted > 0 ? 'ascending' : 'descending') : undefined} style={place(i, p.pins)}
            className={`${css.th} ${i < p.pins ? css.pin : ''} ${over === i && from !== i ? css.landing : ''}`} draggable
            onDragStart={e => { setFrom(i); e.dataTransfer.effectAllowed = 'move'; e.dataTransfer.setData('text/plain', field.name) }}
            onDragOver={e => { if (from >= 0) { e.preventDefault(); setOver(i) } }}
            onDragEnd={() => { setFrom(-1); setOver(-1) }}
            onDrop={e => { e.preventDefault(); move(from, i); setFrom(-1); setOver(-1) }}
          >
            <button type="button" className={`${css.thName} ${typeOf(field).end ? css.thEnd : ''}`} title={sortable ? t('sort.by', { field: name }) : t('sort.cannot')} onClick={() => { if (sortable) p.onSort!(sorted === 1 ? `-${field.name}` : sorted === -1 ? '' : field.name) }}>
              <span>{name}</span>{sorted !== 0 && <Icon name={sorted > 0 ? 'up' : 'down'} size={12} />}
            </button>
            <Menu position="bottom-end" width={200} withinPortal shadow="none" transitionProps={{ duration: 0 }}>
              <Menu.Target><button type="button" className={css.thMenu} aria-label={t('column.menu', { field: name })}><Icon name="chevronDown" size={14} /></button></Menu.Target>
              <Menu.Dropdown>
                {sortable && <Menu.Item leftSection={<Icon name="up" />} onClick={() => p.onSort!(field.name)}>{t('sort.up')}</Menu.Item>}
                {sortable && <Menu.Item leftSection={<Icon name="down" />} onClick={() => p.onSort!(`-${field.name}`)}>{t('sort.down')}</Menu.Item>}
                {p.onGroup && field.can.group && <Menu.Item leftSection={<Icon name="stack" />} onClick={() => p.onGroup!(field.name)}>{t('group.by')}</Menu.Item>}
                <Menu.Item leftSection={<Icon name="pin" />} onClick={() => { if (i < p.pins) change(p.columns, i); else { const list = [...p.columns]; list.splice(i, 1); list.splice(p.pins, 0, c); change(list, p.pins + 1) } }}>{t(i < p.pins ? 'column.unpin' : 'column.pin')}</Menu.Item>
                <Menu.Divider />
                <Menu.Item disabled={i === 0} onClick={() => move(i, i - 1)}>{t('column.left')}</Menu.Item>
                <Menu.Item disabled={i === p.columns.length - 1} onClick={() => move(i, i + 1)}>{t('column.right')}</Menu.Item>
                <Menu.Item closeMenuOnClick={false} onClick={() => resize(i, c.width + 40)}>{t('column.wider')}</Menu.Item>
                <Menu.Item closeMenuOnClick={false} onClick={() => resize(i, c.width - 40)}>{t('column.narrower')}</Menu.Item>
                <Menu.Divider />
                <Menu.Item disabled={p.columns.length === 1} onClick={() => change(p.columns.filter((_, k) => k !== i), i < p.pins ? p.pins - 1 : p.pins)}>{t('column.hide')}</Menu.Item>
              </Menu.Dropdown>
            </Menu>
            <span className={css.drag} aria-hidden draggable onDragStart={e => { e.preventDefault(); e.stopPropagation() }} onPointerDown={e => drag(e, i)} onDoubleClick={() => resize(i, typeOf(field).width)} />
          </div>
        )
      })}
    </div>
  )
})
