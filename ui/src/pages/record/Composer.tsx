// Writing down what happened, and what comes next, in one form: the note, the task that follows from it and
// the next step of the record are one change, and are undone as one.
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { typeOf } from '../../fields'
import { newKey, post, Problem } from '../../lib/api'
import { useStable } from '../../lib/hooks'
import { label, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { composing } from '../../lib/nav'
import { refresh, reread, undoChangeset } from '../../lib/records'
import { activitiesOf, type Happening, type Relation } from '../../lib/relations'
import { editable, fieldNamed, useObjects } from '../../lib/schema'
import { complain, didChange, explain } from '../../lib/toast'
import type { BatchAnswer, Field, Obj, Operation, Rec } from '../../lib/types'
import form from '../../parts/form.module.css'
import { Icon, iconOf } from '../../parts/Icon'
import css from './timeline.module.css'
import { firstLine } from './timeline'

type Activity = Relation & { kind: Happening }
interface Draft { kind: Happening; text: string; values: Record<string, unknown>; step: string; by: unknown }

/** What was typed stays while the page is open, also when another record is looked at. Never in the browser's storage. */
const drafts = new Map<string, Draft>()

/** The text that matters, and what may be said beside it. */
const shapes: Record<Happening, { main: string; beside: string[] }> = {
  note: { main: 'body', beside: [] },
  call: { main: 'summary', beside: ['direction', 'outcome', 'start_at', 'length'] },
  meeting: { main: 'subject', beside: ['start_at', 'end_at', 'location', 'description'] },
  task: { main: 'subject', beside: ['due_at', 'priority', 'description'] },
}
const placeholders = { note: 'log.note.text', call: 'log.call.text', meeting: 'log.meeting.text', task: 'log.task.text' } as const
const savers = { note: 'log.note.save', call: 'log.call.save', meeting: 'log.meeting.save', task: 'log.task.save' } as const

const hour = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

function begin(kind: Happening, was?: Draft): Draft {
  const now = Date.now()
  const next = Math.ceil((now + 1) / hour) * hour
  const values: Record<string, unknown> = kind === 'call' ? { start_at: iso(Math.floor(now / 60_000) * 60_000), direction: 'out' } : kind === 'meeting' ? { start_at: iso(next), end_at: iso(next + hour) } : {}
  return { kind, text: was?.text ?? '', values, step: was?.step ?? '', by: was?.by ?? null }
}

/** The fields of an activity that this person may fill in. */
const offered = (o: Obj, kind: Happening) => shapes[kind].beside.map(n => fieldNamed(o, n)).filter(f => f !== undefined).filter(editable)

function fieldsOf(a: Activity, d: Draft, rec: Rec): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [n, v] of Object.entries(d.values)) if (v !== null && v !== undefined && v !== '' && fieldNamed(a.object, n)?.can.edit) out[n] = v
  const { main } = shapes[a.kind]
  out[main] = d.text.trim()
  const subject = fieldNamed(a.object, 'subject')
  if (main !== 'subject' && subject?.required) out.subject = firstLine(d.text)
  out[a.field.name] = a.field.type === 'any' ? { object: rec.object, id: rec.id } : rec.id
  return out
}

/** All that one press of Save does. */
function operations(a: Activity, d: Draft, rec: Rec, object: Obj, task: Activity | undefined): Operation[] {
  const list: Operation[] = [{ op: 'create', object: a.object.name, fields: fieldsOf(a, d, rec) }]
  if (a.kind === 'task') return list
  const step = d.step.trim()
  if (step && task) list.push({ op: 'create', object: 'task', fields: { subject: firstLine(step, 200), ...(d.by ? { due_at: d.by } : {}), [task.field.name]: task.field.type === 'any' ? { object: rec.object, id: rec.id } : rec.id } })
  const change: Record<string, unknown> = {}
  const mine = (n: string) => { const f = fieldNamed(object, n); return rec.can.update && f && editable(f) }
  if (step && mine('next_step')) change.next_step = step
  if (d.by && mine('next_contact_at')) change.next_contact_at = d.by
  if (Object.keys(change).length) list.push({ op: 'update', object: rec.object, id: rec.id, fields: change })
  return list
}

