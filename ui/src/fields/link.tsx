import { useState } from 'react'
import { get } from '../lib/api'
import type { Op, Value } from '../lib/cel'
import { label, t } from '../lib/i18n'
import { keys } from '../lib/keys'
import { learn, nameOf, useNames } from '../lib/names'
import { objectNamed, targets, titleOf } from '../lib/schema'
import type { Field, Page, Ref } from '../lib/types'
import { type Choice, Choose } from '../parts/Choose'
import css from './cells.module.css'
import type { EditorProps, FieldType } from './types'

const refOf = (v: unknown): Ref | null => (v && typeof v === 'object' && 'id' in v && 'object' in v ? (v as Ref) : null)
const title = (object: string, id: unknown) => (typeof id === 'string' && id ? (nameOf(object, id) ?? '') : '')
const initial = (s: string) => [...s][0]?.toUpperCase() ?? ''

/** Records of an object that hold what was typed; without it, the newest. */
async function find(object: string, search: string): Promise<Choice[]> {
  const o = objectNamed(object)
  if (!o) return []
  const filter = object === 'user' && o.fields.some(f => f.name === 'active' && f.can.filter) ? '!has(active) || active' : ''
  const page = await get<Page>(`/records/${object}`, { query: { search: search.trim(), filter, fields: o.title.join(','), limit: 20 } })
  return page.records.map(r => {
    const text = titleOf(o, r.fields)
    learn(object, r.id, text)
    return { key: r.id, text: text || t('untitled') }
  })
}

const shown = (object: string, id: string): Choice => ({ key: id, text: title(object, id) || '…' })
const loader = (object: string) => ({ key: keys.choices(object, ''), run: (s: string) => find(object, s) })

function OneEditor(p: EditorProps) {
  useNames()
  const object = targets(p.field)[0] ?? ''
  const id = typeof p.value === 'string' ? p.value : ''
  return (
    <Choose
      name={p.name} place={p.place} chosen={id ? [shown(object, id)] : []} load={loader(object)} clearable={!p.field.required} seed={p.seed} id={p.id} invalid={p.invalid}
      describedBy={p.describedBy} autoFocus={p.autoFocus} onCancel={p.onCancel} onChange={k => { p.onChange(k[0] ?? null); p.onCommit?.(k[0] ?? null, 'stay') }}
      onDone={leave => { if (leave !== 'stay') p.onCommit?.(p.value, leave); else p.onCancel?.() }}
    />
  )
}

function ManyEditor(p: EditorProps) {
  useNames()
  const object = targets(p.field)[0] ?? ''
  const ids = Array.isArray(p.value) ? (p.value as string[]) : []
  return (
    <Choose
      name={p.name} place={p.place} chosen={ids.map(id => shown(object, id))} load={loader(object)} many seed={p.seed} id={p.id} invalid={p.invalid} describedBy={p.describedBy}
      autoFocus={p.autoFocus} onCancel={p.onCancel} onChange={k => p.onChange(k.length ? k : null)} onDone={leave => p.onCommit?.(p.value, leave)}
    />
  )
}

/** First what kind of record, then which. */
function AnyEditor(p: EditorProps) {
  useNames()
  const ref = refOf(p.value)
  const [object, setObject] = useState(ref?.object ?? targets(p.field)[0] ?? '')
  return (
    <div className={p.place === 'cell' ? css.overParts : css.parts}>
      <select className={css.field} aria-label={t('link.kind', { field: p.name })} value={object} onChange={e => setObject(e.target.value)}>
        {targets(p.field).map(n => { const o = objectNamed(n); return o && <option key={n} value={n}>{label(o.label)}</option> })}
      </select>
      <Choose
        key={object} name={p.name} place="form" chosen={ref?.object === object ? [shown(object, ref.id)] : []} load={loader(object)} clearable={!p.field.required} id={p.id} invalid={p.invalid}
        describedBy={p.describedBy} autoFocus={p.autoFocus} onCancel={p.onCancel} onDone={p.place === 'cell' ? leave => { if (leave !== 'stay') p.onCommit?.(p.value, leave) } : undefined}
        onChange={k => { const v = k[0] ? { object, id: k[0] } : null; p.onChange(v); p.onCommit?.(v, 'stay') }}
      />
    </div>
  )
}

const isMe = (v: unknown) => Boolean(v && typeof v === 'object' && 'call' in v && (v as { call: string }).call === 'me')

function LinkFilter(p: EditorProps) {
  useNames()
  const object = targets(p.field)[0] ?? ''
  const list = (Array.isArray(p.value) ? p.value : p.value ? [p.value] : []) as Value[]
  const me: Choice = { key: 'me()', text: t('filter.me') }
  const load = loader(object)
  const run = async (s: string) => [...(object === 'user' && !s ? [me] : []), ...await load.run(s)]
  return (
    <Choose
      name={p.name} place={p.place} autoFocus={p.autoFocus} many load={{ key: [...load.key, 'filter'], run }} chosen={list.map(v => (isMe(v) ? me : shown(object, String(v))))}
      onChange={k => p.onChange(k.length ? k.map(x => (x === 'me()' ? { call: 'me' } : x)) : null)}
    />
  )
}

const ops: Op[] = ['in', 'filled', 'empty']
const oneText = (v: unknown, f: Field) => title(targets(f)[0] ?? '', v)

export const lookup: FieldType = {
  width: 180, text: oneText, ops, Cell: ({ value, field }) => <span className={css.text}>{oneText(value, field)}</span>, Editor: OneEditor, Form: OneEditor, Filter: LinkFilter,
}

export const user: FieldType = {
  ...lookup, width: 150,
  Cell: ({ value, field }) => {
    const text = oneText(value, field)
    if (!text) return null
    return <span className={css.person}><span className={css.face} aria-hidden>{initial(text)}</span><span className={css.text}>{text}</span></span>
  },
}

export const team: FieldType = lookup

const manyText = (v: unknown, f: Field) => (Array.isArray(v) ? v.map(id => title(targets(f)[0] ?? '', id)).filter(Boolean).join(', ') : '')
export const lookups: FieldType = { ...lookup, width: 200, text: manyText, ops: [], Cell: ({ value, field }) => <span className={css.text}>{manyText(value, field)}</span>, Editor: ManyEditor, Form: ManyEditor, Filter: undefined }

const anyText = (v: unknown) => { const r = refOf(v); return r ? title(r.object, r.id) : '' }
export const any: FieldType = { ...lookup, text: anyText, ops: ['filled', 'empty'], Cell: ({ value }) => <span className={css.text}>{anyText(value)}</span>, Editor: AnyEditor, Form: AnyEditor, Filter: undefined }
