// What is said of an object itself: what it is called, which fields name a record, whether it is shown.
import { useState } from 'react'
import { Problem } from '../../lib/api'
import { label, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { toast } from '../../lib/toast'
import type { Definition } from '../../lib/types'
import { FormRow } from '../../parts/FormRow'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import type { Change } from './data'
import { type Difference, goodName, isComputed } from './draft'
import css from './objects.module.css'
import { SaveDialog } from './SaveDialog'

interface Names { en: string; zh: string; pluralEn: string; pluralZh: string; name: string; title: string }
const namesOf = (o: Definition): Names => ({ en: o.label.en, zh: o.label.zh, pluralEn: o.plural.en, pluralZh: o.plural.zh, name: o.name, title: o.title[0] ?? '' })

export function ObjectForm({ o, onGone, onRenamed }: { o: Definition; onGone: () => void; onRenamed: (name: string) => void }) {
  const [d, setD] = useState<Names>(() => namesOf(o))
  const [errors, setErrors] = useState<Partial<Record<keyof Names, string>>>({})
  const [change, setChange] = useState<Change | null>(null)
  const [hiding, setHiding] = useState(false)
  const was = namesOf(o)
  const set = (patch: Partial<Names>) => { setD({ ...d, ...patch }); setErrors({}) }
  const dirty = JSON.stringify(d) !== JSON.stringify(was)
  const review = () => {
    const bad: typeof errors = {}
    for (const k of ['en', 'zh', 'pluralEn', 'pluralZh'] as const) if (!d[k].trim()) bad[k] = t('bad.required')
    if (!goodName(d.name)) bad.name = t('adm.bad.name')
    setErrors(bad)
    if (Object.keys(bad).length) return
    const body: Record<string, unknown> = {}
    if (d.en !== was.en || d.zh !== was.zh) body.label = { en: d.en.trim(), zh: d.zh.trim() }
    if (d.pluralEn !== was.pluralEn || d.pluralZh !== was.pluralZh) body.plural = { en: d.pluralEn.trim(), zh: d.pluralZh.trim() }
    if (d.name !== was.name) body.name = d.name
    if (d.title !== was.title) body.title = [d.title, ...o.title.filter(x => x !== d.title && x !== was.title)]
    setChange({ method: 'PATCH', path: `/objects/${o.name}`, body })
  }
  const titled = (name: string) => label(o.fields.find(f => f.name === name)?.label) || name
  const differences: Difference[] = ([['adm.label.en', 'en'], ['adm.label.zh', 'zh'], ['adm.plural.en', 'pluralEn'], ['adm.plural.zh', 'pluralZh'], ['adm.name', 'name']] as const)
    .filter(([, k]) => d[k] !== was[k]).map(([what, k]): Difference => ({ what, old: was[k], now: d[k] }))
  if (d.title !== was.title) differences.push({ what: 'adm.object.title', old: titled(was.title), now: titled(d.title) })
  return (
    <>
      <div className={css.fieldHead}>
        <h2>{t('adm.object.settings')}</h2>
        <span className={css.space} />
        {o.custom && <Button size="xs" variant="default" leftSection={<Icon name={o.archived ? 'undo' : 'box'} />} onClick={() => setHiding(true)}>{t(o.archived ? 'adm.bring_back' : 'adm.archive')}</Button>}
      </div>
      <div className={css.editor}>
        <div className={`${form.form} ${css.form}`}>
          {!o.custom && <p className={css.fixed}><Icon name="lock" size={14} /><span>{t('adm.object.builtin')}</span></p>}
          <div className={css.pair}>
            <FormRow label={t('adm.label.en')} required error={errors.en}>{a => <input {...a} lang="en" maxLength={200} value={d.en} onChange={e => set({ en: e.target.value })} />}</FormRow>
            <FormRow label={t('adm.label.zh')} required error={errors.zh}>{a => <input {...a} lang="zh-CN" maxLength={200} value={d.zh} onChange={e => set({ zh: e.target.value })} />}</FormRow>
            <FormRow label={t('adm.plural.en')} required error={errors.pluralEn}>{a => <input {...a} lang="en" maxLength={200} value={d.pluralEn} onChange={e => set({ pluralEn: e.target.value })} />}</FormRow>
            <FormRow label={t('adm.plural.zh')} required error={errors.pluralZh}>{a => <input {...a} lang="zh-CN" maxLength={200} value={d.pluralZh} onChange={e => set({ pluralZh: e.target.value })} />}</FormRow>
          </div>
          {o.custom && (
            <>
              <FormRow label={t('adm.name')} required error={errors.name} help={t('adm.object.name.help')}>{a => <input {...a} className={`${a.className} ${css.code}`} spellCheck={false} maxLength={40} value={d.name} onChange={e => set({ name: e.target.value })} />}</FormRow>
              <FormRow label={t('adm.object.title')} help={t('adm.object.title.help')}>{a => <select {...a} value={d.title} onChange={e => set({ title: e.target.value })}>{o.fields.filter(f => !f.system && !f.archived && !isComputed(f.type) && ['text', 'email', 'phone', 'autonumber', 'url'].includes(f.type)).map(f => <option key={f.name} value={f.name}>{label(f.label)}</option>)}</select>}</FormRow>
            </>
          )}
          <div className={`${form.foot} ${css.foot}`}>
            <span className={form.help}>{dirty ? t('adm.unsaved') : ''}</span>
            {dirty && <Button variant="default" onClick={() => { setD(was); setErrors({}) }}>{t('adm.drop')}</Button>}
            <Button disabled={!dirty} onClick={review}>{t('adm.review')}</Button>
          </div>
        </div>
      </div>
      {change && (
        <SaveDialog
          title={t('adm.save.field', { what: label(o.plural) })} change={change} differences={differences} then={[d.name === was.name ? { key: 'adm.then.look' } : { key: 'adm.then.rename_object', strong: true }]} onClose={() => setChange(null)}
          onRefused={e => { if (e instanceof Problem && (e.reason === 'name_in_use' || e.errors.some(x => x.field === 'name'))) setErrors({ name: e.errors[0]?.message ?? e.detail }) }}
          onDone={() => { setChange(null); toast(t('adm.saved', { what: label({ en: d.pluralEn, zh: d.pluralZh }) })); if (d.name !== was.name) onRenamed(d.name) }}
        />
      )}
      {hiding && (
        <SaveDialog
          title={t(o.archived ? 'adm.bring_back.title' : 'adm.archive.title', { what: label(o.plural) })} change={{ method: 'PATCH', path: `/objects/${o.name}`, body: { archived: !o.archived } }}
          differences={[{ what: 'adm.shown', old: t(o.archived ? 'no' : 'yes'), now: t(o.archived ? 'yes' : 'no') }]} then={[{ key: o.archived ? 'adm.then.bring_back_object' : 'adm.then.archive_object' }]} onClose={() => setHiding(false)} onRefused={() => {}}
          onDone={() => { setHiding(false); toast(t('adm.saved', { what: label(o.plural) })); if (!o.archived) onGone() }}
        />
      )}
    </>
  )
}
