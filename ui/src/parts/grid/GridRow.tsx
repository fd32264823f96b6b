import { memo, useState } from 'react'
import { typeOf, type Leave } from '../../fields'
import { label, t } from '../../lib/i18n'
import { recTitle } from '../../lib/schema'
import type { Rec } from '../../lib/types'
import { Icon } from '../Icon'
import css from './Grid.module.css'
import type { Column, Edit, Item, Span } from './types'

interface Props {
  id: string
  item: Item
  index: number
  top: number
  columns: Column[]
  pins: number
  active: number
  span: Span
  selected: boolean
  peeked: boolean
  edit: Edit | null
  flash: string | null
  /** changes when titles of links have come or the language has changed, so that the row is painted again */
  epoch: string
  onCommit: (rec: Rec, col: number, v: unknown, leave: Leave) => void
  onCancel: () => void
}

/** Where a column stands: its width is a variable of the grid, so that dragging repaints no row. */
export const place = (i: number, pins: number) => (i < pins ? { width: `var(--w${i})`, insetInlineStart: `var(--l${i})` } : { width: `var(--w${i})` })
const pinned = (i: number, pins: number) => (i < pins ? `${css.pin} ${i === pins - 1 ? css.pinEdge : ''}` : '')

/** A row is plain elements without handlers: the grid listens once, for all of them. */
export const GridRow = memo(function GridRow(p: Props) {
  const style = { transform: `translateY(${p.top}px)` }
  const { item } = p
  if (item.kind === 'wait') {
    return (
      <div className={css.row} style={style} role="row" aria-rowindex={p.index + 2} aria-busy>
        <div role="gridcell" aria-label={t('loading')} className={css.check} />
        {p.columns.map((c, i) => <div key={c.field.name} role="gridcell" className={css.cell} style={place(i, p.pins)}><span className={css.wait} style={{ width: `${35 + ((p.index * 7 + i * 13) % 45)}%`, margin: 0 }} /></div>)}
      </div>
    )
  }
  if (item.kind === 'more') {
    return <div className={`${css.row} ${css.group} ${p.active >= 0 ? css.active : ''}`} style={style} role="row" aria-rowindex={p.index + 2} data-row={p.index}><div role="gridcell" id={`${p.id}-${p.index}-0`} className={css.groupKey}><a>{item.text}</a></div></div>
  }
  if (item.kind === 'group') {
    return (
      <div className={`${css.row} ${css.group} ${p.active >= 0 ? css.active : ''}`} style={style} role="row" aria-rowindex={p.index + 2} data-row={p.index}>
        <div role="gridcell" aria-expanded={item.open} id={`${p.id}-${p.index}-0`} className={css.groupKey}>
          <span className={item.open ? css.open : css.shut}><Icon name="chevronRight" size={14} /></span>
          {item.title}<span className={css.count}>{t('count', { n: item.count })}</span>
          {Object.entries(item.sums).map(([name, text]) => <span key={name} className={css.count}>{label(p.columns.find(c => c.field.name === name)?.field.label)} {text}</span>)}
        </div>
      </div>
    )
  }
  const { rec } = item
  return (
    <div className={`${css.row} ${p.selected ? css.selected : ''} ${p.peeked ? css.peeked : ''} ${p.edit ? css.above : ''}`} style={style} role="row" aria-rowindex={p.index + 2} aria-selected={p.selected} data-row={p.index}>
      <div className={css.check} role="gridcell" data-check><label><input type="checkbox" tabIndex={-1} checked={p.selected} readOnly aria-label={t('select.row', { what: recTitle(rec) || t('untitled') })} /></label></div>
      {p.columns.map((c, i) => {
        const k = typeOf(c.field)
        const value = rec.fields[c.field.name]
        const editing = p.edit !== null && i === p.active
        const inSpan = p.span !== null && i >= p.span[0] && i <= p.span[1]
        const cls = `${css.cell} ${k.end ? css.end : ''} ${i === 0 ? css.first : ''} ${pinned(i, p.pins)} ${inSpan ? css.ranged : ''} ${i === p.active ? css.active : ''} ${editing ? css.editing : ''} ${p.flash === c.field.name ? css.flash : ''}`
        return (
          <div key={c.field.name} id={`${p.id}-${p.index}-${i}`} className={cls} style={place(i, p.pins)} role="gridcell" aria-colindex={i + 2} aria-readonly={!k.Editor || !rec.can.update} data-col={i}>
            {editing ? <CellEditor {...p} rec={rec} col={i} column={c} edit={p.edit!} /> : value === null || value === undefined || value === '' ? <span className={css.dash} aria-hidden>—</span> : <k.Cell value={value} field={c.field} rec={rec} />}
          </div>
        )
      })}
    </div>
  )
})

function CellEditor({ rec, col, column, edit, onCommit, onCancel }: Props & { rec: Rec; col: number; column: Column; edit: Edit }) {
  const { Editor } = typeOf(column.field)
  const [value, setValue] = useState(rec.fields[column.field.name])
  const [bad, setBad] = useState<string | null>(null)
  if (!Editor) return null
  return (
    <>
      <Editor
        field={column.field} value={value} name={label(column.field.label)} place="cell" autoFocus seed={edit.seed} invalid={bad !== null} describedBy={bad ? 'cell-bad' : undefined}
        onChange={setValue} onBad={setBad} onCommit={(v, leave) => onCommit(rec, col, v, leave)} onCancel={onCancel}
      />
      {bad && <span className={css.bad} id="cell-bad" role="alert">{bad}</span>}
    </>
  )
}
