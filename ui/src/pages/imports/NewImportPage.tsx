// The wizard: file, preview, columns, check, result. Where one is stands in the address; what was chosen is
// kept by the server beside the file, so that a reload comes back to it.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Problem } from '../../lib/api'
import { useStable, useTitle } from '../../lib/hooks'
import { type Key, noun, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { useObject } from '../../lib/schema'
import { complain, explain } from '../../lib/toast'
import type { Obj } from '../../lib/types'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import { done, drop, keep, type Reading, readingOf, reread, useImport } from './api'
import { CheckStep } from './CheckStep'
import { ColumnsStep } from './ColumnsStep'
import { FileStep } from './FileStep'
import css from './imports.module.css'
import { type Import, lacking, mappingOf, type Plan } from './plan'
import { PreviewStep } from './PreviewStep'
import { ResultStep } from './ResultStep'

export interface WizardSearch { object?: string; id?: string; step?: string }
type Step = 'file' | 'preview' | 'columns' | 'check' | 'result'
const steps: [Step, Key][] = [['file', 'imp.step.file'], ['preview', 'imp.step.preview'], ['columns', 'imp.step.columns'], ['check', 'imp.step.check'], ['result', 'imp.step.result']]

/** What a step knows and can do. */
export interface StepProps {
  x: Import
  object: Obj
  plan: Plan
  mapping: Record<string, string>
  /** the server is asked what the plan would do */
  busy: boolean
  /** the file could not be read as was asked */
  unread?: unknown
  edit: (change: Partial<Plan>) => void
  read: (reading: Reading) => void
}

export default function NewImportPage() {
  useLang()
  const search = useSearch({ from: '/imports/new' }) as WizardSearch
  const navigate = useNavigate()
  const q = useImport(search.id ?? '')
  const object = useObject(q.data?.object ?? search.object ?? '')
  useTitle(t('imp.title'))
  const go = useStable((change: WizardSearch, replace: boolean = false) => void navigate({ to: '/imports/new', search: (old: WizardSearch) => ({ ...old, ...change }), replace }))
  const asked = steps.find(([s]) => s === search.step)?.[0] ?? 'file'
  const step: Step = !search.id ? 'file' : q.data && done(q.data) ? 'result' : asked === 'file' ? 'preview' : asked === 'result' ? 'check' : asked
  const gone = q.error instanceof Problem && q.error.code === 'not_found'

  let body
  if (!search.id) body = <FileStep object={search.object ?? ''} onObject={o => go({ object: o }, true)} onSent={x => { keep(x); go({ object: x.object, id: x.id, step: 'preview' }) }} />
  else if (gone) body = <EmptyState icon="history" title={t('imp.gone')} text={t('imp.gone.text')}><Button size="sm" onClick={() => go({ id: undefined, step: undefined }, true)}>{t('imp.again')}</Button></EmptyState>
  else if (q.isError && !q.data) body = <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  else if (!q.data || !object) body = <Bones rows={8} />
  else body = <Steps key={q.data.id} x={q.data} object={object} step={step} going={asked === 'result'} go={s => go({ step: s })} onRestart={() => go({ id: undefined, step: undefined })} />

  const at = steps.findIndex(([s]) => s === step)
  const may = (s: Step, i: number) => (!search.id || gone ? s === 'file' : step === 'result' ? s === 'result' : s !== 'file' && s !== 'result' && (i <= at + 1))
  return (
    <div className={css.page}>
      <header className={css.head}><h1>{object ? t('imp.title.of', { what: noun(object.plural) }) : t('imp.title')}</h1></header>
      <nav aria-label={t('imp.steps')}>
        <ol className={css.steps}>
          {steps.map(([s, text], i) => <li key={s}><button type="button" className={css.step} aria-current={s === step ? 'step' : undefined} disabled={!may(s, i)} onClick={() => go({ step: s })}><i aria-hidden>{i + 1}</i>{t(text)}</button></li>)}
        </ol>
      </nav>
      {body}
    </div>
  )
}

/** The steps of a file that is there. A change of the plan is tried by the server a moment later. */
function Steps({ x, object, step, going, go, onRestart }: { x: Import; object: Obj; step: Step; going: boolean; go: (s: Step) => void; onRestart: () => void }) {
  const [plan, setPlan] = useState<Plan>(x.plan)
  const [busy, setBusy] = useState(false)
  const [unread, setUnread] = useState<unknown>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const asking = useRef<AbortController>(undefined)
  const pending = useRef<Plan>(undefined)
  const mapping = mappingOf(x, plan)

  const ask = useStable(async (reading: Reading, next: Plan) => {
    pending.current = undefined
    asking.current?.abort()
    const mine = (asking.current = new AbortController())
    setBusy(true)
    try {
      const now = await reread(x.id, reading, next, mine.signal)
      if (mine.signal.aborted) return
      keep(now)
      setUnread(undefined)
      // Another sheet has other columns: what was said about those of the first one is of no use.
      if (now.columns.join('\n') !== x.columns.join('\n')) setPlan(now.plan)
    } catch (e) {
      if (mine.signal.aborted) return
      if (e instanceof Problem && ['invalid', 'too_large'].includes(e.code)) setUnread(e)
      else complain(e)
    }
    if (asking.current === mine) setBusy(false)
  })
  const edit = useStable((change: Partial<Plan>) => {
    const next = { ...plan, map: mapping, ...change }
    setPlan(next)
    pending.current = next
    setBusy(true)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void ask(readingOf(x), next), 500)
  })
  const read = useStable((reading: Reading) => {
    clearTimeout(timer.current)
    void ask({ ...readingOf(x), ...reading }, { ...plan, map: undefined, values: undefined })
  })
  useEffect(() => {
    // A saved plan may name columns that this file does not have.
    if (x.problem && Object.keys(x.plan.map ?? {}).some(c => !x.columns.includes(c))) edit({})
    return () => { clearTimeout(timer.current); if (pending.current) void reread(x.id, readingOf(x), pending.current).then(keep, () => undefined) }
  }, [])

  const props: StepProps = { x, object, plan, mapping, busy, unread, edit, read }
  const short = lacking(object, mapping, plan.mode ?? 'create')
  const empty = Object.values(mapping).every(m => m === '-')
  const leave = () => { drop(x.id).then(onRestart, complain) }
  return (
    <>
      <div className={css.scroll} key={step}>
        {step === 'preview' && <PreviewStep {...props} />}
        {step === 'columns' && <ColumnsStep {...props} />}
        {step === 'check' && <CheckStep {...props} going={going} onRun={() => go('result')} />}
        {step === 'result' && <ResultStep x={x} object={object} onAgain={onRestart} />}
      </div>
      {(step === 'preview' || step === 'columns') && (
        <div className={css.actions}>
          <Button variant="default" onClick={() => (step === 'preview' ? leave() : go('preview'))}>{t(step === 'preview' ? 'imp.other_file' : 'imp.back')}</Button>
          <span className={css.space} />
          {busy && <span className={css.dim} role="status">{t('imp.trying')}</span>}
          <Button disabled={step === 'columns' ? busy || short.length > 0 || empty || Boolean(x.problem) : unread !== undefined} onClick={() => go(step === 'preview' ? 'columns' : 'check')}>{t('imp.next')}</Button>
        </div>
      )}
    </>
  )
}
