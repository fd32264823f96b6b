// What a column has to know before a card comes in: a reason for what is lost, and what the server misses.
import { type FormEvent, useId, useRef, useState } from 'react'
import { typeOf } from '../../fields'
import { label, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { recTitle } from '../../lib/schema'
import type { Field } from '../../lib/types'
import { Dialog } from '../../parts/Dialog'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import type { Move } from './moves'

export interface Ask { move: Move; fields: Field[]; errors: Record<string, string>; values: Record<string, unknown> }

function Row({ field, value, error, first, onChange, onBad }: { field: Field; value: unknown; error?: string; first: boolean; onChange: (v: unknown) => void; onBad: (why: string | null) => void }) {
  const id = useId()
  const Form = typeOf(field).Form
  const name = label(field.label)
  if (!Form) return null
  return (
    <div>
      <label htmlFor={id} className={form.label}>{name}<span className={form.must}> <span aria-hidden>*</span><span className="hidden-visually">{t('required')}</span></span></label>
      <Form id={id} field={field} value={value ?? null} name={name} place="form" autoFocus={first} invalid={Boolean(error)} describedBy={error ? `${id}-e` : undefined} onChange={onChange} onBad={onBad} />
      {error && <div className={form.error} id={`${id}-e`} role="alert"><Icon name="alert" size={14} />{error}</div>}
    </div>
  )
}

export default function MoveDialog({ ask, onMove, onClose }: { ask: Ask; onMove: (values: Record<string, unknown>) => void; onClose: () => void }) {
  const { move, fields } = ask
  const [values, setValues] = useState<Record<string, unknown>>(() => ({ ...Object.fromEntries(fields.map(f => [f.name, move.rec.fields[f.name] ?? null])), ...ask.values }))
  const [errors, setErrors] = useState(ask.errors)
  const bad = useRef<Record<string, string>>({})
  const box = useRef<HTMLFormElement>(null)
  const submit = (e: FormEvent) => {
    e.preventDefault()
    const found = { ...Object.fromEntries(fields.filter(f => { const v = values[f.name]; return v === null || v === undefined || (typeof v === 'string' && v.trim() === '') }).map(f => [f.name, t('bad.required')])), ...bad.current }
    setErrors(found)
    const first = fields.findIndex(f => found[f.name])
    if (first < 0) onMove(values)
    else box.current?.querySelectorAll<HTMLElement>('input, textarea, [role=combobox]')[first]?.focus()
  }
  return (
    <Dialog title={t('board.ask', { column: move.to.name })} size={420} onClose={onClose}>
      <form ref={box} className={form.form} noValidate onSubmit={submit} onKeyDown={e => e.stopPropagation()}>
        <p>{t('board.ask.text', { what: recTitle(move.rec) || t('record') })}</p>
        {fields.map((f, i) => (
          <Row
            key={f.name} field={f} value={values[f.name]} error={errors[f.name]} first={i === 0} onChange={v => { setValues(was => ({ ...was, [f.name]: v })); setErrors(({ [f.name]: _, ...rest }) => rest) }}
            onBad={why => { if (why) bad.current[f.name] = why; else delete bad.current[f.name] }}
          />
        ))}
        <div className={form.foot}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit">{t('board.go')}</Button></div>
      </form>
    </Dialog>
  )
}
