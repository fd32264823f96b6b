// The dry run: what would happen, what is wrong, and what can be mended here.
import { useEffect, useState } from 'react'
import { useLate } from '../../lib/hooks'
import { label, noun, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { useSession } from '../../lib/session'
import { complain } from '../../lib/toast'
import { Choose } from '../../parts/Choose'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { keep, planProblem, rowProblem, run } from './api'
import css from './imports.module.css'
import type { StepProps } from './NewImportPage'
import { doing, fieldOf, mendable, type Result, valueKey, whole, type Wrong } from './plan'

export function Tiles({ r }: { r: Result }) {
  const tile = (text: string, n: number, bad = false) => <div className={`${css.tile} ${bad && n ? css.some : ''}`}><dt>{text}</dt><dd>{n.toLocaleString()}</dd></div>
  return (
    <dl className={css.tiles}>
      {tile(t('imp.count.created'), r.created)}{tile(t('imp.count.updated'), r.updated)}{tile(t('imp.count.skipped'), r.skipped)}{tile(t('imp.count.failed'), r.failed, true)}
      {r.missing > 0 && tile(t('imp.count.missing'), r.missing)}
    </dl>
  )
}

export function Progress({ text, done, of }: { text: string; done: number; of: number }) {
  return (
    <div className={`${form.form} ${css.prose}`} role="status">
      <div>{text}{of > 0 && ` ${t('imp.of', { done, of })}`}</div>
      <progress className={css.bar} max={of || 1} value={of ? done : undefined} aria-label={t('imp.progress')} />
    </div>
  )
}

/** One kind of mistake: what to read instead, where that helps. */
function Mend({ w, object, plan, mapping, edit }: { w: Wrong } & Pick<StepProps, 'object' | 'plan' | 'mapping' | 'edit'>) {
  const [text, setText] = useState('')
  const f = fieldOf(object, w.field ?? '')
  const key = valueKey(w)
  if (!f || !mendable(w)) return null
  const say = (value: string) => edit({ map: mapping, values: { ...plan.values, [key]: { ...plan.values?.[key], [w.text!]: value } } })
  const name = t('imp.mend.of', { text: w.text! })
  return (
    <div className={css.mend}>
      {f.options?.length
        ? <Choose name={name} place="form" chosen={[]} choices={f.options.filter(o => !o.archived).map(o => ({ key: o.key, text: label(o.label), color: o.color, pill: true }))} onChange={k => { if (k[0]) say(k[0]) }} />
        : (
          <form className={css.mend} onSubmit={e => { e.preventDefault(); if (text.trim()) say(text.trim()) }}>
            <input className={form.input} aria-label={name} placeholder={t('imp.mend.text')} value={text} onChange={e => setText(e.target.value)} />
            <Button type="submit" size="xs" variant="default" disabled={!text.trim()}>{t('imp.mend.apply')}</Button>
          </form>
        )}
      <button type="button" className={css.link} onClick={() => say('')} aria-label={t('imp.mend.empty.of', { text: w.text! })}>{t('imp.mend.empty')}</button>
    </div>
  )
}

function Problems(p: StepProps & { r: Result }) {
  const { r, object, x, plan, edit } = p
  const session = useSession()
  const list = r.wrong ?? []
  const rows = (reason: string) => list.filter(w => w.reason === reason && w.text && w.field).reduce((n, w) => n + w.rows, 0)
  const missing = plan.create_missing ? 0 : rows('no_such_record')
  const options = plan.new_options || !session.can.define ? 0 : rows('unknown_option')
  return (
    <section>
      <h2 className={css.section}>{t('imp.problems', { n: r.failed })}</h2>
      <p className={css.dim} style={{ marginBottom: 8 }}>{t('imp.problems.text')} <a className={css.link} href={`/api/v1/imports/${x.id}/errors.csv`} download>{t('imp.problems.file')}</a></p>
      {missing > 0 && <p>{t('imp.missing.do', { n: missing })} <button type="button" className={css.link} onClick={() => edit({ create_missing: true })}>{t('imp.missing')}</button></p>}
      {options > 0 && <p>{t('imp.new_options.do', { n: options })} <button type="button" className={css.link} onClick={() => edit({ new_options: true })}>{t('imp.new_options')}</button></p>}
      <div className={css.frame} style={{ maxHeight: 'none' }}>
        <table className={`${css.table} ${css.narrow}`}>
          <thead><tr><th scope="col">{t('imp.column')}</th><th scope="col">{t('imp.value')}</th><th scope="col">{t('imp.why')}</th><th scope="col" className={css.num}>{t('imp.rows')}</th><th scope="col">{t('imp.mend')}</th></tr></thead>
          <tbody>
            {list.slice(0, 100).map((w, i) => {
              const f = fieldOf(object, w.field ?? w.column)
              return (
                <tr key={`${w.column} ${w.text} ${w.reason} ${i}`}>
                  <td>{w.column}{f && label(f.label) !== w.column && <div className={css.dim}>{label(f.label)}</div>}</td>
                  <td>{w.text ? <span className={css.code}>{w.text}</span> : ''}</td>
                  <td>{rowProblem(w.reason, w.message)}<div className={css.dim}>{t('imp.first_line', { n: w.line })}</div></td>
                  <td className={css.num} data-label={t('imp.rows')}>{w.rows}</td>
                  <td><Mend w={w} {...p} /></td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** What was said about values, to be taken back. */
function Said({ object, plan, mapping, edit }: StepProps) {
  const list = Object.entries(plan.values ?? {}).flatMap(([field, words]) => Object.entries(words).map(([from, to]) => ({ field, from, to })))
  if (!list.length) return null
  const drop = (field: string, from: string) => {
    const words = Object.fromEntries(Object.entries(plan.values?.[field] ?? {}).filter(([k]) => k !== from))
    edit({ map: mapping, values: { ...plan.values, [field]: words } })
  }
  return (
    <section>
      <h2 className={css.section}>{t('imp.said')}</h2>
      <ul className={css.notes}>
        {list.map(({ field, from, to }) => {
          const f = fieldOf(object, field)
          const o = f?.options?.find(x => x.key === to)
          return (
            <li key={`${field} ${from}`}>
              {label(f?.label)}{t('colon')}<span className={css.code}>{from}</span> → <b>{to ? (o ? label(o.label) : to) : t('imp.mend.nothing')}</b>{' '}
              <button type="button" className={css.link} aria-label={t('imp.said.drop.of', { text: from })} onClick={() => drop(field, from)}>{t('imp.said.drop')}</button>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

export function CheckStep(p: StepProps & { onRun: () => void; going: boolean }) {
  const { x, going, object, plan, mapping, busy, edit, onRun } = p
  const [starting, setStarting] = useState<'' | 'dry' | 'run'>('')
  const late = useLate(starting, 300)
  const [failed, setFailed] = useState<StepProps['x']>() // what could not be tried is not tried again by itself
  const told = { ...plan, map: mapping }
  const start = async (dry: boolean) => {
    setStarting(dry ? 'dry' : 'run')
    try { keep(await run(x.id, told, dry)); if (!dry) onRun() } catch (e) { complain(e); if (dry) setFailed(x) }
    setStarting('')
  }
  const r = x.result
  const ready = Boolean(r && whole(x) && x.status !== 'running')
  // More rows than a preview tries: all of them are tried now.
  const needs = !busy && !starting && x.status !== 'running' && !x.problem && !whole(x) && failed !== x
  useEffect(() => { if (needs) void start(true) }, [needs])
  // A quick run leaves the page as it is; the numbers of a preview are not shown while all rows are tried.
  const working = x.status === 'running' || needs || starting === 'dry' || (starting === 'run' && late === 'run')
  const n = r ? doing(r) : 0
  const what = noun(n === 1 ? object.label : object.plural)
  const refused = plan.strict && Boolean(r?.failed)
  return (
      <div className={css.stack}>
        {working && <Progress text={t(going || starting === 'run' ? 'imp.running' : 'imp.checking')} done={x.done} of={x.of} />}
        {x.problem && !busy && x.problem.reason !== 'rows_wrong' && <div className={css.alert} role="alert"><Icon name="alert" /><span>{planProblem(x.problem)}</span></div>}
        {r && !working && (
          <div className={css.stack} aria-busy={busy}>
            <section>
              <h2 className={css.section}>{t('imp.would', { n: r.rows })}</h2>
              <Tiles r={r} />
            </section>
            {refused && <div className={css.warn}><Icon name="alert" /><span>{t('imp.strict.stop')}</span></div>}
            {r.duplicates > 0 && (
              <div className={css.warn}><Icon name="alert" /><span>
                {t('imp.twins', { n: r.duplicates })}{' '}
                {(plan.mode ?? 'create') === 'create' && (['create', 'skip', 'update'] as const).filter(d => d !== (plan.duplicates || 'create')).map(d => <button key={d} type="button" className={css.link} onClick={() => edit({ duplicates: d })}>{t(`imp.duplicates.${d}`)}</button>)}
              </span></div>
            )}
            {r.failed > 0 && <Problems {...p} r={r} />}
            {r.failed === 0 && <p className={css.ok}><Icon name="check" />{t('imp.no_problems')}</p>}
            <Said {...p} />
          </div>
        )}
        {!working && (
          <div className={css.row}>
            <Button size="md" loading={starting !== ''} disabled={!ready || busy || n === 0 || refused} onClick={() => void start(false)}>{t('imp.go', { n, what })}</Button>
            {busy && <span className={css.dim} role="status">{t('imp.trying')}</span>}
            {failed === x && <Button variant="default" onClick={() => setFailed(undefined)}>{t('retry')}</Button>}
          </div>
        )}
      </div>
  )
}
