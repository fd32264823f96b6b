import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { Op } from '../lib/cel'
import { t } from '../lib/i18n'
import { composing } from '../lib/nav'
import css from './cells.module.css'
import { typedEditor, type Typed } from './typed'
import type { CellProps, EditorProps, FieldType } from './types'

const text = (v: unknown) => (typeof v === 'string' ? v : v === null || v === undefined ? '' : String(v))
const Plain = ({ value }: CellProps) => <span className={css.text} dir="auto">{text(value)}</span>
const ops: Op[] = ['contains', 'eq', 'starts', 'lacks', 'filled', 'empty']

function line(more: Partial<Typed>, width: number, check?: (s: string) => boolean): FieldType {
  const Editor = typedEditor({ write: text, read: s => (check && !check(s.trim()) ? undefined : s.trim()), bad: 'bad.text', ...more })
  const Filter = typedEditor({ write: text, read: s => s.trim(), bad: 'bad.text' })
  return { width, text, Cell: Plain, Editor, Form: Editor, Filter, ops }
}

export const short = line({}, 180)
export const email = line({ bad: 'bad.email', mode: 'email' }, 220, s => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(s))
export const phone = line({ bad: 'bad.phone', mode: 'tel' }, 160, s => { const n = s.replace(/\D/g, '').length; return n >= 3 && n <= 20 })
export const url = line({ mode: 'url' }, 200)

/** Several lines. Enter keeps them, Shift+Enter begins another; in a form Enter is Enter. */
function Area(p: EditorProps & { mono?: boolean; check?: (s: string) => { value: unknown } | null }) {
  const start = p.seed ?? (p.check && p.value !== null && p.value !== undefined ? JSON.stringify(p.value, null, 2) : text(p.value))
  const [typed, setTyped] = useState(start)
  const area = useRef<HTMLTextAreaElement>(null)
  const over = useRef(false)
  useEffect(() => { if (p.autoFocus) { area.current?.focus(); area.current?.setSelectionRange(typed.length, typed.length) } }, []) // eslint-disable-line
  const read = (s: string) => (s.trim() === '' ? { value: null } : p.check ? p.check(s) : { value: s })
  const commit = (leave: 'down' | 'right' | 'left' | 'stay') => {
    if (over.current) return
    const r = read(typed)
    p.onBad?.(r ? null : t('bad.json'))
    if (!r) return
    over.current = p.place === 'cell'
    p.onCommit?.(r.value, leave)
  }
  const onKeyDown = (e: KeyboardEvent) => {
    if (composing(e)) return
    if (p.place === 'cell') e.stopPropagation()
    if (e.key === 'Enter' && p.onCommit && (e.ctrlKey || e.metaKey || (p.place === 'cell' && !e.shiftKey && !p.check))) { e.preventDefault(); commit('down') }
    else if (e.key === 'Tab' && p.place === 'cell') { e.preventDefault(); commit(e.shiftKey ? 'left' : 'right') }
    else if (e.key === 'Escape' && p.onCancel) { e.preventDefault(); e.stopPropagation(); over.current = true; p.onCancel() }
  }
  return (
    <textarea
      ref={area} id={p.id} data-autofocus={p.autoFocus || undefined} className={`${css.field} ${css.area} ${p.place === 'cell' ? css.over : ''}`} value={typed} rows={p.place === 'cell' ? 5 : 4} aria-label={p.id ? undefined : p.name}
      aria-invalid={p.invalid || undefined} aria-describedby={p.describedBy} dir="auto" onKeyDown={onKeyDown}
      onChange={e => {
        setTyped(e.target.value)
        const r = read(e.target.value)
        p.onBad?.(r || p.onCommit ? null : t('bad.json'))
        if (r && p.place !== 'cell') p.onChange(r.value)
      }}
      onBlur={() => { if (p.onCommit) commit('stay'); else p.onBad?.(read(typed) ? null : t('bad.json')) }}
    />
  )
}

const oneLine = (v: unknown) => text(v).replace(/\s+/g, ' ').slice(0, 300)

export const long: FieldType = {
  width: 260, tall: true, text, ops: ['contains', 'filled', 'empty'],
  Cell: ({ value }) => <span className={css.text} dir="auto">{oneLine(value)}</span>,
  Editor: Area, Form: Area, Filter: short.Filter,
}

const Json = (p: EditorProps) => <Area {...p} check={s => { try { return { value: JSON.parse(s) as unknown } } catch { return null } }} />

export const json: FieldType = {
  width: 200, tall: true, text: v => (v === null || v === undefined ? '' : JSON.stringify(v)), ops: [],
  Cell: ({ value }) => <span className={css.text}>{value === null || value === undefined ? '' : JSON.stringify(value).slice(0, 300)}</span>,
  Editor: Json, Form: Json,
}
