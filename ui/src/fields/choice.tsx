import type { Op } from '../lib/cel'
import { label, t } from '../lib/i18n'
import type { Field } from '../lib/types'
import { type Choice, Choose } from '../parts/Choose'
import { Icon } from '../parts/Icon'
import { Pill } from '../parts/Pill'
import css from './cells.module.css'
import type { EditorProps, FieldType } from './types'

const optionOf = (f: Field, key: unknown) => f.options?.find(o => o.key === key)
const nameOf = (f: Field, key: unknown) => { const o = optionOf(f, key); return o ? label(o.label) : typeof key === 'string' ? key : '' }
const keysOf = (v: unknown): string[] => (Array.isArray(v) ? v.filter(x => typeof x === 'string') : typeof v === 'string' && v ? [v] : [])
const choice = (f: Field, key: string): Choice => ({ key, text: nameOf(f, key), color: optionOf(f, key)?.color, pill: true })
/** What is no longer offered can stay where it is. */
const offered = (f: Field, kept: string[]) => (f.options ?? []).filter(o => !o.archived || kept.includes(o.key)).map(o => choice(f, o.key))

function editor(many: boolean) {
  return function ChoiceEditor(p: EditorProps) {
    const keys = keysOf(p.value)
    const several = many || p.place === 'filter'
    const out = (k: string[]): unknown => (several ? (k.length ? k : null) : (k[0] ?? null))
    return (
      <Choose
        name={p.name} place={p.place} chosen={keys.map(k => choice(p.field, k))} choices={offered(p.field, keys)} many={several} clearable={!p.field.required} seed={p.seed} id={p.id}
        invalid={p.invalid} describedBy={p.describedBy} autoFocus={p.autoFocus} onCancel={p.onCancel}
        onChange={k => { p.onChange(out(k)); if (!several && p.onCommit) p.onCommit(out(k), 'stay') }}
        onDone={leave => { if (several || leave !== 'stay') p.onCommit?.(p.value, leave); else p.onCancel?.() }}
      />
    )
  }
}

const One = editor(false)
const Many = editor(true)
const ops: Op[] = ['in', 'filled', 'empty']

export const picklist: FieldType = {
  width: 140, text: (v, f) => nameOf(f, v), ops,
  Cell: ({ value, field }) => (value ? <Pill text={nameOf(field, value)} color={optionOf(field, value)?.color} /> : null),
  Editor: One, Form: One, Filter: One,
}

export const multipick: FieldType = {
  width: 200, text: (v, f) => keysOf(v).map(k => nameOf(f, k)).join(', '), ops: ['has', 'hasnot', 'filled', 'empty'],
  Cell: ({ value, field }) => <span className={css.pills}>{keysOf(value).map(k => <Pill key={k} text={nameOf(field, k)} color={optionOf(field, k)?.color} />)}</span>,
  Editor: Many, Form: Many,
  Filter: p => {
    const keys = keysOf(p.value)
    return <Choose name={p.name} place={p.place} chosen={keys.map(k => choice(p.field, k))} choices={offered(p.field, keys)} autoFocus={p.autoFocus} onChange={k => p.onChange(k[0] ?? null)} />
  },
}

function BoolEditor(p: EditorProps) {
  const words: Choice[] = [{ key: 'true', text: t('yes') }, { key: 'false', text: t('no') }]
  const chosen = p.value === true ? [words[0]!] : p.value === false ? [words[1]!] : []
  const out = (k: string[]) => (k[0] === undefined ? null : k[0] === 'true')
  return (
    <Choose
      name={p.name} place={p.place} chosen={chosen} choices={words} clearable={!p.field.required} seed={p.seed} id={p.id} invalid={p.invalid} describedBy={p.describedBy}
      autoFocus={p.autoFocus} onCancel={p.onCancel} onChange={k => { p.onChange(out(k)); p.onCommit?.(out(k), 'stay') }} onDone={leave => { if (leave !== 'stay') p.onCommit?.(p.value, leave); else p.onCancel?.() }}
    />
  )
}

export const bool: FieldType = {
  width: 100, ops: ['yes', 'no', 'empty'], text: v => (v === true ? t('yes') : v === false ? t('no') : ''),
  Cell: ({ value }) => (value === true ? <span className={css.person}><Icon name="check" size={14} />{t('yes')}</span> : value === false ? <span className={css.none}>{t('no')}</span> : null),
  Editor: BoolEditor, Form: BoolEditor,
}
