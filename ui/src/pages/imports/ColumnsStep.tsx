// Where each column goes.
import { useMemo } from 'react'
import { label, t } from '../../lib/i18n'
import { Choose } from '../../parts/Choose'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { planProblem } from './api'
import css from './imports.module.css'
import type { StepProps } from './NewImportPage'
import { Options } from './Options'
import { choicesOf, lacking, moved, out, samplesOf } from './plan'

export function ColumnsStep(p: StepProps) {
  const { x, object, plan, mapping, busy, edit } = p
  const choices = useMemo(() => choicesOf(object), [object])
  const all = [{ key: out, text: t('imp.leave_out') }, ...choices]
  const used = new Set(Object.values(mapping))
  const short = lacking(object, mapping, plan.mode ?? 'create')
  const wrong = (column: string) => (x.result?.wrong ?? []).filter(w => w.column === column && w.text).reduce((n, w) => n + w.rows, 0)
  return (
    <div className={css.stack}>
      {short.length > 0 && <div className={css.warn} role="status"><Icon name="alert" /><span>{t('imp.lacking', { fields: short.map(f => label(f.label)).join(t('imp.comma')) })}</span></div>}
      {short.length === 0 && x.problem && !busy && <div className={css.alert} role="alert"><Icon name="alert" /><span>{planProblem(x.problem)}</span></div>}
      <div className={css.frame} style={{ maxHeight: 'none' }}>
        <table className={`${css.table} ${css.map} ${css.narrow}`}>
          <thead><tr><th scope="col">{t('imp.column')}</th><th scope="col">{t('imp.values')}</th><th scope="col">{t('imp.goes')}</th><th scope="col">{t('imp.fits')}</th></tr></thead>
          <tbody>
            {x.columns.map((c, i) => {
              const to = mapping[c]!
              const n = wrong(c)
              const seen = samplesOf(x.sample, i).join(' · ')
              return (
                <tr key={c}>
                  <td>{c}</td>
                  <td title={seen}>{seen}</td>
                  <td>
                    <Choose
                      name={t('imp.goes.of', { column: c })} place="form" chosen={[all.find(a => a.key === to) ?? { key: to, text: to }]}
                      choices={all.map(a => (a.key !== out && a.key !== to && used.has(a.key) ? { ...a, hint: t('imp.used') } : a))} onChange={k => { if (k[0]) edit({ map: moved(mapping, c, k[0]) }) }}
                    />
                  </td>
                  <td>
                    {to === out ? <span className={css.dim}>{t('imp.left_out')}</span> : busy ? <span className={css.dim}>…</span> : n > 0
                      ? <span className={css.bad}><Icon name="alert" size={14} />{t('imp.misfits', { n })}</span>
                      : <span className={css.ok}><Icon name="check" size={14} />{t('imp.fit')}</span>}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <section>
        <h2 className={css.section}>{t('imp.options')}</h2>
        <div className={form.form}><Options {...p} /></div>
      </section>
    </div>
  )
}
