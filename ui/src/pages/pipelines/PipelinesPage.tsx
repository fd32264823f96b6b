// Pipelines and their stages in order. What is changed of a pipeline is saved as one change set, which can
// be undone as one.
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import { get, newKey, Problem } from '../../lib/api'
import { useTitle } from '../../lib/hooks'
import { keys } from '../../lib/keys'
import { label, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { composing } from '../../lib/nav'
import { create, refresh, runBatch } from '../../lib/records'
import { fieldNamed, useObject } from '../../lib/schema'
import { explain } from '../../lib/toast'
import type { Obj, Page } from '../../lib/types'
import { Dialog } from '../../parts/Dialog'
import { FormRow } from '../../parts/FormRow'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import { NotFound } from '../NotFound'
import { moved } from '../objects/Options'
import { TypeIcon } from '../objects/TypeIcon'
import css from '../settings/settings.module.css'
import { type Line, linesOf, operations, type Stage, wrong } from './stages'

const read = async (object: string) => (await get<Page>(`/records/${object}`, { query: { limit: 500 } })).records

export default function PipelinesPage() {
  useLang()
  const stage = useObject('stage')
  const pipeline = useObject('pipeline')
  const [making, setMaking] = useState(false)
  const may = Boolean(stage?.can.read && pipeline?.can.read && (stage.can.update || stage.can.create))
  const q = useQuery({ queryKey: [...keys.records('stage'), 'lines'], enabled: may, queryFn: async () => linesOf(...(await Promise.all([read('pipeline'), read('stage')]))) })
  useTitle(t('pipe.title'))
  if (!may || !stage || !pipeline) return <NotFound />
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{t('pipe.title')}</h1>
        <span className={css.space} />
        {pipeline.can.create && <Button size="xs" leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>{t('pipe.new')}</Button>}
      </header>
      <div className={css.scroll}>
        {q.isError ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} /> : !q.data ? <Bones rows={10} /> : q.data.length === 0 ? <EmptyState icon="stack" title={t('pipe.none')} text={t('pipe.none.text')} /> : (
          <div className={css.wide}>
            <p className={css.about}>{t('pipe.about')}</p>
            {q.data.map(line => <Pipeline key={`${line.id} ${line.version} ${line.stages.map(s => s.id + s.version).join()}`} was={line} object={stage} onSaved={async () => { await refresh('pipeline'); await q.refetch() }} />)}
          </div>
        )}
      </div>
      {making && <NewPipeline n={(q.data?.length ?? 0) + 1} onClose={() => setMaking(false)} onMade={() => { setMaking(false); void q.refetch() }} />}
    </div>
  )
}

