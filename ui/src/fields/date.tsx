import { type FC, type KeyboardEvent, lazy, Suspense, useState } from 'react'
import type { Op, Value } from '../lib/cel'
import { currentLang, t } from '../lib/i18n'
import { Popover } from '../lib/kit'
import { zone } from '../lib/session'
import { fromLocal, readDate, todayIn, toLocal } from '../lib/time'
import css from './cells.module.css'
import { typedEditor } from './typed'
import type { EditorProps, FieldType } from './types'

const Days = lazy(() => import('./Days')) // the calendar and its styles: only for who edits a date

const ops: Op[] = ['ge', 'le', 'eq', 'gt', 'lt', 'filled', 'empty']

/** Short and numeric, so that a column stays narrow: 25 Nov 2026 or 2026/11/25. */
function showDay(day: string): string {
  const at = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(at.getTime())) return day
  return currentLang() === 'en'
    ? new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }).format(at)
    : day.replaceAll('-', '/')
}

export function showMoment(iso: string): string {
  const local = toLocal(iso, zone())
  return local.length === 16 ? `${showDay(local.slice(0, 10))} ${local.slice(11)}` : iso
}

const TypedDay = typedEditor({ write: v => (typeof v === 'string' ? v : ''), read: s => relative(s) ?? readDate(s) ?? undefined, bad: 'bad.date', hint: () => t('hint.date') })
const TypedMoment = typedEditor({
  write: v => (typeof v === 'string' ? toLocal(v, zone()) : ''), read: s => fromLocal(s, zone()) ?? undefined, bad: 'bad.datetime', hint: () => t('hint.datetime'),
})

/** t is today, +7 a week from now. */
function relative(s: string): string | null {
  const m = /^(?:t|今天)?\s*([+-]\d{1,4})?$/i.exec(s.trim())
  if (!m || s.trim() === '') return null
  return new Date(Date.parse(`${todayIn(zone())}T00:00:00Z`) + Number(m[1] ?? 0) * 86_400_000).toISOString().slice(0, 10)
}

/** Typed, or picked from a calendar that opens with Alt+Down as in a native control. */
function withDays(Typed: typeof TypedDay, moment: boolean) {
  return function DateEditor(p: EditorProps) {
    const [open, setOpen] = useState(false)
    const local = typeof p.value === 'string' ? (moment ? toLocal(p.value, zone()) : p.value) : ''
    const pick = (day: string) => {
      setOpen(false)
      const v = moment ? fromLocal(`${day} ${local.slice(11) || '09:00'}`, zone()) : day
      p.onBad?.(null)
      if (p.onCommit) p.onCommit(v, 'stay')
      else p.onChange(v)
    }
    const onKeyDown = (e: KeyboardEvent) => { if (e.key === 'ArrowDown' && e.altKey) { e.preventDefault(); e.stopPropagation(); setOpen(true) } }
    return (
      <Popover withRoles={false} opened={open || p.place === 'cell'} onChange={setOpen} position="bottom-start" offset={2} zIndex={400} shadow="none" withinPortal transitionProps={{ duration: 0 }}>
        <Popover.Target>
          <div onKeyDownCapture={onKeyDown} onClick={() => setOpen(true)} style={p.place === 'cell' ? { height: '100%' } : undefined}><Typed {...p} /></div>
        </Popover.Target>
        <Popover.Dropdown p={0} bd={0} bg="transparent" onMouseDown={e => e.preventDefault()}>
          <div className={css.days}><Suspense fallback={<span className={css.small}>{t('loading')}</span>}><Days day={local.slice(0, 10)} onPick={pick} /></Suspense></div>
        </Popover.Dropdown>
      </Popover>
    )
  }
}

/** Beside a day, a filter takes days counted from today. */
function DayFilter({ Typed, ...p }: EditorProps & { Typed: FC<EditorProps> }) {
  const v = p.value as Value
  const days = v && typeof v === 'object' && 'call' in v && v.call === 'today' ? v.days : undefined
  const choices = [0, -7, -30, -90, 7, 30, 90]
  return (
    <div className={css.parts}>
      <select className={css.field} aria-label={p.name} value={days === undefined ? 'day' : String(days)} onChange={e => p.onChange(e.target.value === 'day' ? null : { call: 'today', days: Number(e.target.value) })}>
        <option value="day">{t('filter.day')}</option>
        {[...new Set([...choices, ...(days === undefined ? [] : [days])])].map(n => (
          <option key={n} value={n}>{n === 0 ? t('filter.today') : n < 0 ? t('filter.ago', { n: -n }) : t('filter.ahead', { n })}</option>
        ))}
      </select>
      {days === undefined && <Typed {...p} />}
    </div>
  )
}

function build(moment: boolean): FieldType {
  const Typed = moment ? TypedMoment : TypedDay
  const Editor = withDays(Typed, moment)
  const text = (v: unknown) => (typeof v === 'string' ? (moment ? showMoment(v) : showDay(v)) : '')
  const Filter = (p: EditorProps) => <DayFilter {...p} Typed={Typed} />
  return { width: moment ? 150 : 120, text, ops, Cell: ({ value }) => <span className={`${css.text} ${css.num}`}>{text(value)}</span>, Editor, Form: Editor, Filter }
}

export const date = build(false)
export const datetime = build(true)
