// A new object: what it is called, and the field that names its records.
import { type FormEvent, useRef, useState } from 'react'
import { newKey, Problem } from '../../lib/api'
import { t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { explain } from '../../lib/toast'
import { Dialog } from '../../parts/Dialog'
import { FormRow } from '../../parts/FormRow'
import form from '../../parts/form.module.css'
import { carryOut } from './data'
import { goodName, nameFor } from './draft'
import css from './objects.module.css'

interface Draft { en: string; zh: string; pluralEn: string; pluralZh: string; name: string; first: 'name' | 'number'; person: boolean }

/** An English plural that is right for most words; it stands in a field and can be changed. */
export function pluralOf(word: string): string {
  const w = word.trim()
  if (!w) return ''
  if (/[^aeiou]y$/i.test(w)) return `${w.slice(0, -1)}ies`
  return /(?:s|x|z|ch|sh)$/i.test(w) ? `${w}es` : `${w}s`
}

export function NewObject({ taken, onClose, onMade }: { taken: string[]; onClose: () => void; onMade: (name: string) => void }) {
  const [d, setD] = useState<Draft>({ en: '', zh: '', pluralEn: '', pluralZh: '', name: '', first: 'name', person: false })
  const [own, setOwn] = useState({ name: false, en: false, zh: false })
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const key = useRef(newKey())
  const set = (patch: Partial<Draft>) => {
    const next = { ...d, ...patch }
    if ('en' in patch || 'zh' in patch) {
      if (!own.name) next.name = next.en || next.zh ? nameFor(next.en, taken, 'object') : ''
      if (!own.en) next.pluralEn = pluralOf(next.en)
      if (!own.zh) next.pluralZh = next.zh
    }
    setD(next)
    setErrors({})
  }
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    const bad: Record<string, string> = {}
    if (!d.en.trim() && !d.zh.trim()) bad.en = t('bad.required')
    if (!goodName(d.name)) bad.name = t('adm.bad.name')
    else if (taken.includes(d.name)) bad.name = t('adm.bad.taken')
    setErrors(bad)
    setProblem('')
    if (Object.keys(bad).length) return
    const two = (en: string, zh: string, other: string) => ({ en: en.trim() || zh.trim() || other, zh: zh.trim() || en.trim() || other })
    const label = two(d.en, d.zh, '')
    const first = d.first === 'name' ? { name: 'name', type: 'text', class: d.person ? 'personal' : 'internal', label: { en: 'Name', zh: '名称' }, required: true }
      : { name: 'number', type: 'autonumber', class: 'internal', label: { en: 'Number', zh: '编号' }, pattern: 'N-{0000}' }
    setBusy(true)
    try {
      await carryOut({ method: 'POST', path: '/objects', body: { name: d.name, label, plural: two(d.pluralEn, d.pluralZh, label.en), title: [first.name], ...(d.person ? { subject: 'self' } : {}), fields: [first] } }, key.current)
      onMade(d.name)
    } catch (x) {
      key.current = newKey()
      if (x instanceof Problem && x.errors.some(f => f.field === 'name')) setErrors({ name: x.errors[0]!.message })
      else setProblem(explain(x))
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('adm.new_object')} size={600} onClose={onClose}>
      <form className={form.form} noValidate onSubmit={e => void submit(e)}>
        {problem && <div className={form.alert} role="alert">{problem}</div>}
        <div className={css.pair}>
          <FormRow label={t('adm.label.en')} error={errors.en}>{a => <input {...a} lang="en" data-autofocus maxLength={200} value={d.en} onChange={e => set({ en: e.target.value })} />}</FormRow>
          <FormRow label={t('adm.label.zh')}>{a => <input {...a} lang="zh-CN" maxLength={200} value={d.zh} onChange={e => set({ zh: e.target.value })} />}</FormRow>
          <FormRow label={t('adm.plural.en')}>{a => <input {...a} lang="en" maxLength={200} value={d.pluralEn} onChange={e => { setOwn({ ...own, en: true }); set({ pluralEn: e.target.value }) }} />}</FormRow>
          <FormRow label={t('adm.plural.zh')}>{a => <input {...a} lang="zh-CN" maxLength={200} value={d.pluralZh} onChange={e => { setOwn({ ...own, zh: true }); set({ pluralZh: e.target.value }) }} />}</FormRow>
        </div>
        {(!d.en.trim() || !d.zh.trim()) && <div className={`${form.help} ${css.tight}`}>{t('adm.label.one')}</div>}
        <FormRow label={t('adm.name')} required error={errors.name} help={t('adm.object.name.help')}>{a => <input {...a} className={`${a.className} ${css.code}`} spellCheck={false} maxLength={40} value={d.name} onChange={e => { setOwn({ ...own, name: true }); set({ name: e.target.value }) }} />}</FormRow>
        <fieldset className={css.group}>
          <legend className={form.label}>{t('adm.object.first')}</legend>
          {(['name', 'number'] as const).map(x => <label key={x} className={css.check}><input type="radio" name="first" checked={d.first === x} onChange={() => set({ first: x })} /><span><b>{t(`adm.object.first.${x}`)}</b><span>{t(`adm.object.first_help.${x}`)}</span></span></label>)}
        </fieldset>
        <label className={css.check}><input type="checkbox" checked={d.person} onChange={e => set({ person: e.target.checked })} /><span><b>{t('adm.object.person')}</b><span>{t('adm.object.person.help')}</span></span></label>
        <div className={form.foot}>
          <span className={form.help}>{t('adm.object.after')}</span>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={busy}>{t('adm.object.make')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
