// How the file was read, to be looked at and to be said otherwise.
import { t } from '../../lib/i18n'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { fileProblem, noteText } from './api'
import css from './imports.module.css'
import type { StepProps } from './NewImportPage'

const encodings = ['utf-8', 'gb18030', 'windows-1252', 'utf-16le', 'utf-16be'] as const
const signs = [[',', 'imp.sign.comma'], [';', 'imp.sign.semicolon'], ['\t', 'imp.sign.tab'], ['|', 'imp.sign.bar']] as const

export function PreviewStep({ x, plan, mapping, busy, unread, edit, read }: StepProps) {
  const csv = x.format === 'csv'
  const notes = x.result?.notes ?? []
  return (
    <div className={css.stack}>
      <div className={css.row}>
        {csv && x.encoding && (
          <label><span className={form.label}>{t('imp.encoding')}</span>
            <select className={form.input} value={x.encoding} onChange={e => read({ encoding: e.target.value })}>
              {!encodings.some(w => w === x.encoding) && <option value={x.encoding}>{x.encoding}</option>}
              {encodings.map(w => <option key={w} value={w}>{t(`imp.encoding.${w}`)}</option>)}
            </select>
          </label>
        )}
        {csv && x.delimiter && (
          <label><span className={form.label}>{t('imp.sign')}</span>
            <select className={form.input} value={x.delimiter} onChange={e => read({ delimiter: e.target.value })}>
              {signs.map(([sign, text]) => <option key={sign} value={sign}>{t(text)}</option>)}
            </select>
          </label>
        )}
        {x.sheets && x.sheets.length > 0 && (
          <label><span className={form.label}>{t('imp.sheet')}</span>
            <select className={form.input} value={x.sheet} onChange={e => read({ sheet: e.target.value })}>
              {x.sheets.map(s => <option key={s} value={s}>{s}</option>)}
            </select>
          </label>
        )}
        {x.format !== 'vcard' && (
          <label><span className={form.label}>{t('imp.dates')}</span>
            <select className={form.input} value={plan.dates || 'auto'} onChange={e => edit({ dates: e.target.value as 'auto', map: plan.map ? mapping : undefined })}>
              <option value="auto">{t('imp.dates.auto')}</option><option value="dmy">{t('imp.dates.dmy')}</option><option value="mdy">{t('imp.dates.mdy')}</option>
            </select>
          </label>
        )}
      </div>
      {unread !== undefined && <div className={css.alert} role="alert"><Icon name="alert" /><span>{fileProblem(unread)}</span></div>}
      <section aria-busy={busy}>
        <h2 className={css.section}>{t('imp.first_rows', { n: x.sample.length, columns: x.columns.length })}</h2>
        <div className={css.frame} tabIndex={0} role="region" aria-label={t('imp.first_rows', { n: x.sample.length, columns: x.columns.length })}>
          <table className={`${css.table} ${css.sample}`}>
            <thead><tr><th scope="col">#</th>{x.columns.map(c => <th key={c} scope="col">{c}</th>)}</tr></thead>
            <tbody>{x.sample.map((row, i) => <tr key={i}><td>{i + 1}</td>{x.columns.map((c, k) => <td key={c} title={row[k]}>{row[k]}</td>)}</tr>)}</tbody>
          </table>
        </div>
        {x.sample.length === 0 && <p className={css.dim}>{t('imp.no_rows')}</p>}
      </section>
      {notes.length > 0 && (
        <section>
          <h2 className={css.section}>{t('imp.notes')}</h2>
          <ul className={css.notes}>{notes.slice(0, 20).map((n, i) => <li key={i}>{n.line ? `${t('imp.line', { n: n.line })}${t('colon')}` : ''}{noteText(n)}</li>)}</ul>
        </section>
      )}
    </div>
  )
}