function Pipeline({ was, object, onSaved }: { was: Line; object: Obj; onSaved: () => Promise<void> }) {
  const [now, setNow] = useState(was)
  const [shown, setShown] = useState(false)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState('')
  const box = useRef<HTMLOListElement>(null)
  const drag = useRef<number | null>(null)
  const ops = operations(was, now)
  const bad = wrong(now)
  const outcomes = fieldNamed(object, 'outcome')?.options ?? []
  const set = (i: number, patch: Partial<Stage>) => { setProblem(''); setNow({ ...now, stages: now.stages.map((s, n) => (n === i ? { ...s, ...patch } : s)) }) }
  const focus = (i: number) => requestAnimationFrame(() => box.current?.querySelectorAll<HTMLInputElement>('input[data-first]')[i]?.focus())
  const shift = (from: number, to: number, keep = true) => {
    if (to < 0 || to >= now.stages.length) return
    setNow({ ...now, stages: moved(now.stages, from, to) })
    setSaid(t('pipe.moved', { what: now.stages[from]!.name, n: to + 1, of: now.stages.length }))
    if (keep) focus(to)
  }
  const add = () => { setNow({ ...now, stages: [...now.stages, { id: '', version: 0, name: '', zh: '', probability: '', outcome: 'open' }] }); focus(now.stages.length) }
  const onKeyDown = (e: KeyboardEvent, i: number) => {
    if (composing(e)) return
    if (e.altKey && (e.key === 'ArrowUp' || e.key === 'ArrowDown')) { e.preventDefault(); shift(i, i + (e.key === 'ArrowUp' ? -1 : 1)) }
    else if ((e.ctrlKey || e.metaKey) && e.key === 'Enter') { e.preventDefault(); void save() }
  }
  const onDrag = (e: PointerEvent) => {
    if (drag.current === null || !box.current) return
    const over = [...box.current.children].findIndex(r => { const b = r.getBoundingClientRect(); return e.clientY >= b.top && e.clientY < b.bottom })
    if (over >= 0 && over !== drag.current) { shift(drag.current, over, false); drag.current = over }
  }
  const save = async () => {
    setShown(true)
    if (Object.keys(bad).length || !ops.length) return
    setBusy(true)
    try {
      await runBatch('stage', ops, false, () => t('pipe.saved', { what: now.name }))
      await onSaved()
    } catch (e) {
      setProblem(e instanceof Problem && e.errors.length ? e.errors.map(x => x.message).join(' ') : explain(e))
      setBusy(false)
    }
  }
  const why = (i: number) => (shown ? bad[i] : undefined)
  return (
    <section className={css.card} aria-label={was.name}>
      <div className={css.cardHead}><h2>{was.name}</h2><span className={form.help}>{t('pipe.count', { n: was.stages.length })}</span></div>
      <FormRow label={t('pipe.name')} error={why(-1) && t('bad.required')}>{a => <input {...a} maxLength={200} value={now.name} onChange={e => { setProblem(''); setNow({ ...now, name: e.target.value }) }} />}</FormRow>
      <div className={`${css.stage} ${css.stageHead}`} aria-hidden><span /><span>{t('pipe.stage')}</span><span>{t('pipe.zh')}</span><span className={css.end}>{t('pipe.probability')}</span><span>{t('pipe.outcome')}</span><span /></div>
      <ol ref={box} className={css.stages}>
        {now.stages.map((s, i) => (
          <li key={i} className={`${css.stage} ${s.gone ? css.gone : ''}`}>
            <span className={css.grip} aria-hidden onPointerDown={e => { drag.current = i; e.currentTarget.setPointerCapture(e.pointerId) }} onPointerMove={onDrag} onPointerUp={() => { drag.current = null }} onPointerCancel={() => { drag.current = null }}><TypeIcon type="grip" /></span>
            <input data-first className={form.input} disabled={s.gone} maxLength={200} value={s.name} aria-label={t('pipe.stage.n', { n: i + 1 })} aria-invalid={why(i) === 'name' || undefined} onKeyDown={e => onKeyDown(e, i)} onChange={e => set(i, { name: e.target.value })} />
            <input className={form.input} disabled={s.gone} lang="zh-CN" maxLength={200} value={s.zh} aria-label={t('pipe.zh.n', { n: i + 1 })} onKeyDown={e => onKeyDown(e, i)} onChange={e => set(i, { zh: e.target.value })} />
            <input className={`${form.input} ${css.end}`} disabled={s.gone} inputMode="decimal" value={s.probability} aria-label={t('pipe.probability.n', { n: i + 1 })} aria-invalid={why(i) === 'probability' || undefined} onKeyDown={e => onKeyDown(e, i)} onChange={e => set(i, { probability: e.target.value.trim() })} />
            <select className={form.input} disabled={s.gone} value={s.outcome} aria-label={t('pipe.outcome.n', { n: i + 1 })} onChange={e => set(i, { outcome: e.target.value })}>{outcomes.filter(o => !o.archived || o.key === s.outcome).map(o => <option key={o.key} value={o.key}>{label(o.label)}</option>)}</select>
            <span className={css.tools}>
              <button type="button" className={css.tool} disabled={i === 0} aria-label={t('pipe.up', { what: s.name })} onClick={() => shift(i, i - 1)}><Icon name="up" /></button>
              <button type="button" className={css.tool} disabled={i === now.stages.length - 1} aria-label={t('pipe.down', { what: s.name })} onClick={() => shift(i, i + 1)}><Icon name="down" /></button>
              {s.gone ? <button type="button" className={css.tool} aria-label={t('pipe.keep', { what: s.name })} onClick={() => set(i, { gone: false })}><Icon name="undo" /></button>
                : <button type="button" className={css.tool} disabled={Boolean(s.id) && !object.can.delete} aria-label={t('pipe.remove', { what: s.name })} onClick={() => (s.id ? set(i, { gone: true }) : setNow({ ...now, stages: now.stages.filter((_, n) => n !== i) }))}><Icon name="trash" /></button>}
            </span>
          </li>
        ))}
      </ol>
      {object.can.create && <button type="button" className={form.more} onClick={add}><Icon name="plus" size={14} /> {t('pipe.add')}</button>}
      {shown && Object.values(bad).some(x => x === 'name' || x === 'probability') && <div className={form.error} role="alert"><Icon name="alert" size={14} /><span>{t(Object.values(bad).includes('name') ? 'pipe.bad.name' : 'pipe.bad.probability')}</span></div>}
      {problem && <div className={form.alert} role="alert">{problem}</div>}
      {now.stages.some(s => s.gone) && <div className={form.note}>{t('pipe.gone')}</div>}
      {ops.length > 0 && (
        <div className={css.foot}>
          <span className={form.help}>{t('pipe.changes', { n: ops.length })}</span>
          <Button variant="default" onClick={() => { setNow(was); setProblem(''); setShown(false) }}>{t('pipe.drop')}</Button>
          <Button loading={busy} onClick={() => void save()}>{t('pipe.save')}</Button>
        </div>
      )}
      <div className="hidden-visually" role="status">{said}</div>
    </section>
  )
}

function NewPipeline({ n, onClose, onMade }: { n: number; onClose: () => void; onMade: () => void }) {
  const [name, setName] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const key = useRef(newKey())
  const submit = (e: FormEvent) => {
    e.preventDefault()
    if (!name.trim()) { setError(t('bad.required')); return }
    setBusy(true)
    create('pipeline', { name: name.trim(), position: n }, key.current).then(onMade, (x: unknown) => { key.current = newKey(); setBusy(false); setError(x instanceof Problem && x.errors[0] ? x.errors[0].message : explain(x)) })
  }
  return (
    <Dialog title={t('pipe.new')} onClose={onClose}>
      <form className={form.form} noValidate onSubmit={submit}>
        <FormRow label={t('pipe.name')} required error={error} help={t('pipe.new.help')}>{a => <input {...a} data-autofocus maxLength={200} value={name} onChange={e => { setName(e.target.value); setError('') }} />}</FormRow>
        <div className={form.foot}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{t('create')}</Button></div>
      </form>
    </Dialog>
  )
}
