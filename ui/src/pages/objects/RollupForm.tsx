// What a rollup counts or adds up: whose records, by which link, what of them.
import { label, t } from '../../lib/i18n'
import type { Definition } from '../../lib/types'
import { FormRow } from '../../parts/FormRow'
import { type Rollup, sealed } from './draft'
import { Expression } from './Formula'
import css from './objects.module.css'

const ops = ['count', 'sum', 'avg', 'min', 'max'] as const

/** The links of an object that lead to another and are not encrypted. */
export const linksTo = (o: Definition, to: string) =>
  o.fields.filter(f => !f.archived && !sealed(f.class) && ((f.type === 'lookup' && f.target?.[0] === to) || (f.type === 'user' && to === 'user') || (f.type === 'team' && to === 'team')))

export function RollupForm({ object, all, value, error, onChange }: { object: Definition; all: Definition[]; value: Rollup; error?: string; onChange: (r: Rollup) => void }) {
  const from = all.filter(o => !o.archived && linksTo(o, object.name).length > 0)
  const other = all.find(o => o.name === value.object)
  const links = other ? linksTo(other, object.name) : []
  const numbers = (other?.fields ?? []).filter(f => !f.archived && !sealed(f.class) && (['int', 'decimal', 'percent', 'money', 'duration'].includes(f.type) || ((value.op === 'min' || value.op === 'max') && ['date', 'datetime'].includes(f.type))))
  return (
    <>
      <FormRow label={t('adm.rollup.object')} required error={error} help={from.length ? t('adm.rollup.help') : t('adm.rollup.none')}>
        {a => (
          <select {...a} value={value.object} onChange={e => { const o = all.find(x => x.name === e.target.value); onChange({ object: e.target.value, through: o ? (linksTo(o, object.name)[0]?.name ?? '') : '', op: 'count' }) }}>
            <option value="">{t('adm.choose')}</option>{from.map(o => <option key={o.name} value={o.name}>{label(o.plural)}</option>)}
          </select>
        )}
      </FormRow>
      {other && (
        <>
          <div className={css.pair}>
            <FormRow label={t('adm.rollup.through')} required>{a => <select {...a} value={value.through} onChange={e => onChange({ ...value, through: e.target.value })}>{links.map(f => <option key={f.name} value={f.name}>{label(f.label)}</option>)}</select>}</FormRow>
            <FormRow label={t('adm.rollup.op')} required>{a => <select {...a} value={value.op} onChange={e => onChange({ ...value, op: e.target.value as Rollup['op'], field: e.target.value === 'count' ? undefined : value.field })}>{ops.map(x => <option key={x} value={x}>{t(`adm.op.${x}`)}</option>)}</select>}</FormRow>
          </div>
          {value.op !== 'count' && <FormRow label={t('adm.rollup.field')} required>{a => <select {...a} value={value.field ?? ''} onChange={e => onChange({ ...value, field: e.target.value })}><option value="">{t('adm.choose')}</option>{numbers.map(f => <option key={f.name} value={f.name}>{label(f.label)}</option>)}</select>}</FormRow>}
          <Expression title={t('adm.rollup.filter')} value={value.filter ?? ''} object={other} okay={t('adm.rollup.filter.help')} onChange={filter => onChange({ ...value, filter })} />
        </>
      )}
    </>
  )
}
