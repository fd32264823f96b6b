// My open tasks. Arrows move between them, Space does one; what was done can be taken back.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, useRef, useState } from 'react'
import { showMoment } from '../../fields/date'
import { get } from '../../lib/api'
import { noun, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { Button } from '../../lib/kit'
import { nameOf, useNames } from '../../lib/names'
import { open } from '../../lib/overlay'
import { refresh, update } from '../../lib/records'
import { fieldNamed, readable } from '../../lib/schema'
import { zone } from '../../lib/session'
import { todayIn, toLocal } from '../../lib/time'
import { complain, explain } from '../../lib/toast'
import type { Obj, Page, Rec, Ref } from '../../lib/types'
import { Icon } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import css from './home.module.css'
import { Panel } from './Panel'

const most = 8
export const openTasks = 'owner == me() && !(status in ["completed", "deferred"])'

/** Those with a day, the earliest first, and then those without one. */
async function read(o: Obj, signal: AbortSignal): Promise<{ records: Rec[]; count: number; capped: boolean }> {
  const fields = ['subject', 'due_at', 'status', 'priority', 'related_to'].filter(n => { const f = fieldNamed(o, n); return f && readable(f) }).join(',')
  const ask = (filter: string, sort: string | undefined, count: boolean) => get<Page>('/records/task', { query: { filter, fields, sort, limit: most, count }, signal })
  const [dated, others] = await Promise.all([ask(`${openTasks} && has(due_at)`, 'due_at', true), ask(`${openTasks} && !has(due_at)`, undefined, true)])
  return { records: [...dated.records, ...others.records].slice(0, most), count: (dated.count ?? 0) + (others.count ?? 0), capped: Boolean(dated.count_capped || others.count_capped) }
}

export function Tasks({ object }: { object: Obj }) {
  useNames()
  const q = useQuery({ queryKey: [...keys.records('task'), 'mine'], queryFn: ({ signal }) => read(object, signal) })
  const [done, setDone] = useState<ReadonlySet<string>>(new Set())
  const list = useRef<HTMLUListElement>(null)
  const finish = (task: Rec) => {
    if (done.has(task.id)) return
    setDone(was => new Set(was).add(task.id))
    const undone = () => setDone(was => { const now = new Set(was); now.delete(task.id); return now })
    update(task, { status: 'completed' }).then(() => refresh('task')).then(undone, (e: unknown) => { undone(); complain(e) })
  }
  const onKeyDown = (e: KeyboardEvent) => {
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0
    const ticks = [...(list.current?.querySelectorAll<HTMLInputElement>('input') ?? [])]
    const at = ticks.indexOf(e.target as HTMLInputElement)
    if (step && at >= 0) { e.preventDefault(); ticks[at + step]?.focus() }
  }
  const create = () => open({ kind: 'create', object: 'task', done: () => void refresh('task') })
  const today = todayIn(zone())
  const now = new Date().toISOString()
  const count = q.data && q.data.count > 0 ? t(q.data.capped ? 'count.more' : 'count', { n: q.data.count }) : ''
  return (
    <Panel title={t('home.tasks')} icon="checklist" count={count} tools={object.can.create && <button type="button" className={css.tool} onClick={create}><Icon name="plus" size={14} />{t('create.what', { what: noun(object.label) })}</button>}>
      {q.isLoading ? <Bones rows={5} /> : q.isError && !q.data ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} /> : q.data!.records.length === 0 ? (
        <div className={css.quiet}><p>{t('home.tasks.none')}</p>{object.can.create && <Button size="xs" variant="default" onClick={create}>{t('create.what', { what: noun(object.label) })}</Button>}</div>
      ) : (
        <ul ref={list} className={css.rows} onKeyDown={onKeyDown}>
          {q.data!.records.map(x => {
            const subject = typeof x.fields.subject === 'string' ? x.fields.subject : t('untitled')
            const due = typeof x.fields.due_at === 'string' ? x.fields.due_at : ''
            const day = due && toLocal(due, zone()).slice(0, 10)
            const about = x.fields.related_to as Ref | null | undefined
            const name = about && nameOf(about.object, about.id)
            return (
              <li key={x.id} className={`${css.row} ${done.has(x.id) ? css.gone : ''}`}>
                {x.can.update ? <input type="checkbox" className={css.tick} checked={done.has(x.id)} aria-label={t('task.done', { what: subject })} onChange={() => finish(x)} /> : <span className={css.tick} />}
                <span className={css.what}>
                  <Link to="/o/$object/$id" params={{ object: 'task', id: x.id }} dir="auto">{subject}</Link>
                </span>
                {name && about && !subject.includes(name) && <Link to="/o/$object/$id" params={about} className={css.about}>{name}</Link>}
                {x.fields.priority === 'high' && <span className={css.flag}><Icon name="flag" size={13} />{t('home.high')}</span>}
                {due && (due < now ? <span className={css.late}><Icon name="alert" size={13} />{t('timeline.late', { when: showMoment(due) })}</span> : <span className={css.when}>{day === today ? t('home.today', { time: toLocal(due, zone()).slice(11) }) : showMoment(due)}</span>)}
              </li>
            )
          })}
        </ul>
      )}
      {q.data && q.data.count > q.data.records.length && <Link className={css.all} to="/o/$object" params={{ object: 'task' }} search={{ f: openTasks, s: 'due_at' }}>{t('home.all', { n: q.data.count })}</Link>}
    </Panel>
  )
}
