// A record's fields, each edited where it stands, in sections that can be closed.
import { Link } from '@tanstack/react-router'
import { useId, useMemo, useState } from 'react'
import { typeOf } from '../../fields'
import { Problem } from '../../lib/api'
import { label, t } from '../../lib/i18n'
import { useNames } from '../../lib/names'
import { open } from '../../lib/overlay'
import { keepOwn, readOwn } from '../../lib/own'
import { update } from '../../lib/records'
import { isMasked, shownType, targets } from '../../lib/schema'
import { complain } from '../../lib/toast'
import type { Field, Obj, Rec, Ref } from '../../lib/types'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import css from './record.module.css'
import { isEmpty, many, type SectionName, sectionsOf } from './sections'

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
  // The words around the value, for the ear: the name of the button is what it shows.
  const [before = '', after = ''] = t('edit.field', { field: name, value: '\u0000' }).split('\u0000')
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
          <button type="button" className={css.value} onClick={begin}><span className="hidden-visually">{before}</span>{shown}<span className="hidden-visually">{after}</span></button>
        ) : <span className={`${css.value} ${css.still}`}>{shown}</span>}
        {link && !editing && <Link to="/o/$object/$id" params={link} className={css.go} aria-label={t('open.what', { what: k.text(v, field) || name })}><Icon name="external" size={14} /></Link>}
      </dd>
    </div>
  )
}

const closedKey = (o: Obj) => `closed ${o.name}`
/** What nobody has arranged: all is open but what Wardbook keeps for itself. */
const closedFirst = ['system']

function SectionHead({ name, open: isOpen, onToggle }: { name: SectionName; open: boolean; onToggle: () => void }) {
  return <h2 className={css.heading}><button type="button" className={css.section} aria-expanded={isOpen} onClick={onToggle}><Icon name={isOpen ? 'chevronDown' : 'chevronRight'} size={14} />{t(`facts.${name}`)}</button></h2>
}

export function Facts({ rec, object }: { rec: Rec; object: Obj }) {
  useNames()
  const [closed, setClosed] = useState<string[]>(() => readOwn(closedKey(object), closedFirst))
  const [search, setSearch] = useState('')
  const [empties, setEmpties] = useState(false)
  const sections = useMemo(() => sectionsOf(object), [object])
  const count = sections.reduce((n, s) => n + s.fields.length, 0)
  const crowded = count > many
  const toggle = (name: string) => {
    const now = closed.includes(name) ? closed.filter(x => x !== name) : [...closed, name]
    setClosed(now)
    keepOwn(closedKey(object), now)
  }
  if (count === 0) return <p className={css.quiet}>{t('facts.nothing')}</p>
  const wanted = search.trim().toLowerCase()
  const fits = (f: Field) => (wanted ? label(f.label).toLowerCase().includes(wanted) || f.name.includes(wanted) : !crowded || empties || f.required || !isEmpty(rec.fields[f.name]))
  const hidden = crowded && !wanted && !empties ? sections.flatMap(s => s.fields).filter(f => !fits(f)).length : 0
  const found = sections.some(s => s.fields.some(fits))
  return (
    <div className={css.facts} data-facts>
      {crowded && <input className={css.find} type="search" value={search} aria-label={t('facts.find')} placeholder={t('facts.find')} onChange={e => setSearch(e.target.value)} />}
      {sections.map(s => {
        const list = s.fields.filter(fits)
        if (list.length === 0) return null
        const isOpen = wanted !== '' || !closed.includes(s.name)
        return (
          <div key={s.name}>
            {sections.length > 1 && <SectionHead name={s.name} open={isOpen} onToggle={() => toggle(s.name)} />}
            {isOpen && <dl className={css.list}>{list.map(f => <Fact key={f.name} rec={rec} field={f} object={object} />)}</dl>}
          </div>
        )
      })}
      {wanted && !found && <p className={css.quiet}>{t('choose.none')}</p>}
      {hidden > 0 && <button type="button" className={css.section} onClick={() => setEmpties(true)}><Icon name="plus" size={14} />{t('facts.empties', { n: hidden })}</button>}
    </div>
  )
}
