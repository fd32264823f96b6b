// One field: everything that can be said of it, and what it will look like.
import { type KeyboardEvent, type ReactNode, useMemo, useState } from 'react'
import { typeOf } from '../../fields'
import { Problem } from '../../lib/api'
import { label, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { composing } from '../../lib/nav'
import { toast } from '../../lib/toast'
import type { Definition, DefinedField } from '../../lib/types'
import { FormRow } from '../../parts/FormRow'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { type Change, useCount } from './data'
import { Boundary } from '../../parts/Boundary'
import {
  canBeRequired, canBeUnique, classesFor, consequences, differences, type Draft, goodName, hasOptions, inputOf, isComputed, nameFor, patchOf, previewOf, sampleOf, sealed, takesDefault, takesDigits, takesMax,
  targetCount,
} from './draft'
import { Expression, resultTypes, useFormula } from './Formula'
import css from './objects.module.css'
import { Options, withKeys } from './Options'
import { RollupForm } from './RollupForm'
import { SaveDialog } from './SaveDialog'
import { TypeIcon } from './TypeIcon'

interface Props {
  object: Definition
  all: Definition[]
  field?: DefinedField
  draft: Draft
  dirty: boolean
  readable: boolean
  onDraft: (d: Draft) => void
  onDrop: () => void
  onType?: () => void
  onSaved: (name: string) => void
}

export function FieldForm({ object, all, field, draft, dirty, readable, onDraft, onDrop, onType, onSaved }: Props) {
  useLang()
  const builtin = Boolean(field && !field.custom)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [change, setChange] = useState<Change | null>(null)
  const [named, setNamed] = useState(Boolean(field))
  const [renaming, setRenaming] = useState(false)
  const count = useCount(object.name, readable)
  const formula = useFormula(draft, object, Boolean(field))
  const d: Draft = formula.result && draft.type === 'formula' && !field ? { ...draft, result: resultTypes(formula.result).includes(draft.result) ? draft.result : formula.result } : draft
  const taken = object.fields.filter(f => f !== field).map(f => f.name)
  const set = (patch: Partial<Draft>) => {
    const next = { ...d, ...patch }
    if (!named && ('en' in patch || 'zh' in patch)) next.name = next.en || next.zh ? nameFor(next.en, taken) : ''
    onDraft(next)
    setErrors(({ ...rest }) => { for (const k of Object.keys(patch)) delete rest[k]; return rest })
  }
  const check = () => {
    const bad: Record<string, string> = {}
    if (!d.en.trim() && !d.zh.trim()) bad.en = t('bad.required')
    if (!goodName(d.name)) bad.name = t('adm.bad.name')
    else if (taken.includes(d.name)) bad.name = t('adm.bad.taken')
    if (hasOptions(d.type) && withKeys(d.options).length === 0) bad.options = t('adm.bad.options')
    if (targetCount(d.type) && d.target.length === 0) bad.target = t('bad.required')
    if (d.type === 'formula' && !d.formula.trim()) bad.formula = t('bad.required')
    if (d.type === 'rollup' && (!d.rollup.object || !d.rollup.through || (d.rollup.op !== 'count' && !d.rollup.field))) bad.rollup = t('adm.bad.rollup')
    if (d.type === 'autonumber' && !/^[^{}]{0,20}\{0{1,12}\}[^{}]{0,20}$/.test(d.pattern)) bad.pattern = t('adm.bad.pattern')
    if (d.currency && !/^[A-Z]{3}$/.test(d.currency)) bad.currency = t('adm.bad.currency')
    if (d.max && !/^[1-9]\d{0,6}$/.test(d.max)) bad.max = t('bad.int')
    return bad
  }
  const final: Draft = { ...d, options: hasOptions(d.type) ? withKeys(d.options) : [] }
  const review = () => {
    const bad = check()
    setErrors(bad)
    if (Object.keys(bad).length) return
    const path = `/objects/${object.name}/fields`
    setChange(field ? { method: 'PATCH', path: `${path}/${field.name}`, body: patchOf(final, field) } : { method: 'POST', path, body: inputOf(final) })
  }
  /** The server names a field by its name, alone or with its object's; the reason says which part of it. */
  const refused = (e: unknown) => {
    if (!(e instanceof Problem)) return
    const out: Record<string, string> = {}
    for (const x of e.errors) {
      const part: Record<string, string> = { values_missing: 'required', duplicates: 'unique', bad_formula: 'formula', bad_rollup: 'rollup', bad_default: 'default', bad_currency: 'currency', bad_class: 'class', option_in_use: 'options', builtin_option: 'options', taken: 'name' }
      const at = part[x.reason]
      if (at) out[at] = x.message
    }
    if (e.reason === 'name_in_use') out.name = e.detail
    setErrors(out)
  }
  const onKeyDown = (e: KeyboardEvent) => { if (!composing(e) && (e.key === 'Enter' || e.key.toLowerCase() === 's') && (e.ctrlKey || e.metaKey)) { e.preventDefault(); if (dirty) review() } }
  const words = { yes: t('yes'), no: t('no'), class: (c: Draft['class']) => t(`adm.class.${c}`), option: (o: { label: { en: string; zh: string }; color?: string; archived?: boolean }) => `${label(o.label)}${o.color ? ` (${t(`adm.colour.${o.color as 'grey'}`)})` : ''}${o.archived ? ` [${t('adm.archived')}]` : ''}` }
  if (field && (field.system || (field.read_only && !field.custom))) return <Fixed field={field} draft={draft} />
  const resultsFit = resultTypes(formula.result)
  return (
    <div className={css.editor} onKeyDown={onKeyDown}>
      <div className={`${form.form} ${css.form}`}>
        {builtin && <p className={css.fixed}><Icon name="lock" size={14} /><span>{t('adm.builtin')}</span></p>}
        <div className={css.typeLine}>
          <TypeIcon type={d.type} size={20} />
          <span><b>{t(`adm.type.${d.type}`)}</b><span>{t(`adm.type_help.${d.type}`)}</span></span>
          {onType && <button type="button" className={form.more} onClick={onType}>{t('adm.type.change')}</button>}
        </div>
        <div className={css.pair}>
          <FormRow label={t('adm.label.en')} error={errors.en}>{a => <input {...a} lang="en" data-label maxLength={200} value={d.en} onChange={e => set({ en: e.target.value })} />}</FormRow>
          <FormRow label={t('adm.label.zh')}>{a => <input {...a} lang="zh-CN" maxLength={200} value={d.zh} onChange={e => set({ zh: e.target.value })} />}</FormRow>
        </div>
        {(!d.en.trim() || !d.zh.trim()) && <div className={`${form.help} ${css.tight}`}>{t('adm.label.one')}</div>}
        {!builtin && (
          <FormRow label={t('adm.name')} required error={errors.name} help={field && !renaming ? <>{t('adm.name.kept')} <button type="button" className={form.more} onClick={() => setRenaming(true)}>{t('adm.rename')}</button></> : t('adm.name.help')}>
            {a => <input {...a} className={`${a.className} ${css.code}`} spellCheck={false} autoCapitalize="off" maxLength={40} readOnly={Boolean(field) && !renaming} value={d.name} onChange={e => { setNamed(true); set({ name: e.target.value }) }} />}
          </FormRow>
        )}
        <div className={css.pair}>
          <FormRow label={t('adm.help.en')}>{a => <input {...a} lang="en" maxLength={500} value={d.helpEn} onChange={e => set({ helpEn: e.target.value })} />}</FormRow>
          <FormRow label={t('adm.help.zh')}>{a => <input {...a} lang="zh-CN" maxLength={500} value={d.helpZh} onChange={e => set({ helpZh: e.target.value })} />}</FormRow>
        </div>
        {!builtin && <ClassChoice d={d} field={field} error={errors.class} onChange={c => set({ class: c, ...(sealed(c) ? { unique: false } : {}) })} />}
        {hasOptions(d.type) && <Options options={d.options} stored={field?.options ?? []} fixed={builtin} error={errors.options} onChange={options => set({ options })} />}
        {targetCount(d.type) > 0 && !builtin && <Targets d={d} all={all} fixed={Boolean(field)} error={errors.target} onChange={target => set({ target })} />}
        {d.type === 'formula' && !builtin && (
          <>
            <Expression title={t('adm.formula')} required value={d.formula} object={object} error={errors.formula ?? formula.error} okay={formula.result ? t('adm.formula.gives', { what: t(`adm.type.${formula.result as 'text'}`) }) : t('adm.formula.about')} onChange={text => set({ formula: text })} />
            {!field && resultsFit.length > 1 && <FormRow label={t('adm.result')}>{a => <select {...a} value={d.result} onChange={e => set({ result: e.target.value })}>{resultsFit.map(r => <option key={r} value={r}>{t(`adm.type.${r as 'text'}`)}</option>)}</select>}</FormRow>}
          </>
        )}
        {d.type === 'rollup' && !builtin && <RollupForm object={object} all={all} value={d.rollup} error={errors.rollup} onChange={rollup => set({ rollup })} />}
        {d.type === 'autonumber' && !builtin && <FormRow label={t('adm.pattern')} required error={errors.pattern} help={t('adm.pattern.help')}>{a => <input {...a} className={`${a.className} ${css.code}`} value={d.pattern} onChange={e => set({ pattern: e.target.value })} />}</FormRow>}
        {!builtin && (takesMax(d.type) || takesDigits(d.type) || d.type === 'money') && (
          <div className={css.pair}>
            {d.type === 'money' && <FormRow label={t('adm.currency')} error={errors.currency} help={t('adm.currency.help')}>{a => <input {...a} maxLength={3} spellCheck={false} value={d.currency} onChange={e => set({ currency: e.target.value.toUpperCase() })} />}</FormRow>}
            {takesDigits(d.type) && <FormRow label={t('adm.digits')} help={t('adm.digits.help')}>{a => <select {...a} value={d.digits} onChange={e => set({ digits: e.target.value })}><option value="">{t('adm.digits.all')}</option>{['1', '2', '3', '4'].map(n => <option key={n} value={n}>{n}</option>)}</select>}</FormRow>}
            {takesMax(d.type) && <FormRow label={t('adm.max')} error={errors.max} help={t('adm.max.help')}>{a => <input {...a} inputMode="numeric" value={d.max} onChange={e => set({ max: e.target.value.trim() })} />}</FormRow>}
          </div>
        )}
        {!builtin && takesDefault(d.type) && <Default d={d} error={errors.default} onChange={v => set({ default: v })} />}
        {canBeRequired(d.type) && <Check title={t('adm.required')} text={t('adm.required.help')} checked={d.required} error={errors.required} onChange={required => set({ required })} />}
        {!builtin && canBeUnique(d) && <Check title={t('adm.unique')} text={t('adm.unique.help')} checked={d.unique} error={errors.unique} onChange={unique => set({ unique })} />}
        <div className={`${form.foot} ${css.foot}`}>
          {dirty ? <span className={form.help}>{t('adm.unsaved')}</span> : <span />}
          {(dirty || !field) && <Button variant="default" onClick={onDrop}>{t(field ? 'adm.drop' : 'cancel')}</Button>}
          <Button disabled={!dirty} onClick={review}>{t('adm.review')}</Button>
        </div>
      </div>
      <Preview d={final} computed={isComputed(d.type)} />
      {change && (
        <SaveDialog
          title={t(field ? 'adm.save.field' : 'adm.save.new', { what: label({ en: final.en || final.zh, zh: final.zh || final.en }) })} change={change} differences={differences(final, field, words)} then={consequences(final, field, count?.n)}
          onClose={() => setChange(null)} onRefused={refused} onDone={() => { setChange(null); toast(t('adm.saved', { what: label({ en: final.en || final.zh, zh: final.zh || final.en }) })); onSaved(final.name) }}
        />
      )}
    </div>
  )
}

function Check({ title, text, checked, error, onChange }: { title: string; text: string; checked: boolean; error?: string; onChange: (on: boolean) => void }) {
  return (
    <div>
      <label className={css.check}><input type="checkbox" checked={checked} aria-invalid={error ? true : undefined} onChange={e => onChange(e.target.checked)} /><span><b>{title}</b><span>{text}</span></span></label>
      {error && <div className={form.error}><Icon name="alert" size={14} /><span>{error}</span></div>}
    </div>
  )
}

function ClassChoice({ d, field, error, onChange }: { d: Draft; field?: DefinedField; error?: string; onChange: (c: Draft['class']) => void }) {
  const list = classesFor(d, field)
  return (
    <fieldset className={css.group}>
      <legend className={form.label}>{t('adm.class')}</legend>
      <div className={css.classes}>
        {list.map(c => (
          <label key={c} className={css.check}>
            <input type="radio" name="class" value={c} checked={d.class === c} onChange={() => onChange(c)} />
            <span><b>{t(`adm.class.${c}`)}{sealed(c) && <Icon name="lock" size={13} />}</b><span>{t(`adm.class_help.${c}`)}</span></span>
          </label>
        ))}
      </div>
      {error && <div className={form.error}><Icon name="alert" size={14} /><span>{error}</span></div>}
      {field && field.class !== 'secret' && <div className={form.help}>{t('adm.class.only_up')}</div>}
    </fieldset>
  )
}

function Targets({ d, all, fixed, error, onChange }: { d: Draft; all: Definition[]; fixed: boolean; error?: string; onChange: (list: string[]) => void }) {
  const list = all.filter(o => !o.archived && !o.written || d.target.includes(o.name))
  if (fixed) return <FormRow label={t('adm.target')} help={t('adm.target.fixed')}>{a => <input {...a} readOnly value={d.target.map(n => label(all.find(o => o.name === n)?.label) || n).join(', ')} />}</FormRow>
  if (targetCount(d.type) === 1) {
    return (
      <FormRow label={t('adm.target')} required error={error} help={t('adm.target.help')}>
        {a => <select {...a} value={d.target[0] ?? ''} onChange={e => onChange(e.target.value ? [e.target.value] : [])}><option value="">{t('adm.choose')}</option>{list.map(o => <option key={o.name} value={o.name}>{label(o.label)}</option>)}</select>}
      </FormRow>
    )
  }
  return (
    <fieldset className={css.group}>
      <legend className={form.label}>{t('adm.targets')}</legend>
      <div className={css.many}>{list.map(o => <label key={o.name} className={css.check}><input type="checkbox" checked={d.target.includes(o.name)} onChange={e => onChange(e.target.checked ? [...d.target, o.name] : d.target.filter(x => x !== o.name))} /><span>{label(o.label)}</span></label>)}</div>
      {error && <div className={form.error}><Icon name="alert" size={14} /><span>{error}</span></div>}
    </fieldset>
  )
}

function Default({ d, error, onChange }: { d: Draft; error?: string; onChange: (v: string) => void }) {
  const choices: { key: string; text: string }[] | null = d.type === 'bool' ? [{ key: 'true', text: t('yes') }, { key: 'false', text: t('no') }]
    : d.type === 'picklist' ? withKeys(d.options).filter(o => !o.archived).map(o => ({ key: o.key, text: label(o.label) })) : null
  return (
    <FormRow label={t('adm.default')} error={error} help={t('adm.default.help')}>
      {a => choices
        ? <select {...a} value={d.default} onChange={e => onChange(e.target.value)}><option value="">{t('adm.none')}</option>{choices.map(c => <option key={c.key} value={c.key}>{c.text}</option>)}</select>
        : <input {...a} maxLength={255} value={d.default} placeholder={d.type === 'date' ? '2026-11-24' : undefined} onChange={e => onChange(e.target.value)} />}
    </FormRow>
  )
}

/** What people will see: a column and a row of a form, with a value to look at. */
function Preview({ d, computed }: { d: Draft; computed: boolean }) {
  const key = JSON.stringify(d)
  const field = useMemo(() => previewOf(d), [key]) // eslint-disable-line -- the draft by its content
  const [value, setValue] = useState<unknown>(null)
  const k = typeOf(field)
  const sample = sampleOf(d)
  const name = label(field.label) || t('adm.preview.unnamed')
  const Form = k.Form
  const row = (control: ReactNode) => (
    <div>
      <span className={form.label}>{name}{d.required && <span className={form.must} aria-hidden> *</span>}</span>
      {control}
      {field.help && <div className={form.help}>{label(field.help)}</div>}
    </div>
  )
  return (
    <aside className={css.preview} aria-label={t('adm.preview')}>
      <div className={css.previewPart}>
      <h3 className={css.small}>{t('adm.preview.list')}</h3>
      <div className={css.column} style={{ width: Math.max(160, Math.min(260, k.width)) }}>
        <div className={css.columnHead}>{name}</div>
        <div className={`${css.columnCell} ${k.end ? css.end : ''}`}><Boundary key={key}>{sample === null ? <span className={css.none}>—</span> : <k.Cell field={field} value={sample} />}</Boundary></div>
        <div className={`${css.columnCell} ${css.none}`}>—</div>
      </div>
      </div>
      <div className={css.previewPart}>
      {(Form || computed || d.type === 'autonumber') && <h3 className={css.small}>{t('adm.preview.form')}</h3>}
      {Form ? row(<Boundary key={`${d.type} ${d.class}`}><Form field={field} value={value} name={name} place="form" onChange={setValue} onBad={() => {}} /></Boundary>) : (computed || d.type === 'autonumber') && row(<div className={css.still}>{t('adm.preview.computed')}</div>)}
      </div>
    </aside>
  )
}

/** What Wardbook keeps for itself: shown, not changed. */
function Fixed({ field, draft }: { field: DefinedField; draft: Draft }) {
  return (
    <div className={css.editor}>
      <div className={`${form.form} ${css.form}`}>
        <p className={css.fixed}><Icon name="lock" size={14} /><span>{t(field.system ? 'adm.system' : 'adm.kept')}</span></p>
        <div className={css.typeLine}><TypeIcon type={field.type} size={20} /><span><b>{t(`adm.type.${draft.type}`)}</b><span>{t(`adm.type_help.${draft.type}`)}</span></span></div>
        <dl className={css.facts}>
          <dt>{t('adm.label.en')}</dt><dd>{field.label.en}</dd><dt>{t('adm.label.zh')}</dt><dd>{field.label.zh}</dd><dt>{t('adm.name')}</dt><dd><code>{field.name}</code></dd><dt>{t('adm.class')}</dt><dd>{t(`adm.class.${field.class}`)}</dd>
        </dl>
      </div>
      <Preview d={draft} computed />
    </div>
  )
}
