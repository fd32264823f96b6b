// A record's fields, each edited where it stands.
import { Link } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { typeOf } from '../../fields'
import { Problem } from '../../lib/api'
import { label, t } from '../../lib/i18n'
import { useNames } from '../../lib/names'
import { open } from '../../lib/overlay'
import { update } from '../../lib/records'
import { isHousekeeping, isMasked, readable, shownType, targets } from '../../lib/schema'
import { complain } from '../../lib/toast'
import type { Field, Obj, Rec, Ref } from '../../lib/types'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import css from './record.module.css'

/** Where a link leads, if it leads to one record. */
function linkOf(f: Field, v: unknown): Ref | null {
  if (typeof v === 'string' && v && ['lookup', 'user', 'team'].includes(f.type)) return { object: targets(f)[0] ?? '', id: v }
  return f.type === 'any' && v ? (v as Ref) : null
}

function Fact({ rec, field, object }: { rec: Rec; field: Field; object: Obj }) {
  const [editing, setEditing] = useState(false)
  const [value, setValue] = useState<unknown>(null)
  const [bad, setBad] = useState<string | null>(null)
  const id = useId()
  const k = typeOf(field)
  const v = rec.fields[field.name]
  const name = label(field.label)
  const masked = isMasked(field)
  const can = Boolean(k.Editor) && rec.can.update
  const begin = () => { setValue(masked ? null : v); setBad(null); setEditing(true) }
  const commit = (x: unknown) => {
    if (JSON.stringify(x ?? null) === JSON.stringify((masked ? null : v) ?? null)) { setEditing(false); return }
    setEditing(false)
    update(rec, { [field.name]: x }).catch((e: unknown) => {
      if (e instanceof Problem && e.code === 'stale') { open({ kind: 'conflict', rec, fields: { [field.name]: x } }); return }
      const why = e instanceof Problem ? e.byField()[field.name] : undefined
      if (!why) { complain(e); return }
      setValue(x) // what was typed is kept, with what is wrong about it
      setBad(why)
      setEditing(true)
    })
  }
  const empty = v === null || v === undefined || v === ''
  const shown = empty ? <span className={css.none} aria-hidden>—</span> : ['longtext', 'richtext'].includes(shownType(field)) && !masked ? <span className={css.wrap} dir="auto">{k.text(v, field)}</span> : <k.Cell value={v} field={field} rec={rec} />
  const link = linkOf(field, v)
  const Form = k.Form
  return (
    <div className={css.fact}>
      <dt id={id}>{name}</dt>
      <dd>
        {editing && Form ? (
          <>
            <Form id={`${id}-i`} field={field} value={value} name={name} place="form" autoFocus invalid={bad !== null} describedBy={bad ? `${id}-bad` : undefined} onChange={setValue} onBad={setBad} onCommit={commit} onCancel={() => { setEditing(false); setBad(null) }} />
            <label htmlFor={`${id}-i`} className="hidden-visually">{name}</label>
            {bad && <div className={form.error} role="alert" id={`${id}-bad`}>{bad}</div>}
          </>
        ) : masked && !empty ? (
          <span className={css.value}>
            {shown}
            {object.can.reveal && <button type="button" className={css.small} onClick={() => open({ kind: 'reveal', rec, field })}>{t('reveal')}</button>}
            {can && <button type="button" className={css.small} onClick={begin}>{t('replace')}</button>}
          </span>
        ) : can ? (
          <button type="button" className={css.value} aria-describedby={id} onClick={begin} aria-label={t('edit.field', { field: name, value: k.text(v, field) })}>{shown}</button>
        ) : <span className={`${css.value} ${css.still}`}>{shown}</span>}
        {link && !editing && <Link to="/o/$object/$id" params={link} className={css.go} aria-label={t('open.what', { what: k.text(v, field) || name })}><Icon name="external" size={14} /></Link>}
      </dd>
    </div>
  )
}

export function Facts({ rec, object }: { rec: Rec; object: Obj }) {
  useNames()
  const [all, setAll] = useState(() => localStorage.getItem('facts') === 'all')
  const fields = object.fields.filter(f => (readable(f) || f.can.edit) && f.type !== 'json' && f.name !== 'deleted_at')
  const main = fields.filter(f => !isHousekeeping(f))
  const rest = fields.filter(isHousekeeping)
  return (
    <div className={css.facts} data-facts>
      <dl>{main.map(f => <Fact key={f.name} rec={rec} field={f} object={object} />)}</dl>
      <button type="button" className={css.section} aria-expanded={all} onClick={() => { setAll(!all); localStorage.setItem('facts', all ? '' : 'all') }}><Icon name={all ? 'chevronDown' : 'chevronRight'} size={14} />{t('facts.system')}</button>
      {all && <dl>{rest.map(f => <Fact key={f.name} rec={rec} field={f} object={object} />)}</dl>}
    </div>
  )
}
