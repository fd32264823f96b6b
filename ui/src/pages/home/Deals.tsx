// Open deals that need somebody to look: past their day, without a next step, or quiet for two weeks.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { typeOf } from '../../fields'
import { get, post } from '../../lib/api'
import { quote } from '../../lib/cel'
import { label, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { keepOwn, readOwn } from '../../lib/own'
import { activitiesOf } from '../../lib/relations'
import { fieldNamed, pathsOf, readable, recTitle, titleOf, objectNamed, useObjects } from '../../lib/schema'
import { zone } from '../../lib/session'
import { todayIn } from '../../lib/time'
import { explain } from '../../lib/toast'
import type { Obj, Page, Rec, Table } from '../../lib/types'
import { Icon } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import { type Attention, attentionFilter, quietDays, ranked, type Reason } from './attention'
import css from './home.module.css'
import { Panel } from './Panel'

const most = 100
const shown = 8

/** Of these records, those with an activity of late: one number per kind of activity, not per record. */
async function activeOf(all: Obj[], o: Obj, ids: string[], signal: AbortSignal): Promise<Set<string>> {
  const out = new Set<string>()
  if (ids.length === 0) return out
  const list = activitiesOf(all, o).filter(a => a.field.can.group)
  const tables = await Promise.allSettled(list.map(a => post<Table>(`/aggregate/${a.object.name}`, {
    group_by: [a.field.name], measures: [], limit: ids.length, filter: `created_at > now() - days(${quietDays}) && ${a.field.name} in [${ids.map(quote).join(', ')}]`,
  }, { signal })))
  for (const x of tables) if (x.status === 'fulfilled') for (const row of x.value.rows ?? []) { const k = row.keys?.[0] as { id?: string } | string | null; const id = typeof k === 'string' ? k : k?.id; if (id) out.add(id) }
  return out
}

function Chip({ reason, rec, object }: { reason: Reason; rec: Rec; object: Obj }) {
  const f = fieldNamed(object, 'close_date')
  if (reason === 'late') return <span className={css.late}><Icon name="alert" size={13} />{t('home.late', { day: f ? typeOf(f).text(rec.fields.close_date, f) : '' })}</span>
  if (reason === 'quiet') return <span className={css.chip}><Icon name="history" size={13} />{t('home.quiet', { n: Math.floor((Date.now() - Date.parse(String(rec.fields.updated_at))) / 86_400_000) })}</span>
  return <span className={css.chip}><Icon name="flag" size={13} />{t('home.step')}</span>
}

interface Found { list: Attention[]; count: number; more: boolean }

export function Deals({ object }: { object: Obj }) {
  const all = useObjects()
  const [mine, setMine] = useState(() => readOwn<string>('deals', 'mine') !== 'all')
  const filter = attentionFilter(object, mine)
  const wanted = ['amount', 'stage', 'company', 'close_date', 'next_step', 'updated_at', ...(mine ? [] : ['owner'])].map(n => fieldNamed(object, n)).filter(f => f !== undefined).filter(readable)
  const fields = [...new Set([...object.title, ...wanted.flatMap(pathsOf)])].join(',')
  const q = useQuery({
    queryKey: [...keys.records('deal'), 'attention', filter], enabled: filter !== '', staleTime: 60_000,
    queryFn: async ({ signal }): Promise<Found> => {
      const page = await get<Page>('/records/deal', { query: { filter, fields, sort: fieldNamed(object, 'close_date')?.can.sort ? 'close_date' : undefined, limit: most, count: true }, signal })
      const active = await activeOf(all, object, page.records.map(r => r.id), signal)
      return { list: ranked(object, page.records, active, todayIn(zone()), Date.now()), count: page.count ?? page.records.length, more: Boolean(page.next_cursor) }
    },
  })
  const set = (m: boolean) => { setMine(m); keepOwn('deals', m ? 'mine' : 'all') }
  if (!filter) return null
  const amount = fieldNamed(object, 'amount')
  const stage = fieldNamed(object, 'stage')
  const company = fieldNamed(object, 'company')
  const tools = (
    <span className={css.switch} role="group" aria-label={t('home.whose')}>
      <button type="button" aria-pressed={mine} onClick={() => set(true)}>{t('home.mine')}</button>
      <button type="button" aria-pressed={!mine} onClick={() => set(false)}>{t('home.everyone')}</button>
    </span>
  )
  const n = q.data?.list.length ?? 0
  return (
    <Panel title={t('home.deals')} icon="briefcase" count={n > 0 ? t(q.data?.more ? 'count.more' : 'count', { n }) : ''} tools={tools}>
      {q.isLoading ? <Bones rows={5} /> : q.isError && !q.data ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} /> : n === 0 ? (
        <div className={css.quiet}><p>{t(mine ? 'home.deals.none' : 'home.deals.nobody')}</p><Link to="/o/$object" params={{ object: 'deal' }} search={{}}>{t('go.to', { what: label(object.plural) })}</Link></div>
      ) : (
        <ul className={css.rows}>
          {q.data!.list.slice(0, shown).map(({ rec, reasons }) => (
            <li key={rec.id} className={`${css.row} ${css.deal}`}>
              <span className={css.what}>
                <Link to="/o/$object/$id" params={{ object: 'deal', id: rec.id }} dir="auto">{recTitle(rec) || t('untitled')}</Link>
                <span className={css.dim}>{[stage && titleOf(objectNamed('stage'), rec.fields, 'stage'), company && titleOf(objectNamed('company'), rec.fields, 'company'), !mine && titleOf(objectNamed('user'), rec.fields, 'owner')].filter(Boolean).join(' · ')}</span>
              </span>
              <span className={css.money}>{amount ? typeOf(amount).text(rec.fields.amount, amount) : ''}</span>
              <span className={css.chips}>{reasons.map(r => <Chip key={r} reason={r} rec={rec} object={object} />)}</span>
            </li>
          ))}
        </ul>
      )}
      {q.data && (n > shown || q.data.more) && <Link className={css.all} to="/o/$object" params={{ object: 'deal' }} search={{ f: filter, s: 'close_date' }}>{t('home.all', { n: q.data.count })}</Link>}
    </Panel>
  )
}