function Beside({ field, value, error, onChange, onBad }: { field: Field; value: unknown; error?: string; onChange: (v: unknown) => void; onBad: (why: string | null) => void }) {
  const id = useId()
  const k = typeOf(field)
  const Form = k.Form
  if (!Form) return null
  return (
    <div className={k.tall ? css.wide : undefined}>
      <label htmlFor={id} className={css.label}>{label(field.label)}</label>
      <Form id={id} field={field} value={value ?? null} name={label(field.label)} place="form" invalid={Boolean(error)} describedBy={error ? `${id}-e` : undefined} onChange={onChange} onBad={onBad} />
      {error && <div className={form.error} id={`${id}-e`}>{error}</div>}
    </div>
  )
}

interface Props { rec: Rec; object: Obj; onSaved: () => void; /** grows with each wish to write */ wish: { kind: Happening; n: number } }

export function Composer({ rec, object, onSaved, wish }: Props) {
  const acts = activitiesOf(useObjects(), object).filter(a => a.object.can.create && a.field.can.edit)
  const slot = `${rec.object}:${rec.id}`
  const [draft, setDraft] = useState<Draft | null>(() => drafts.get(slot) ?? null)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  // Where the cursor goes once it is painted: into the text, or back to the first button.
  const [aim, setAim] = useState(0)
  const back = useRef(false)
  const bad = useRef<Record<string, string>>({})
  const key = useRef(newKey())
  const area = useRef<HTMLTextAreaElement>(null)
  const first = useRef<HTMLButtonElement>(null)
  const id = useId()

  const set = useStable((d: Draft | null) => {
    setDraft(d)
    if (d) drafts.set(slot, d)
    else drafts.delete(slot)
  })
  const start = useStable((kind: Happening) => {
    if (draft?.kind !== kind) { setErrors({}); bad.current = {}; set(begin(kind, draft ?? undefined)) }
    setAim(n => n + 1)
  })
  useEffect(() => { if (aim > 0) area.current?.focus() }, [aim])
  useEffect(() => { if (!draft && back.current) { back.current = false; first.current?.focus() } }, [draft])
  useEffect(() => { if (wish.n > 0 && acts.length) start(acts.some(a => a.kind === wish.kind) ? wish.kind : acts[0]!.kind) }, [wish, start])

  if (acts.length === 0) return null
  const act = draft && acts.find(a => a.kind === draft.kind)
  if (!draft || !act) {
    return (
      <div className={css.composer}>
        <div className={css.kinds} role="group" aria-label={t('log.title')}>
          {acts.map((a, i) => <button key={a.kind} ref={i === 0 ? first : undefined} type="button" className={css.kind} onClick={() => start(a.kind)}><Icon name={iconOf(a.object.name)} size={15} />{label(a.object.label)}</button>)}
        </div>
      </div>
    )
  }

  const close = () => { back.current = true; set(null); setErrors({}); bad.current = {} }
  const task = acts.find(a => a.kind === 'task')
  const stepField = task && fieldNamed(task.object, 'due_at')
  const patch = (change: Partial<Draft>) => set({ ...draft, ...change })
  const clear = (name: string) => setErrors(({ [name]: _, ...rest }) => rest)
  const onBad = (name: string) => (why: string | null) => { if (why) bad.current[name] = why; else delete bad.current[name] }

  const save = async () => {
    if (busy) return
    const found = { ...bad.current, ...(draft.text.trim() ? {} : { main: t('bad.required') }), ...(draft.by && !draft.step.trim() && draft.kind !== 'task' && task ? { step: t('log.step.missing') } : {}) }
    setErrors(found)
    if (Object.keys(found).length) { if (found.main) area.current?.focus(); return }
    setBusy(true)
    const list = operations(act, draft, rec, object, task)
    try {
      const answer = await post<BatchAnswer>('/batch', { operations: list }, { repeat: key.current })
      key.current = newKey()
      const around = [...new Set(list.map(o => o.object))]
      close()
      const again = () => Promise.all([...around.map(refresh), ...(list.some(o => o.op === 'update') ? [reread(rec.object, rec.id)] : [])])
      didChange(t('log.saved', { what: label(act.object.label) }), async () => { await undoChangeset(answer.changeset, around); await again(); onSaved() })
      await again().catch(() => undefined)
      onSaved()
    } catch (e) {
      if (e instanceof Problem && e.errors.length > 0) {
        key.current = newKey()
        const by: Record<string, string> = {}
        for (const x of e.errors) by[(x as { row?: number }).row === 2 ? 'step' : x.field === shapes[draft.kind].main ? 'main' : x.field] = x.message
        const seen = new Set(['main', 'step', 'by', ...offered(act.object, draft.kind).map(f => f.name)])
        setErrors(by)
        if (Object.keys(by).some(n => !seen.has(n))) setErrors({ ...by, all: explain(e) })
      } else complain(e)
    }
    setBusy(false)
  }
  const onKeyDown = (e: KeyboardEvent) => {
    if (composing(e)) return
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); void save() }
    else if (e.key === 'Escape' && !e.defaultPrevented) { e.preventDefault(); e.stopPropagation(); close() }
  }
  const Due = stepField && typeOf(stepField).Form
  return (
    <form className={`${css.composer} ${css.open}`} noValidate aria-label={t('log.title')} onSubmit={(e: FormEvent) => { e.preventDefault(); void save() }} onKeyDown={onKeyDown}>
      <div className={css.kinds} role="group" aria-label={t('log.kind')}>
        {acts.map(a => <button key={a.kind} type="button" aria-pressed={a.kind === draft.kind} className={css.kind} onClick={() => start(a.kind)}><Icon name={iconOf(a.object.name)} size={15} />{label(a.object.label)}</button>)}
      </div>
      {errors.all && <div className={form.alert} role="alert">{errors.all}</div>}
      <div>
        <label htmlFor={`${id}-t`} className="hidden-visually">{t(placeholders[draft.kind])}</label>
        <textarea
          id={`${id}-t`} ref={area} className={css.area} dir="auto" rows={draft.kind === 'note' || draft.kind === 'call' ? 3 : 1} value={draft.text} placeholder={t(placeholders[draft.kind])} aria-invalid={errors.main ? true : undefined}
          aria-describedby={errors.main ? `${id}-te` : undefined} onChange={e => { patch({ text: e.target.value }); clear('main') }}
        />
        {errors.main && <div className={form.error} role="alert" id={`${id}-te`}>{errors.main}</div>}
      </div>
      {offered(act.object, draft.kind).length > 0 && (
        <div className={css.beside}>
          {offered(act.object, draft.kind).map(f => <Beside key={`${draft.kind} ${f.name}`} field={f} value={draft.values[f.name]} error={errors[f.name]} onBad={onBad(f.name)} onChange={v => { patch({ values: { ...draft.values, [f.name]: v } }); clear(f.name) }} />)}
        </div>
      )}
      {draft.kind !== 'task' && task && (
        <div className={css.next}>
          <div>
            <label htmlFor={`${id}-s`} className={css.label}>{t('log.step')}</label>
            <input id={`${id}-s`} className={form.input} value={draft.step} maxLength={200} dir="auto" autoComplete="off" placeholder={t('log.step.text')} aria-invalid={errors.step ? true : undefined} aria-describedby={errors.step ? `${id}-se` : `${id}-sh`} onChange={e => { patch({ step: e.target.value }); clear('step') }} />
            {errors.step ? <div className={form.error} role="alert" id={`${id}-se`}>{errors.step}</div> : null}
          </div>
          {Due && stepField && (
            <div>
              <label htmlFor={`${id}-d`} className={css.label}>{t('log.by')}</label>
              <Due id={`${id}-d`} field={stepField} value={draft.by ?? null} name={t('log.by')} place="form" invalid={Boolean(errors.by)} onBad={onBad('by')} onChange={v => { patch({ by: v }); clear('by') }} />
              {errors.by && <div className={form.error} role="alert">{errors.by}</div>}
            </div>
          )}
        </div>
      )}
      <div className={css.foot}>
        <span id={`${id}-sh`}>{draft.kind !== 'task' && task ? t('log.step.help') : t('log.hint')}</span>
        <Button size="xs" variant="default" onClick={close}>{t('cancel')}</Button>
        <Button size="xs" type="submit" loading={busy}>{t(savers[draft.kind])}</Button>
      </div>
    </form>
  )
}
