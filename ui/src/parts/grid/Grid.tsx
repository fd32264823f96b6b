// A list as a spreadsheet: only the rows in view are in the page, one listener for all cells, an editor in
// the active cell alone. It knows nothing of where rows come from.
import { type CSSProperties, type KeyboardEvent, type MouseEvent, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { typeOf, type Leave } from '../../fields'
import { useStable } from '../../lib/hooks'
import { useLang } from '../../lib/i18n'
import { useNames } from '../../lib/names'
import { type Cell, composing, move, next, range } from '../../lib/nav'
import { commandKeys, pairBegun } from '../../lib/shortcuts'
import { isMasked } from '../../lib/schema'
import { heightOf, placeOf, reveal, rowsAt, scaleOf } from '../../lib/window'
import type { Field, Rec } from '../../lib/types'
import css from './Grid.module.css'
import { GridHead } from './GridHead'
import { GridRow } from './GridRow'
import type { Column, Edit, Item } from './types'

export interface GridProps {
  name: string
  columns: Column[]
  pins: number
  count: number
  /** all there are, for the ear; less than count is never */
  total: number
  itemAt: (i: number) => Item
  /** another list than before: begin at its top */
  listKey: string
  sort: string
  busy: boolean
  selected: Set<string>
  peeked?: string
  flash: { id: string; field: string } | null
  onSelect: (ids: Set<string>) => void
  onSort?: (sort: string) => void
  onGroup?: (name: string) => void
  onColumns: (columns: Column[], pins: number) => void
  /** rows up to here are in view */
  onReach: (last: number) => void
  onEdit: (rec: Rec, field: Field, value: unknown) => void
  onReveal: (rec: Rec, field: Field) => void
  onOpen: (rec: Rec) => void
  onPeek: (rec: Rec | null) => void
  onActive: (rec: Rec) => void
  onToggle: (item: Item) => void
  onCopy: (text: string, cells: number) => void
}

const headHeight = 36

function useView(el: React.RefObject<HTMLDivElement | null>) {
  const [view, setView] = useState({ height: 600, top: 0, row: 36 })
  useLayoutEffect(() => {
    const box = el.current!
    let waiting = false
    const measure = () => {
      waiting = false
      const row = parseInt(getComputedStyle(document.documentElement).getPropertyValue('--row')) || 36
      setView(v => (v.height === box.clientHeight && v.top === box.scrollTop && v.row === row ? v : { height: box.clientHeight, top: box.scrollTop, row }))
    }
    const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(measure) } }
    const sizes = new ResizeObserver(soon)
    sizes.observe(box)
    box.addEventListener('scroll', soon, { passive: true })
    measure()
    return () => { sizes.disconnect(); box.removeEventListener('scroll', soon) }
  }, [el])
  return view
}

