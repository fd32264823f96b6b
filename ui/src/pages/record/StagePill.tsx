// Where a deal stands, and the way to the next stage. A lost deal is asked for its reason before it counts.
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type KeyboardEvent, useId, useState } from 'react'
import { typeOf } from '../../fields'
import { get, Problem } from '../../lib/api'
import { quote } from '../../lib/cel'
import { currentLang, label, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { Button, Menu } from '../../lib/kit'
import { nameOf, useNames } from '../../lib/names'
import { composing } from '../../lib/nav'
import { open } from '../../lib/overlay'
import { update } from '../../lib/records'
import { editable, fieldNamed, recTitle, targets } from '../../lib/schema'
import { complain } from '../../lib/toast'
import type { Obj, Page, Rec } from '../../lib/types'
import { Dialog } from '../../parts/Dialog'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { Pill } from '../../parts/Pill'
import css from './record.module.css'

const tones: Record<string, string> = { open: 'blue', won: 'green', lost: 'red', abandoned: 'grey' }
const stageText = (s: Rec) => String((currentLang() === 'zh-CN' && s.fields.name_zh) || s.fields.name || '')

export function useStages(pipeline: unknown, wanted: boolean) {
  return useQuery({
    queryKey: [...keys.records('stage'), 'of', pipeline ?? ''], enabled: wanted, staleTime: 300_000,
    queryFn: ({ signal }) => get<Page>('/records/stage', { query: { filter: typeof pipeline === 'string' ? `pipeline == ${quote(pipeline)}` : '', sort: 'position', fields: 'name,name_zh,position,outcome,pipeline', limit: 100 }, signal }),
  }).data?.records ?? []
}

/** A stage field leads to stages; a status is a choice. */
export function StagePill({ rec, object }: { rec: Rec; object: Obj }) {
  useNames()
  const stage = fieldNamed(object, 'stage')
  const isStage = stage?.type === 'lookup' && targets(stage)[0] === 'stage'
  const status = isStage ? undefined : object.fields.find(f => f.name === 'status' && f.type === 'picklist')
  const stages = useStages(rec.fields.pipeline, isStage)
  const [asking, setAsking] = useState<Rec | null>(null)
  const field = isStage ? stage : status
  if (!field || !field.can.read) return null
  const now = rec.fields[field.name]
  if (!now) return null
  const move = (value: string, more: Record<string, unknown> = {}) => {
    const fields = { [field.name]: value, ...more }
    update(rec, fields).catch((e: unknown) => { if (e instanceof Problem && e.code === 'stale') open({ kind: 'conflict', rec, fields }); else complain(e) })
  }
  const at = stages.find(s => s.id === now)
  const option = field.options?.find(o => o.key === now)
  const reason = fieldNamed(object, 'lost_reason')
  const pill = <Pill text={isStage ? (at ? stageText(at) : nameOf('stage', String(now)) ?? '') : option ? label(option.label) : String(now)} color={isStage ? tones[String(at?.fields.outcome ?? 'open')] : option?.color} />
  if (!rec.can.update || !editable(field)) return pill
  const choices = isStage ? stages.map(s => ({ key: s.id, text: stageText(s), color: tones[String(s.fields.outcome)], pick: () => (s.fields.outcome === 'lost' && reason && editable(reason) && !rec.fields.lost_reason ? setAsking(s) : move(s.id)) }))
    : (field.options ?? []).filter(o => !o.archived).map(o => ({ key: o.key, text: label(o.label), color: o.color, pick: () => move(o.key) }))
  return (
    <>
      <Menu position="bottom-start" width={220} shadow="none" transitionProps={{ duration: 0 }}>
        <Menu.Target><button type="button" className={css.stage} aria-label={t('stage.move', { field: label(field.label), now: isStage ? (at ? stageText(at) : '') : option ? label(option.label) : '' })}>{pill}<Icon name="chevronDown" size={13} /></button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{label(field.label)}</Menu.Label>
          {choices.map(c => <Menu.Item key={c.key} leftSection={<Icon name={c.key === now ? 'check' : 'chevronRight'} size={14} />} disabled={c.key === now} onClick={c.pick}><Pill text={c.text} color={c.color} /></Menu.Item>)}
        </Menu.Dropdown>
      </Menu>
      {asking && reason && <LostDialog rec={rec} object={object} stage={stageText(asking)} onDone={value => { setAsking(null); move(asking.id, value ? { lost_reason: value } : {}) }} onClose={() => setAsking(null)} />}
    </>
  )
}

function LostDialog({ rec, object, stage, onDone, onClose }: { rec: Rec; object: Obj; stage: string; onDone: (reason: string) => void; onClose: () => void }) {
  const f = fieldNamed(object, 'lost_reason')!
  const id = useId()
  const [value, setValue] = useState<unknown>(null)
  const [bad, setBad] = useState('')
  const Form = typeOf(f).Form
  const save = () => { if (typeof value === 'string' && value.trim()) onDone(value.trim()); else setBad(t('bad.required')) }
  return (
    <Dialog title={t('stage.lost', { record: recTitle(rec) || t('untitled'), stage })} onClose={onClose}>
      <form className={form.form} noValidate onSubmit={(e: FormEvent) => { e.preventDefault(); save() }} onKeyDown={(e: KeyboardEvent) => { if (!composing(e) && e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); save() } }}>
        <div>
          <label htmlFor={id} className={form.label}>{label(f.label)}</label>
          {Form && <Form id={id} field={f} value={value} name={label(f.label)} place="form" autoFocus invalid={Boolean(bad)} describedBy={bad ? `${id}-e` : undefined} onChange={v => { setValue(v); setBad('') }} />}
          {bad && <div className={form.error} role="alert" id={`${id}-e`}>{bad}</div>}
        </div>
        <div className={form.foot}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit">{t('stage.go')}</Button></div>
      </form>
    </Dialog>
  )
}
