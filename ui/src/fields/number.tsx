import type { Op } from '../lib/cel'
import { currentLang, t } from '../lib/i18n'
import { readDecimal, readMoney, showMoney, showNumber } from '../lib/number'
import { readDuration, showDuration } from '../lib/time'
import type { Field, Money } from '../lib/types'
import css from './cells.module.css'
import { typedEditor, type Typed } from './typed'
import type { FieldType } from './types'

const ops: Op[] = ['eq', 'gt', 'ge', 'lt', 'le', 'ne', 'filled', 'empty']
const empty = (v: unknown) => v === null || v === undefined || v === ''

function numeric(show: (v: unknown, f: Field) => string, k: Omit<Typed, 'end'>, width = 110): FieldType {
  const text = (v: unknown, f: Field) => (empty(v) ? '' : show(v, f))
  const Editor = typedEditor({ ...k, end: true, mode: k.mode ?? 'decimal' })
  // A filter compares with the plain number.
  const Filter = typedEditor({ write: v => (empty(v) ? '' : String(v)), read: s => { const n = readDecimal(s); return n === null ? undefined : Number(n) }, bad: 'bad.number', mode: 'decimal' })
  return { width, end: true, text, ops, Cell: ({ value, field }) => <span className={`${css.text} ${css.num}`}>{text(value, field)}</span>, Editor, Form: Editor, Filter }
}

const plain = (v: unknown) => (empty(v) ? '' : String(v))
const decimalOf = (s: string) => readDecimal(s) ?? undefined

export const int = numeric(v => showNumber(v, currentLang()), {
  write: plain, bad: 'bad.int', mode: 'numeric', read: s => { const n = readDecimal(s); return n !== null && /^-?\d+$/.test(n) && Number.isSafeInteger(Number(n)) ? Number(n) : undefined },
})
export const decimal = numeric((v, f) => showNumber(v, currentLang(), f.digits), { write: plain, read: decimalOf, bad: 'bad.number' })
export const percent = numeric(v => `${showNumber(v, currentLang())}%`, { write: plain, read: s => decimalOf(s.replace(/[%％]\s*$/, '')), bad: 'bad.number' }, 100)

const moneyOf = (v: unknown) => (v && typeof v === 'object' && 'amount' in v ? (v as Money) : null)
const base = (f: Field) => f.currency || 'CNY'

export const money: FieldType = numeric(
  v => { const m = moneyOf(v); return m ? showMoney(m, currentLang()) : plain(v) },
  {
    bad: 'bad.money', hint: f => `1200 ${base(f)}`, read: (s, f) => readMoney(s, base(f)) ?? undefined,
    write: v => { const m = moneyOf(v); return m ? `${m.amount.replace(/\.00$/, '')} ${m.currency}` : plain(v) },
  }, 130)

export const duration = numeric(v => showDuration(Number(v)), {
  write: v => (empty(v) ? '' : showDuration(Number(v))), read: s => readDuration(s) ?? undefined, bad: 'bad.duration', mode: 'numeric', hint: () => t('hint.duration'),
}, 100)
