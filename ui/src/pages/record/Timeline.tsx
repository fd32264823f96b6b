// What happened around a record and what comes next, with the form to write more on top.
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import { typeOf } from '../../fields'
import { showMoment } from '../../fields/date'
import { useActions } from '../../lib/actions'
import { useStable } from '../../lib/hooks'
import { currentLang, type Key, label, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { nameOf, useNames } from '../../lib/names'
import { update } from '../../lib/records'
import type { Happening } from '../../lib/relations'
import { fieldNamed, objectNamed } from '../../lib/schema'
import { zone } from '../../lib/session'
import { toLocal } from '../../lib/time'
import { complain, explain } from '../../lib/toast'
import type { Change, Rec, Ref } from '../../lib/types'
import { Icon, type IconName, iconOf } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import { Composer } from './Composer'
import { refreshFeed, useFeed } from './feed'
import { Diff, verbs } from './History'
import type { TabProps } from './tabs'
import { days, dueOf, isAhead, type Item, type Line, merge, nearDay } from './timeline'
import css from './timeline.module.css'

/** Changes that are steps of their own. */
const steps = ['stage', 'status', 'owner']
const kinds = ['note', 'call', 'meeting', 'task', 'change', 'watch'] as const
type Kind = (typeof kinds)[number]

const titles: Partial<Record<Kind, Key>> = { change: 'timeline.changes', watch: 'timeline.watch' }
const kindText = (k: Kind) => { const own = titles[k]; return own ? t(own) : label(objectNamed(k)?.plural) }
const watches: Record<string, Key> = { reveal: 'watch.reveal', download: 'watch.download', export: 'watch.export' }
const person = (id: unknown) => (typeof id === 'string' && id ? nameOf('user', id) : '') || t('history.somebody')
const clock = (at: string) => toLocal(at, zone()).slice(11)
const marks: Record<string, IconName> = { change: 'history', watch: 'eye' }

export function dayText(day: string): string {
  const near = nearDay(day, zone())
  const at = new Date(`${day}T00:00:00Z`)
  const text = new Intl.DateTimeFormat(currentLang() === 'en' ? 'en-GB' : 'zh-CN', { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'long', ...(day.slice(0, 4) === new Date().toISOString().slice(0, 4) ? {} : { year: 'numeric' }) }).format(at)
  return near ? t(`day.${near}`, { day: text }) : text
}

function Row({ kind, time, children, done, day }: { kind: string; time: string; children: ReactNode; done?: boolean; /** its day is not said above it */ day?: boolean }) {
  return (
    <li className={`${css.line} ${css[kind] ?? ''} ${done ? css.done : ''}`}>
      <span className={css.mark}><Icon name={marks[kind] ?? iconOf(kind)} size={14} /></span>
      <div>{children}</div>
      {time && <time className={css.time} dateTime={time} title={showMoment(time)}>{day ? showMoment(time) : clock(time)}</time>}
    </li>
  )
}

function Text({ text }: { text: string }) {
  const [whole, setWhole] = useState(false)
  const long = text.length > 420 || text.split('\n').length > 6
  return (
    <>
      <div className={`${css.body} ${whole || !long ? css.whole : ''}`} dir="auto">{text}</div>
      {long && <button type="button" className={css.fold} aria-expanded={whole} onClick={() => setWhole(!whole)}>{t(whole ? 'timeline.less' : 'timeline.whole')}</button>}
    </>
  )
}

const parts: Record<Happening, { text: string; facts: string[] }> = {
  note: { text: 'body', facts: [] }, call: { text: 'summary', facts: ['direction', 'outcome', 'length'] },
  meeting: { text: 'description', facts: ['status', 'location'] }, task: { text: 'description', facts: ['status', 'due_at'] },
}

/** A note, call, meeting or task: what it is, about whom, by whom, and what it says. */
function Happened({ item, of, ahead, onTask }: { item: Extract<Item, { kind: Happening }>; of: Rec; ahead: boolean; onTask: (rec: Rec) => void }) {
  const { rec, kind } = item
  const o = objectNamed(rec.object)
  if (!o) return null
  const shape = parts[kind]
  const subject = typeof rec.fields.subject === 'string' ? rec.fields.subject : ''
  const body = typeof rec.fields[shape.text] === 'string' ? String(rec.fields[shape.text]) : ''
  const about = rec.fields.related_to as Ref | null | undefined
  const other = about && about.id !== of.id ? nameOf(about.object, about.id) : ''
  const due = typeof rec.fields.due_at === 'string' ? rec.fields.due_at : ''
  const done = kind === 'task' && rec.fields.status === 'completed'
  const late = kind === 'task' && !done && due !== '' && due < new Date().toISOString()
  const facts = shape.facts.filter(n => n !== 'due_at' || !late).map(n => { const f = fieldNamed(o, n); return f && rec.fields[n] ? `${n === 'due_at' ? t('timeline.due') : ''}${typeOf(f).text(rec.fields[n], f)}` : '' }).filter(Boolean)
  return (
    <Row kind={kind} time={ahead && kind === 'task' ? '' : item.at} day={ahead} done={done}>
      <div className={css.top}>
        {kind === 'task' && rec.can.update && <input type="checkbox" className={css.tick} checked={done} aria-label={t('task.done', { what: subject })} onChange={() => onTask(rec)} />}
        <b><Link to="/o/$object/$id" params={{ object: rec.object, id: rec.id }}>{subject || label(o.label)}</Link></b>
        {other && about && <Link to="/o/$object/$id" params={about} className={css.other}>{other}</Link>}
        {late && <span className={css.late}><Icon name="alert" size={13} />{t('timeline.late', { when: showMoment(due) })}</span>}
        {facts.length > 0 && <span className={css.dim}>{facts.join(' · ')}</span>}
        <span className={css.dim}>{person(rec.fields.owner ?? rec.fields.created_by)}</span>
      </div>
      {body && body !== subject && <Text text={body} />}
    </Row>
  )
}

function Changed({ change, of }: { change: Change; of: Rec }) {
  const o = objectNamed(of.object)
  const [open, setOpen] = useState(false)
  const step = (change.fields ?? []).find(c => steps.includes(c.field))
  const f = step && fieldNamed(o, step.field)
  const made = change.verb === 'create'
  return (
    <Row kind="change" time={change.time}>
      <div className={css.top}>
        <span><b>{person(change.actor)}</b> {t(verbs[change.verb] ?? 'verb.update')}</span>
        {f && step && !made && <span>{label(f.label)}{t('colon')}<span className={css.dim}>{typeOf(f).text(step.old, f) || '—'}</span> → <b>{typeOf(f).text(step.new, f) || '—'}</b></span>}
        {(change.fields?.length ?? 0) > (made ? 0 : 1) && <button type="button" className={css.fold} aria-expanded={open} onClick={() => setOpen(!open)}><Icon name={open ? 'chevronDown' : 'chevronRight'} size={13} />{t('timeline.details')}</button>}
      </div>
      {open && o && <Diff change={change} object={o} />}
    </Row>
  )
}

function Fold({ line, of }: { line: Extract<Line, { kind: 'fold' }>; of: Rec }) {
  const [open, setOpen] = useState(false)
  const o = objectNamed(of.object)
  const who = [...new Set(line.changes.map(c => person(c.actor)))]
  return (
    <Row kind="change" time={line.changes[0]!.time}>
      <button type="button" className={css.fold} aria-expanded={open} onClick={() => setOpen(!open)}><Icon name={open ? 'chevronDown' : 'chevronRight'} size={13} />{t('timeline.folded', { n: line.fields })}<span className={css.dim}>{who.slice(0, 3).join(t('comma'))}</span></button>
      {open && o && line.changes.map(c => <Diff key={c.seq} change={c} object={o} />)}
    </Row>
  )
}

function Watched({ item }: { item: Extract<Item, { kind: 'watch' }> }) {
  const e = item.entry
  return (
    <Row kind="watch" time={item.at}>
      <div className={css.top}>
        <b>{t(e.decision === 'allow' ? (watches[e.verb] ?? 'watch.other') : 'watch.refused')}</b>
        <span className={css.dim}>{person(e.actor)}</span>
        {e.verb === 'reveal' && e.reason && <span>{t('watch.purpose', { purpose: e.reason })}</span>}
      </div>
    </Row>
  )
}

export function Timeline({ rec, object }: TabProps) {
  useNames()
  const lang = useLang()
  const feed = useFeed(object, rec)
  const [only, setOnly] = useState<Kind | null>(null)
  const [wish, setWish] = useState<{ kind: Happening; n: number }>({ kind: 'note', n: 0 })
  useActions([{ id: 'note', text: t('log.write'), icon: 'note', keys: 'n', run: () => setWish(w => ({ kind: 'note', n: w.n + 1 })) }], `${rec.id} ${lang}`)
  const again = useStable(() => void refreshFeed(rec.object, rec.id))
  const onTask = useStable((task: Rec) => {
    update(task, { status: task.fields.status === 'completed' ? 'not_started' : 'completed' }).then(again, complain)
  })
  const all = useMemo(() => merge((feed.data?.pages ?? []).flatMap(p => p.parts)), [feed.data])
  const failed = [...new Set((feed.data?.pages ?? []).flatMap(p => p.failed))]
  const there = kinds.filter(k => all.some(i => i.kind === k))
  const now = new Date().toISOString()
  const seen = only ? all.filter(i => i.kind === only) : all
  const ahead = seen.filter(i => isAhead(i, now)).sort((a, b) => (dueOf(a) < dueOf(b) ? -1 : 1))
  const pinned = seen.filter(i => i.kind === 'note' && i.rec.fields.pinned === true)
  const list = days(seen.filter(i => !isAhead(i, now) && !pinned.includes(i)), zone(), steps)
  const show = (i: Item) => (i.kind === 'change' ? <Changed key={i.key} change={i.change} of={rec} /> : i.kind === 'watch' ? <Watched key={i.key} item={i} /> : <Happened key={i.key} item={i} of={rec} ahead={isAhead(i, now)} onTask={onTask} />)
  const group = (title: string, items: Item[]) => items.length > 0 && <section aria-label={title}><h2 className={css.day}>{title}</h2><ul className={css.lines}>{items.map(show)}</ul></section>
  return (
    <>
      <Composer key={rec.id} rec={rec} object={object} wish={wish} onSaved={again} />
      {there.length > 1 && (
        <div className={css.bar} role="group" aria-label={t('timeline.filter')}>
          <button type="button" className={css.chip} aria-pressed={only === null} onClick={() => setOnly(null)}>{t('timeline.all')}</button>
          {there.map(k => <button key={k} type="button" className={css.chip} aria-pressed={only === k} onClick={() => setOnly(only === k ? null : k)}><Icon name={marks[k] ?? iconOf(k)} size={13} />{kindText(k)}</button>)}
        </div>
      )}
      {failed.length > 0 && <div className={css.missed} role="status"><Icon name="alert" />{t('timeline.missed', { what: failed.map(k => kindText(k as Kind)).join(t('comma')) })}<Button size="compact-xs" variant="default" onClick={again}>{t('retry')}</Button></div>}
      {feed.isLoading || (feed.isPending && !feed.isError) ? <Bones rows={6} /> : feed.isError && !feed.data ? <ErrorState text={explain(feed.error)} onRetry={() => void feed.refetch()} /> : (
        <div className={css.list}>
          {group(t('timeline.ahead'), ahead)}
          {group(t('timeline.pinned'), pinned)}
          {list.map(d => (
            <section key={d.day} aria-label={dayText(d.day)}>
              <h2 className={css.day}>{dayText(d.day)}</h2>
              <ul className={css.lines}>{d.lines.map(l => (l.kind === 'one' ? show(l.item) : <Fold key={l.key} line={l} of={rec} />))}</ul>
            </section>
          ))}
          {seen.length === 0 && <p className={css.quiet}>{t('timeline.empty')}</p>}
          {feed.hasNextPage && <Button size="xs" variant="default" loading={feed.isFetchingNextPage} onClick={() => void feed.fetchNextPage()}>{t('history.older')}</Button>}
        </div>
      )}
    </>
  )
}
