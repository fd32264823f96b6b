// What was done as one: by me, or by everybody whose work I may see.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { showMoment } from '../../fields/date'
import { get } from '../../lib/api'
import { quote } from '../../lib/cel'
import { useTitle } from '../../lib/hooks'
import { label, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { nameOf, useNames } from '../../lib/names'
import { useObject } from '../../lib/schema'
import { theSession } from '../../lib/session'
import { explain } from '../../lib/toast'
import form from '../../parts/form.module.css'
import { Pill } from '../../parts/Pill'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import { ago } from '../../parts/time'
import css from '../imports/imports.module.css'
import { setKeys, kindText, type SetPage } from './sets'

export interface ChangesSearch { who?: string; kind?: string }

export default function ChangesPage() {
  useLang()
  useNames()
  const search = useSearch({ from: '/changes' }) as ChangesSearch
  const navigate = useNavigate()
  const kinds = useObject('change_set')?.fields.find(f => f.name === 'kind')?.options ?? []
  const all = search.who === 'all'
  useTitle(t('chg.title'))
  const filter = [all ? '' : `created_by == ${quote(theSession().user.id)}`, search.kind ? `kind == ${quote(search.kind)}` : ''].filter(Boolean).join(' && ')
  const q = useInfiniteQuery({
    queryKey: setKeys.list(filter), initialPageParam: '', getNextPageParam: (p: SetPage) => p.next_cursor || undefined, placeholderData: before => before,
    queryFn: ({ pageParam, signal }) => get<SetPage>('/changesets', { query: { filter, limit: 50, cursor: pageParam }, signal }),
  })
  const go = (change: ChangesSearch) => void navigate({ to: '/changes', search: { ...search, ...change } as ChangesSearch, replace: true })
  const sets = q.data?.pages.flatMap(p => p.changesets) ?? []
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{t('chg.title')}</h1>
        <span className={css.space} />
        <select className={form.input} style={{ width: 150 }} aria-label={t('chg.kind')} value={search.kind ?? ''} onChange={e => go({ kind: e.target.value || undefined })}>
          <option value="">{t('chg.kind.all')}</option>
          {kinds.map(o => <option key={o.key} value={o.key}>{label(o.label)}</option>)}
        </select>
        <div className={css.tabs} role="group" aria-label={t('chg.who')}>
          <button type="button" aria-pressed={!all} onClick={() => go({ who: undefined })}>{t('chg.mine')}</button>
          <button type="button" aria-pressed={all} onClick={() => go({ who: 'all' })}>{t('chg.all')}</button>
        </div>
      </header>
      {q.isError && !q.data ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
        : q.isLoading ? <Bones rows={8} />
          : sets.length === 0 ? <EmptyState icon="history" title={t('chg.none')} text={t('chg.none.text')} />
            : (
              <div className={css.scroll}>
                <div className={css.stack}>
                  <div className={css.frame} style={{ maxHeight: 'none' }}>
                    <table className={`${css.table} ${css.narrow}`}>
                      <thead><tr><th scope="col">{t('chg.when')}</th><th scope="col">{t('chg.by')}</th><th scope="col">{t('chg.kind')}</th><th scope="col" className={css.num}>{t('chg.count')}</th><th scope="col">{t('chg.state')}</th></tr></thead>
                      <tbody>
                        {sets.map(s => (
                          <tr key={s.id}>
                            <td className={css.nowrap}><Link className={css.link} to="/changes/$id" params={{ id: s.id }} title={showMoment(String(s.fields.created_at))}><time dateTime={String(s.fields.created_at)}>{ago(String(s.fields.created_at))}</time></Link></td>
                            <td>{typeof s.fields.created_by === 'string' ? nameOf('user', s.fields.created_by) || t('history.somebody') : t('chg.program')}</td>
                            <td>{kindText(s)}</td>
                            <td className={css.num} data-label={t('chg.count')}>{Number(s.fields.changes ?? 0).toLocaleString()}</td>
                            <td>{s.fields.undone_by ? <Pill text={t('chg.undone')} /> : s.fields.undoes ? <Pill text={t('chg.undoes')} color="blue" /> : null}</td>
                          </tr>
                        ))}
                      </tbody>
                    </table>
                  </div>
                  {q.hasNextPage && <div><Button size="xs" variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('history.older')}</Button></div>}
                </div>
              </div>
            )}
    </div>
  )
}
