// Fields by path, and filters in words.
import { typeOf } from '../../fields'
import { bare, type Op, type Rule, type Value } from '../../lib/cel'
import { currentLang, type Key, label, t } from '../../lib/i18n'
import { showNumber } from '../../lib/number'
import { fieldNamed, objectNamed, shownType, targets } from '../../lib/schema'
import type { Field, Obj } from '../../lib/types'

/** The field that a path ends at, through links; undefined where chips do not know it. */
export function fieldAt(o: Obj, path: string): Field | undefined {
  const [first = '', ...rest] = path.split('.')
  const f = fieldNamed(o, first)
  if (!f || rest.length === 0) return f
  const to = objectNamed(targets(f)[0] ?? '')
  return to && fieldAt(to, rest.join('.'))
}

export function pathText(o: Obj, path: string): string {
  const parts: string[] = []
  let at: Obj | undefined = o
  for (const name of path.split('.')) {
    const f: Field | undefined = fieldNamed(at, name)
    parts.push(f ? label(f.label) : name)
    at = f && objectNamed(targets(f)[0] ?? '')
  }
  return parts.join(' › ')
}

export const filterable = (o: Obj) => o.fields.filter(f => f.can.filter && typeOf(f).ops.length > 0)

/** A choice is edited as a list, also when the text says ==. */
export function forEditing(r: Rule, f: Field): Rule {
  const { ops } = typeOf(f)
  return r.op === 'eq' && ops.includes('in') && !ops.includes('eq') ? { ...r, op: 'in', value: [r.value ?? ''] } : r
}

/** A list of one is ==, which also takes me(). */
export function forWriting(r: Rule): Rule {
  return r.op === 'in' && Array.isArray(r.value) && r.value.length === 1 ? { ...r, op: 'eq', value: r.value[0]! } : r
}

/** What still lacks a value is no condition yet. */
export const complete = (r: Rule) => bare.includes(r.op) || (r.value !== undefined && r.value !== null && r.value !== '' && !(Array.isArray(r.value) && r.value.length === 0))

export function valueText(v: Value | undefined, f: Field | undefined): string {
  if (v === undefined || v === null) return ''
  if (Array.isArray(v)) return v.map(x => valueText(x, f)).join(currentLang() === 'en' ? ', ' : '、')
  if (typeof v === 'object') {
    if (v.call === 'me') return t('filter.me')
    if (v.call === 'now') return t('filter.now')
    if (v.call !== 'today') return ''
    return v.days === 0 ? t('filter.today') : v.days < 0 ? t('filter.ago', { n: -v.days }) : t('filter.ahead', { n: v.days })
  }
  if (typeof v === 'number') return showNumber(v, currentLang())
  if (typeof v === 'boolean') return t(v ? 'yes' : 'no')
  return f && !['int', 'decimal', 'percent', 'money', 'duration'].includes(shownType(f)) ? typeOf(f).text(v, f) || v : v
}

export const opText = (op: Op, f: Field | undefined): string => {
  const day = f && ['date', 'datetime'].includes(shownType(f))
  return t((day && ['lt', 'le', 'gt', 'ge', 'eq'].includes(op) ? `op.day.${op}` : `op.${op}`) as Key)
}