export function Grid(p: GridProps) {
  const id = useId()
  const root = useRef<HTMLDivElement>(null)
  const { height, top, row } = useView(root)
  const [active, setActive] = useState<Cell>({ row: 0, col: 0 })
  const [anchor, setAnchor] = useState<Cell | null>(null)
  const [edit, setEdit] = useState<Edit | null>(null)
  const lang = useLang()
  const epoch = `${lang} ${useNames()}`
  const lastCheck = useRef(-1)

  const g = { count: p.count, row, view: Math.max(row, height - headHeight) }
  const { from, to } = rowsAt(g, top)
  const scale = scaleOf(g)
  const size = { rows: p.count, cols: p.columns.length, page: Math.max(1, Math.floor(g.view / row) - 1) }
  const at: Cell = { row: Math.min(active.row, Math.max(0, p.count - 1)), col: Math.min(active.col, p.columns.length - 1) }
  const item = p.count > 0 ? p.itemAt(at.row) : undefined
  const rec = item?.kind === 'rec' ? item.rec : undefined
  const field = p.columns[at.col]?.field

  const shownKey = useRef(p.listKey)
  useEffect(() => {
    if (shownKey.current === p.listKey) return
    shownKey.current = p.listKey
    root.current!.scrollTop = 0
    setActive(was => ({ row: 0, col: was.col }))
    setAnchor(null)
    setEdit(null)
  }, [p.listKey])

  const { onReach } = p
  useEffect(() => { if (to > 0) onReach(to) }, [to, onReach])

  // One pixel of a scaled scrollbar is several rows; the wheel still moves by what it says.
  useEffect(() => {
    const box = root.current
    if (!box || scale <= 1.001) return
    const wheel = (e: WheelEvent) => { if (!e.deltaY || e.ctrlKey) return; e.preventDefault(); box.scrollTop += e.deltaY / scale; box.scrollLeft += e.deltaX }
    box.addEventListener('wheel', wheel, { passive: false })
    return () => box.removeEventListener('wheel', wheel)
  }, [scale])

  const variables = useMemo(() => {
    const style: Record<string, string> = {}
    let left = 40
    p.columns.forEach((c, i) => { style[`--w${i}`] = `${c.width}px`; style[`--l${i}`] = `${left}px`; left += c.width })
    return style as CSSProperties
  }, [p.columns])

  const go = (to: Cell, extend = false) => {
    setAnchor(extend ? (anchor ?? at) : null)
    setActive(to)
    setEdit(null)
    const box = root.current!
    const want = reveal(g, to.row, box.scrollTop)
    if (want !== box.scrollTop) box.scrollTop = want
    showColumn(box, p.columns, p.pins, to.col)
    const it = p.itemAt(to.row)
    if (it.kind === 'rec' && to.row !== at.row) p.onActive(it.rec)
  }
  const focusGrid = () => root.current?.focus({ preventScroll: true })

  const begin = (seed?: string) => {
    if (!rec || !field) return
    if (isMasked(field) && rec.fields[field.name] && seed === undefined) { p.onReveal(rec, field); return }
    if (typeOf(field).Editor && rec.can.update) setEdit({ seed })
  }
  const commit = useStable((r: Rec, col: number, value: unknown, leave: Leave) => {
    const f = p.columns[col]!.field
    setEdit(null)
    const same = JSON.stringify(value ?? null) === JSON.stringify(r.fields[f.name] ?? null)
    if (!same && !(isMasked(f) && value === null)) p.onEdit(r, f, value)
    if (leave === 'down') go({ row: Math.min(at.row + 1, p.count - 1), col })
    else if (leave !== 'stay') { const to = next(at, leave === 'left', size); if (to) go(to) }
    if (leave !== 'stay' || root.current?.contains(document.activeElement) || document.activeElement === document.body) focusGrid()
  })
  const cancel = useStable(() => { setEdit(null); focusGrid() })

  const toggle = (r: Rec) => {
    const set = new Set(p.selected)
    if (!set.delete(r.id)) set.add(r.id)
    p.onSelect(set)
  }
  const loaded = () => {
    const ids: string[] = []
    for (let i = 0; i < p.count; i++) { const it = p.itemAt(i); if (it.kind === 'rec') ids.push(it.rec.id) }
    return ids
  }
  const copy = () => {
    const r = range(anchor ?? at, at)
    const lines: string[] = []
    for (let i = r.top; i <= Math.min(r.bottom, r.top + 9999); i++) {
      const it = p.itemAt(i)
      if (it.kind === 'rec') lines.push(p.columns.slice(r.left, r.right + 1).map(c => (isMasked(c.field) ? '' : typeOf(c.field).text(it.rec.fields[c.field.name], c.field).replace(/[\t\n\r]+/g, ' '))).join('\t'))
    }
    p.onCopy(lines.join('\n'), lines.length * (r.right - r.left + 1))
  }

  const onKeyDown = (e: KeyboardEvent) => {
    if (composing(e) || e.target !== root.current || p.count === 0) return
    const ctrl = e.ctrlKey || e.metaKey
    const to = e.altKey ? null : move(at, { key: e.key, ctrl, shift: e.shiftKey }, size)
    const done = () => { e.preventDefault(); e.stopPropagation() }
    if (to) {
      done()
      if (e.shiftKey && p.selected.size && to.col === at.col) {
        const it = p.itemAt(to.row)
        if (it.kind === 'rec') p.onSelect(new Set(p.selected).add(it.rec.id))
        go(to)
      } else go(to, e.shiftKey)
    } else if (ctrl && e.key.toLowerCase() === 'c') { done(); copy() }
    else if (ctrl && e.key.toLowerCase() === 'a') { done(); p.onSelect(new Set(loaded())) }
    else if (ctrl || e.altKey) return
    else if (item && item.kind !== 'rec' && item.kind !== 'wait' && (e.key === 'Enter' || e.key === ' ')) { done(); p.onToggle(item) }
    else if (e.key === 'Enter' || e.key === 'F2') { done(); begin() }
    else if (e.key === ' ' && rec) { done(); p.onPeek(rec) }
    else if (e.key === 'Escape') {
      if (anchor) { done(); setAnchor(null) }
      else if (p.selected.size) { done(); p.onSelect(new Set()) }
      else if (p.peeked) { done(); p.onPeek(null) }
    } else if ((e.key === 'Delete' || e.key === 'Backspace') && rec && field && typeOf(field).Editor && rec.can.update && !field.required && !isMasked(field) && rec.fields[field.name] != null) { done(); p.onEdit(rec, field, null) }
    else if (e.key.length === 1 && rec && !pairBegun(e)) letter(e.key, done)
  }
  // Small letters that are commands stay commands; a capital, a digit or any other sign begins an edit, and
  // so do Enter and F2 everywhere.
  const letter = (key: string, done: () => void) => {
    if (key === 'x') { done(); toggle(rec!) }
    else if (key === 'o') { done(); p.onOpen(rec!) }
    else if (key === 'j' || key === 'k') { done(); go({ row: Math.max(0, Math.min(p.count - 1, at.row + (key === 'j' ? 1 : -1))), col: at.col }) }
    else if (!commandKeys.has(key)) { done(); begin(key) }
  }

  const cellOf = (e: MouseEvent): Cell | null => {
    const el = (e.target as Element).closest<HTMLElement>('[data-row]')
    const col = (e.target as Element).closest<HTMLElement>('[data-col]')
    return el ? { row: Number(el.dataset.row), col: col ? Number(col.dataset.col) : -1 } : null
  }
  const onMouseDown = (e: MouseEvent) => {
    if (e.button !== 0 || (e.target as Element).closest('input:not([type=checkbox]),textarea,select,[role=listbox]')) return
    const c = cellOf(e)
    if (!c) return
    const it = p.itemAt(c.row)
    if ((e.target as Element).closest('[data-check]')) {
      e.preventDefault()
      if (it.kind !== 'rec') return
      if (e.shiftKey && lastCheck.current >= 0) {
        const set = new Set(p.selected)
        for (let i = Math.min(lastCheck.current, c.row); i <= Math.max(lastCheck.current, c.row); i++) { const x = p.itemAt(i); if (x.kind === 'rec') set.add(x.rec.id) }
        p.onSelect(set)
      } else toggle(it.rec)
      lastCheck.current = c.row
      go({ row: c.row, col: at.col })
      focusGrid()
      return
    }
    if (it.kind === 'group' || it.kind === 'more') { p.onToggle(it); go({ row: c.row, col: 0 }); return }
    if (c.col < 0) return
    if (edit && c.row === at.row && c.col === at.col) return
    // The editor that is open commits when it loses the focus; then the cell is chosen.
    focusGrid()
    go(c, e.shiftKey)
  }
  const onDoubleClick = (e: MouseEvent) => {
    const c = cellOf(e)
    if (c && c.col >= 0 && !edit) begin()
  }
  // What does not fit shows whole after a while.
  const onMouseOver = (e: MouseEvent) => {
    const cell = (e.target as Element).closest<HTMLElement>('[data-col]')
    if (!cell || cell.title) return
    const inner = cell.firstElementChild
    if (inner && (inner.scrollWidth > inner.clientWidth + 1 || cell.scrollWidth > cell.clientWidth + 1)) cell.title = cell.textContent ?? ''
  }

  const span = anchor && range(anchor, at)
  const rows = []
  for (let i = from; i < to; i++) {
    const it = p.itemAt(i)
    const isRec = it.kind === 'rec'
    rows.push(
      <GridRow
        key={isRec ? it.rec.id : it.kind === 'wait' ? `w${i}` : it.key} id={id} item={it} index={i} top={placeOf(g, i, top)} columns={p.columns} pins={p.pins} active={i === at.row ? at.col : -1}
        span={span && i >= span.top && i <= span.bottom ? [span.left, span.right] : null} selected={isRec && p.selected.has(it.rec.id)} peeked={isRec && p.peeked === it.rec.id}
        edit={i === at.row ? edit : null} flash={isRec && p.flash?.id === it.rec.id ? p.flash.field : null} epoch={epoch} onCommit={commit} onCancel={cancel}
      />,
    )
  }
  const chosen = p.selected.size
  const onAll = useStable(() => p.onSelect(chosen ? new Set() : new Set(loaded())))
  const onSort = useStable((s: string) => p.onSort?.(s))
  const onGroup = useStable((s: string) => p.onGroup?.(s))
  const onColumns = useStable(p.onColumns)
  return (
    <div
      ref={root} className={css.grid} style={variables} role="grid" aria-label={p.name} aria-rowcount={p.total + 1} aria-colcount={p.columns.length + 1} aria-busy={p.busy} aria-multiselectable tabIndex={0}
      aria-activedescendant={p.count && at.row >= from && at.row < to ? `${id}-${at.row}-${item?.kind === 'rec' ? at.col : 0}` : undefined} onKeyDown={onKeyDown} onMouseDown={onMouseDown} onDoubleClick={onDoubleClick} onMouseOver={onMouseOver}
    >
      <GridHead
        root={root} lang={lang} columns={p.columns} pins={p.pins} sort={p.sort} busy={p.busy} all={chosen > 0 && loaded().every(x => p.selected.has(x))} some={chosen > 0}
        onAll={onAll} onSort={p.onSort && onSort} onGroup={p.onGroup && onGroup} onColumns={onColumns}
      />
      <div className={css.body} role="rowgroup" style={{ height: heightOf(g) }}>{rows}</div>
    </div>
  )
}

/** Scrolls sideways until a column is whole in view, beside those that are pinned. */
function showColumn(box: HTMLDivElement, columns: Column[], pins: number, col: number) {
  if (col < pins) return
  const sum = (n: number) => columns.slice(0, n).reduce((w, c) => w + c.width, 40)
  const fixed = sum(pins)
  const start = sum(col)
  const end = start + (columns[col]?.width ?? 0)
  if (start - box.scrollLeft < fixed) box.scrollLeft = start - fixed
  else if (end - box.scrollLeft > box.clientWidth) box.scrollLeft = Math.min(end - box.clientWidth, start - fixed)
}
