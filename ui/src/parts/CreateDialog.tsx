// A new record: what is required and what people know first; the rest is one click away. What is wrong
// shows at its field, and what was typed stays.
import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from 'react'
import { typeOf } from '../fields'
import { newKey, Problem } from '../lib/api'
import { label, noun, t } from '../lib/i18n'
import { Button } from '../lib/kit'
import { composing } from '../lib/nav'
import { create } from '../lib/records'
import { askable, defaultColumns, useObject } from '../lib/schema'
import { theSession } from '../lib/session'
import { complain, explain } from '../lib/toast'
import type { Field, Obj, Rec } from '../lib/types'
import { router } from '../router'
import { Dialog } from './Dialog'
import css from './form.module.css'
import { Icon } from './Icon'

interface Props { object: string; fields?: Record<string, unknown>; done?: (made: Rec) => void; onClose: () => void }

/** A default of the schema, as a value. */
function preset(f: Field): unknown {
  if (!f.default) return undefined
  if (f.type === 'bool') return f.default === 'true'
  return ['picklist', 'text'].includes(f.type) ? f.default : undefined
}

function FormRow({ field, value, error, first, onChange, onBad }: { field: Field; value: unknown; error?: string; first: boolean; onChange: (v: unknown) => void; onBad: (why: string | null) => void }) {
  const id = useId()
  const Form = typeOf(field).Form
  if (!Form) return null
  const name = label(field.label)
  const help = label(field.help)
  return (
    <div>
      <label htmlFor={id} className={css.label}>{name}{field.required && <span className={css.must}> <span aria-hidden>*</span><span className="hidden-visually">{t('required')}</span></span>}</label>
      <Form id={id} field={field} value={value ?? null} name={name} place="form" autoFocus={first} invalid={Boolean(error)} describedBy={error ? `${id}-e` : help ? `${id}-h` : undefined} onChange={onChange} onBad={onBad} />
      {error ? <div className={css.error} id={`${id}-e`}><Icon name="alert" size={14} />{error}</div> : help && <div className={css.help} id={`${id}-h`}>{help}</div>}
    </div>
  )
}

function check(o: Obj, values: Record<string, unknown>): Record<string, string> {
  const out: Record<string, string> = {}
  for (const f of o.fields) {
    const v = values[f.name]
    if (f.required && askable(f) && !f.default && (v === null || v === undefined || v === '')) out[f.name] = t('bad.required')
    else if (typeof v === 'string' && f.max && [...v].length > f.max) out[f.name] = t('bad.long', { n: f.max, is: [...v].length })
    else if (typeof v === 'string' && f.pattern && v) { try { if (!new RegExp(`^(?:${f.pattern})$`, 'u').test(v)) out[f.name] = t('bad.pattern', { pattern: f.pattern }) } catch { /* not a pattern here: the server decides */ } }
  }
  return out
}

export default function CreateDialog({ object, fields, done, onClose }: Props) {
  const o = useObject(object)
  const [values, setValues] = useState<Record<string, unknown>>(() => ({ ...Object.fromEntries((o?.fields ?? []).map(f => [f.name, preset(f)]).filter(([, v]) => v !== undefined)), ...fields }))
  const [errors, setErrors] = useState<Record<string, string>>({})
  const bad = useRef<Record<string, string>>({})
  const [all, setAll] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const key = useRef(newKey())
  if (!o) return null

  const usual = new Set(defaultColumns(o))
  const list = o.fields.filter(askable)
  const first = list.filter(f => f.required || usual.has(f.name) || o.title.includes(f.name) || fields?.[f.name] !== undefined || errors[f.name]).sort((a, b) => rank(o, a) - rank(o, b))
  const shown = all ? [...first, ...list.filter(f => !first.includes(f))] : first

  const submit = async (more: boolean) => {
    const found = { ...check(o, values), ...bad.current }
    setErrors(found)
    setProblem('')
    if (Object.keys(found).length > 0) { if (Object.keys(found).some(n => !first.some(f => f.name === n))) setAll(true); return }
    setBusy(true)
    try {
      const sent = Object.fromEntries(Object.entries(values).filter(([, v]) => v !== null && v !== undefined && v !== ''))
      const made = await create(object, sent, key.current)
      key.current = newKey()
      done?.(made)
      if (more) setValues({ ...fields })
      else { onClose(); if (!done) void router.navigate({ to: '/o/$object/$id', params: { object, id: made.id } }) }
    } catch (e) {
      if (e instanceof Problem && e.errors.length > 0) {
        const by = e.byField()
        setErrors(by)
        const elsewhere = e.errors.filter(x => !list.some(f => f.name === x.field))
        if (elsewhere.length) setProblem(explain(e))
        key.current = newKey() // another request than the one that was refused
      } else if (e instanceof Problem && e.code !== 'offline') setProblem(explain(e))
      else complain(e)
    }
    setBusy(false)
  }
  const onKeyDown = (e: KeyboardEvent) => { if (!composing(e) && e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); void submit(e.shiftKey) } }
  return (
    <Dialog title={t('create.title', { what: noun(o.label) })} size={560} onClose={onClose}>
      <form className={css.form} noValidate onSubmit={(e: FormEvent) => { e.preventDefault(); void submit(false) }} onKeyDown={onKeyDown}>
        {problem && <div className={css.alert} role="alert">{problem}</div>}
        {Object.keys(errors).length > 0 && !problem && <div className="hidden-visually" role="alert">{t('form.errors', { n: Object.keys(errors).length })}</div>}
        {shown.map((f, i) => (
          <FormRow
            key={f.name} field={f} value={f.name === 'owner' && values.owner === undefined ? theSession().user.id : values[f.name]} error={errors[f.name]} first={i === 0} onChange={v => { setValues(was => ({ ...was, [f.name]: v })); setErrors(({ [f.name]: _, ...rest }) => rest) }}
            onBad={why => { if (why) bad.current[f.name] = why; else delete bad.current[f.name] }}
          />
        ))}
        {!all && list.length > first.length && <button type="button" className={css.more} onClick={() => setAll(true)}>{t('form.more', { n: list.length - first.length })}</button>}
        <div className={css.foot}>
          <span className={css.help}>{t('form.hint')}</span>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={busy}>{t('create')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

/** The title first, what is required next, then as the schema has it. */
const rank = (o: Obj, f: Field) => (o.title.includes(f.name) ? o.title.indexOf(f.name) : f.required ? 10 : 20 + o.fields.indexOf(f))
