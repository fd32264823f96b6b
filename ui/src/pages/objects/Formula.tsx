// Writing a formula or a condition: names to put in, functions with examples, what the server says of it
// while it is written, and at which character.
import { useEffect, useRef, useState } from 'react'
import { Problem } from '../../lib/api'
import { useLate } from '../../lib/hooks'
import { label, t } from '../../lib/i18n'
import type { Definition } from '../../lib/types'
import { FormRow } from '../../parts/FormRow'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { type Change, tryOut } from './data'
import { type Draft, expressible, inputOf, placeOf } from './draft'
import css from './objects.module.css'
import { TypeIcon } from './TypeIcon'

/** What there is beside fields, with an example each that can be put in. */
const functions = [
  { name: 'if', example: 'amount > 1000 ? "large" : "small"' }, { name: 'join', example: 'name + " / " + code' }, { name: 'round', example: 'amount * 1.19' }, { name: 'days', example: 'due_date + days(7)' },
  { name: 'between', example: 'due_date - start_date' }, { name: 'today', example: 'due_date < today()' }, { name: 'now', example: 'created_at > now() - days(30)' }, { name: 'has', example: 'has(due_date)' },
  { name: 'contains', example: 'name.contains("GmbH")' }, { name: 'in', example: '"vip" in tags' }, { name: 'path', example: 'company.city' },
] as const

interface AreaProps { id?: string; title: string; value: string; object: Definition; error?: string; okay?: string; required?: boolean; onChange: (text: string) => void }

export function Expression({ title, value, object, error, okay, required, onChange }: AreaProps) {
  const area = useRef<HTMLTextAreaElement>(null)
  const [search, setSearch] = useState('')
  const put = (text: string) => {
    const el = area.current
    const from = el?.selectionStart ?? value.length
    const to = el?.selectionEnd ?? value.length
    const before = value.slice(0, from)
    const space = before && !/[\s(]$/.test(before) ? ' ' : ''
    onChange(before + space + text + value.slice(to))
    requestAnimationFrame(() => { el?.focus(); const at = from + space.length + text.length; el?.setSelectionRange(at, at) })
  }
  const place = error ? placeOf(error) : null
  const go = () => {
    const el = area.current
    if (!el || !place) return
    const at = value.split('\n').slice(0, place.line - 1).reduce((n, l) => n + l.length + 1, 0) + place.at - 1
    el.focus()
    el.setSelectionRange(at, Math.min(value.length, at + 1))
  }
  const line = place ? (value.trim().split('\n')[place.line - 1] ?? '') : ''
  const fields = expressible(object).filter(f => !search || `${f.name} ${f.label.en} ${f.label.zh}`.toLowerCase().includes(search.toLowerCase()))
  return (
    <div className={css.expression}>
      <FormRow label={title} required={required} error={error ? (place?.text ?? error) : undefined} help={okay}>
        {a => <textarea {...a} ref={area} className={`${a.className} ${css.code}`} rows={3} spellCheck={false} autoCapitalize="off" maxLength={4096} value={value} onChange={e => onChange(e.target.value)} />}
      </FormRow>
      {place && (
        <div className={css.where}>
          <code>{line.slice(0, place.at - 1)}<mark>{line.slice(place.at - 1, place.at) || ' '}</mark>{line.slice(place.at)}</code>
          <button type="button" className={form.more} onClick={go}>{t('adm.formula.go', { n: place.at })}</button>
        </div>
      )}
      <details className={css.help}>
        <summary>{t('adm.formula.help')}</summary>
        <div className={css.two}>
          <div>
            <h3>{t('adm.formula.fields')}</h3>
            <input className={form.input} value={search} onChange={e => setSearch(e.target.value)} aria-label={t('adm.find')} placeholder={t('adm.find')} />
            <ul className={css.names}>
              {fields.map(f => <li key={f.name}><button type="button" onClick={() => put(f.name)}><TypeIcon type={f.type} size={14} /><code>{f.name}</code><span>{label(f.label)}</span></button></li>)}
            </ul>
          </div>
          <div>
            <h3>{t('adm.formula.functions')}</h3>
            <ul className={css.names}>
              {functions.map(f => <li key={f.name}><button type="button" onClick={() => put(f.example)}><code>{f.example}</code><span>{t(`adm.fn.${f.name}`)}</span></button></li>)}
            </ul>
          </div>
        </div>
      </details>
    </div>
  )
}

/** Has the server read a formula while it is written. Answers its problem and the type of its result. */
export function useFormula(d: Draft, object: Definition, was: boolean) {
  const text = useLate(d.formula.trim(), 500)
  const [state, setState] = useState<{ error?: string; result?: string }>({})
  const { class: klass, name } = d
  useEffect(() => {
    if (d.type !== 'formula' || !text) { setState({}); return }
    const stop = new AbortController()
    const probe = 'formula_being_written'
    const change: Change = was
      ? { method: 'PATCH', path: `/objects/${object.name}/fields/${name}`, body: { formula: text } }
      : { method: 'POST', path: `/objects/${object.name}/fields`, body: { ...inputOf({ ...d, formula: text, result: '', name: probe, en: probe, zh: probe }), required: false } }
    tryOut(change, stop.signal).then(o => setState({ result: o.fields.find(f => f.name === (was ? name : probe))?.result }), (e: unknown) => {
      if (!(e instanceof Problem) || e.code === 'aborted') return
      if (e.code === 'invalid' || e.code === 'conflict') setState({ error: e.errors[0]?.message ?? e.detail })
    })
    return () => stop.abort()
    // eslint-disable-next-line -- the rest of the draft has no say in it
  }, [text, klass, object.name, was, d.type])
  return text === d.formula.trim() ? state : {}
}

export const resultTypes = (got: string | undefined): string[] => (got === 'decimal' || got === 'percent' ? ['decimal', 'percent'] : got ? [got] : [])
export const Warned = ({ children }: { children: string }) => <div className={form.note}><Icon name="alert" size={14} /> {children}</div>
