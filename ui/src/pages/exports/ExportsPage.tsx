// What was taken out, by whom, for what; and what became of it.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { typeOf } from '../../fields'
import { showMoment } from '../../fields/date'
import { get } from '../../lib/api'
import { useTitle } from '../../lib/hooks'
import { label, t, useLang } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { Button } from '../../lib/kit'
import { nameOf, useNames } from '../../lib/names'
import { history } from '../../lib/records'
import { fieldNamed, objectNamed } from '../../lib/schema'
import { theSession } from '../../lib/session'
import { explain } from '../../lib/toast'
import type { Page, Rec } from '../../lib/types'
import { Icon } from '../../parts/Icon'
import { Pill } from '../../parts/Pill'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import { ago } from '../../parts/time'
import css from '../imports/imports.module.css'
import { readyFor, stateOf } from './state'

const colors = { ready: 'blue', running: 'blue', done: 'green', failed: 'red', expired: '' } as const

function Log({ r }: { r: Rec }) {
  useNames()
  const q = useQuery({ queryKey: keys.history('export', r.id), queryFn: ({ signal }) => history('export', r.id, signal) })
  if (q.isLoading) return <Bones rows={2} />
  if (q.isError) return <p className={css.dim}>{explain(q.error)}</p>
  const o = objectNamed('export')
  const f = fieldNamed(o, 'state')
  const list = [...(q.data?.changes ?? [])].reverse()
  return (
    <ul className={css.notes}>
      {list.map(c => {
        const now = c.fields?.find(x => x.field === 'state')?.new
        const state = now === 'ready' ? t('exp.log.asked') : now === 'running' ? t('exp.log.fetched') : now === 'done' ? t('exp.log.done') : f ? typeOf(f).text(now, f) : ''
        return <li key={c.seq}><time dateTime={c.time}>{showMoment(c.time)}</time>{t('colon')}{state}</li>
      })}
    </ul>
  )
}

function Row({ r }: { r: Rec }) {
  const [open, setOpen] = useState(false)
  const o = objectNamed(String(r.fields.for_object))
  const what = o ? label(o.plural) : String(r.fields.for_object)
  const at = String(r.fields.created_at)
  const state = stateOf(r)
  const own = r.fields.owner === theSession().user.id
  return (
    <>
      <tr>
        <td className={css.nowrap} title={showMoment(at)}>{ago(at)}</td>
        <td>{typeof r.fields.owner === 'string' ? nameOf('user', r.fields.owner) || t('history.somebody') : ''}</td>
        <td>{what} <span className={css.dim}>{String(r.fields.format ?? '').toUpperCase()}</span></td>
        <td className={css.num} data-label={t('exp.count')}>{r.fields.rows === null || r.fields.rows === undefined ? '' : Number(r.fields.rows).toLocaleString()}</td>
        <td>{String(r.fields.purpose ?? '')}</td>
        <td className={css.nowrap}><Pill text={t(`exp.state.${state}`)} color={colors[state]} />{state === 'ready' && <div className={css.dim}>{t('exp.until', { when: showMoment(new Date(Date.parse(at) + readyFor * 60_000).toISOString()) })}</div>}</td>
        <td className={css.nowrap}>
          {state === 'ready' && own && <a className={css.link} href={`/api/v1/exports/${r.id}/file`} download>{t('exp.fetch')}</a>}
          <button type="button" className={css.link} aria-expanded={open} aria-label={t('exp.log.of', { what, when: ago(at) })} onClick={() => setOpen(!open)}><Icon name={open ? 'chevronDown' : 'chevronRight'} size={14} /> {t('exp.log')}</button>
        </td>
      </tr>
      {open && <tr><td colSpan={7}><Log r={r} /></td></tr>}
    </>
  )
}

export default function ExportsPage() {
  useLang()
  useNames()
  useTitle(t('exp.list'))
  const q = useInfiniteQuery({
    queryKey: ['records', 'export', 'past'], initialPageParam: '', getNextPageParam: (p: Page) => p.next_cursor || undefined,
    queryFn: ({ pageParam, signal }) => get<Page>('/records/export', { query: { fields: 'for_object,format,purpose,rows,state,owner,created_at,updated_at', limit: 50, cursor: pageParam }, signal }),
  })
  const rows = q.data?.pages.flatMap(p => p.records) ?? []
  return (
    <div className={css.page}>
      <header className={css.head}><h1>{t('exp.list')}</h1></header>
      {q.isError && !q.data ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
        : q.isLoading ? <Bones rows={6} />
          : rows.length === 0 ? <EmptyState icon="up" title={t('exp.none')} text={t('exp.none.text')} />
            : (
              <div className={css.scroll}>
                <div className={css.stack}>
                  <div className={css.frame} style={{ maxHeight: 'none' }}>
                    <table className={`${css.table} ${css.narrow}`}>
                      <thead><tr>
                        <th scope="col">{t('chg.when')}</th><th scope="col">{t('chg.by')}</th><th scope="col">{t('exp.what')}</th><th scope="col" className={css.num}>{t('exp.count')}</th><th scope="col">{t('exp.purpose.head')}</th><th scope="col">{t('chg.state')}</th><th scope="col">{t('exp.actions')}</th>
                      </tr></thead>
                      <tbody>{rows.map(r => <Row key={r.id} r={r} />)}</tbody>
                    </table>
                  </div>
                  {q.hasNextPage && <div><Button size="xs" variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('history.older')}</Button></div>}
                </div>
              </div>
            )}
    </div>
  )
}
