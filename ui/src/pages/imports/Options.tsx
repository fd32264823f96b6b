// What an import does with rows about records that are there, and with names and choices that are not.
import { useState } from 'react'
import { label, t } from '../../lib/i18n'
import { fieldNamed } from '../../lib/schema'
import { useSession } from '../../lib/session'
import form from '../../parts/form.module.css'
import css from './imports.module.css'
import type { StepProps } from './NewImportPage'
import { fieldOf, type Plan, wordsOf } from './plan'

export function Options({ object, plan, mapping, edit }: StepProps) {
  const session = useSession()
  const mode = plan.mode || (object.can.create ? 'create' : 'update')
  const mapped = [...new Set(Object.values(mapping).map(m => fieldOf(object, m)?.name))].map(n => n && fieldNamed(object, n)).filter(f => f !== undefined && f !== '')
  const keys = mapped.filter(f => f.can.filter)
  const likely = (keys.find(f => f.unique) ?? keys.find(f => f.type === 'email') ?? keys[0])?.name
  const money = mapped.some(f => f.type === 'money')
  const links = mapped.some(f => ['lookup', 'lookups'].includes(f.type))
  const picks = mapped.some(f => ['picklist', 'multipick'].includes(f.type))
  const [nulls, setNulls] = useState((plan.nulls ?? []).join(', '))
  const select = (name: string, value: string, words: [string, string][], onPick: (v: string) => void) => (
    <label><span className={form.label}>{name}</span>
      <select className={form.input} value={value} onChange={e => onPick(e.target.value)}>{words.map(([k, text]) => <option key={k} value={k}>{text}</option>)}</select>
    </label>
  )
  const tick = (on: boolean | undefined, text: string, help: string, onTick: (v: boolean) => void) => (
    <label className={css.check}><input type="checkbox" checked={Boolean(on)} onChange={e => onTick(e.target.checked)} /><span>{text}<small>{help}</small></span></label>
  )
  const modes: [string, string][] = [
    ...(object.can.create ? [['create', t('imp.mode.create')] as [string, string]] : []), ...(object.can.update ? [['update', t('imp.mode.update')] as [string, string]] : []),
    ...(object.can.create && object.can.update ? [['upsert', t('imp.mode.upsert')] as [string, string]] : []),
  ]
  return (
    <div className={css.options}>
      {select(t('imp.mode'), mode, modes, v => edit({ mode: v as Plan['mode'], key: v === 'create' ? undefined : plan.key || likely }))}
      {mode !== 'create' && select(t('imp.key'), plan.key ?? '', [...(plan.key ? [] : [['', t('imp.key.choose')] as [string, string]]), ...keys.map(f => [f.name, label(f.label)] as [string, string])], v => edit({ key: v }))}
      {mode === 'create' && select(t('imp.duplicates'), plan.duplicates || 'create', [['create', t('imp.duplicates.create')], ['skip', t('imp.duplicates.skip')], ['update', t('imp.duplicates.update')]], v => edit({ duplicates: v as Plan['duplicates'] }))}
      {money && (
        <label><span className={form.label}>{t('imp.currency')}</span>
          <input className={form.input} value={plan.currency ?? ''} maxLength={3} placeholder={t('imp.currency.example')} onChange={e => { const v = e.target.value.toUpperCase().replace(/[^A-Z]/g, ''); edit({ currency: v || undefined }) }} />
          <div className={form.help}>{t('imp.currency.help')}</div>
        </label>
      )}
      <label><span className={form.label}>{t('imp.nulls')}</span>
        <input className={form.input} value={nulls} placeholder={t('imp.nulls.example')} onChange={e => { setNulls(e.target.value); edit({ nulls: wordsOf(e.target.value) }) }} />
        <div className={form.help}>{t('imp.nulls.help')}</div>
      </label>
      {links && tick(plan.create_missing, t('imp.missing'), t('imp.missing.help'), v => edit({ create_missing: v }))}
      {picks && session.can.define && tick(plan.new_options, t('imp.new_options'), t('imp.new_options.help'), v => edit({ new_options: v }))}
      {tick(plan.strict, t('imp.strict'), t('imp.strict.help'), v => edit({ strict: v }))}
    </div>
  )
}
