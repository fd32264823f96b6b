// Past imports, and the way back from each.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { showMoment } from '../../fields/date'
import { get } from '../../lib/api'
import { useTitle } from '../../lib/hooks'
import { label, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { nameOf, useNames } from '../../lib/names'
import { objectNamed, useObjects } from '../../lib/schema'
import { complain, explain } from '../../lib/toast'
import type { Page, Rec } from '../../lib/types'
import { Icon } from '../../parts/Icon'
import { Pill } from '../../parts/Pill'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import { ago } from '../../parts/time'
import { offerUndo, showSet, standsAgainst, undoSet } from '../changes/sets'
import { importable } from './importable'
import css from './imports.module.css'

const columns = 'for_object,format,created,updated,failed,owner,created_at,change_set,change_set.undone_by'

export default function ImportsPage() {
  useLang()
  useNames()
  useTitle(t('imp.list'))
  const navigate = useNavigate()
  const may = importable(useObjects()).length > 0
  const q = useInfiniteQuery({
    queryKey: ['records', 'import', 'past'], initialPageParam: '', getNextPageParam: (p: Page) => p.next_cursor || undefined,
    queryFn: ({ pageParam, signal }) => get<Page>('/records/import', { query: { fields: columns, limit: 50, cursor: pageParam }, signal }),
  })
  const rows = q.data?.pages.flatMap(p => p.records) ?? []
  const n = (r: Rec, name: string) => Number(r.fields[name] ?? 0)
  const set = (r: Rec) => (typeof r.fields.change_set === 'string' ? r.fields.change_set : '')
  const undo = (r: Rec) => { undoSet(set(r)).then(x => offerUndo(x.changeset, t('imp.undone')), e => { if (standsAgainst(e)) void navigate({ to: '/changes/$id', params: { id: set(r) } }); else complain(e) }) }
  const show = (r: Rec) => { showSet(set(r), String(r.fields.for_object)).then(to => void navigate(to), complain) }
  const start = may && <Button size="xs" leftSection={<Icon name="plus" size={14} />} onClick={() => void navigate({ to: '/imports/new', search: {} })}>{t('imp.start')}</Button>
  return (
    <div className={css.page}>
      <header className={css.head}><h1>{t('imp.list')}</h1><span className={css.space} />{rows.length > 0 && start}</header>
      {q.isError && !q.data ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
        : q.isLoading ? <Bones rows={6} />
          : rows.length === 0 ? <EmptyState icon="file" title={t('imp.none')} text={t('imp.none.text')}>{start}</EmptyState>
            : (
              <div className={css.scroll}>
                <div className={css.stack}>
                  <div className={css.frame} style={{ maxHeight: 'none' }}>
                    <table className={`${css.table} ${css.narrow}`}>
                      <thead><tr>
                        <th scope="col">{t('chg.when')}</th><th scope="col">{t('imp.object.name')}</th><th scope="col">{t('chg.by')}</th><th scope="col">{t('imp.format')}</th>
                        <th scope="col" className={css.num}>{t('imp.count.created')}</th><th scope="col" className={css.num}>{t('imp.count.updated')}</th><th scope="col" className={css.num}>{t('imp.count.failed')}</th><th scope="col">{t('exp.actions')}</th>
                      </tr></thead>
                      <tbody>
                        {rows.map(r => {
                          const o = objectNamed(String(r.fields.for_object))
                          const at = String(r.fields.created_at)
                          const what = `${o ? label(o.plural) : String(r.fields.for_object)} ${showMoment(at)}`
                          return (
                            <tr key={r.id}>
                              <td className={css.nowrap} title={showMoment(at)}>{set(r) ? <Link className={css.link} to="/changes/$id" params={{ id: set(r) }}>{ago(at)}</Link> : ago(at)}</td>
                              <td>{o ? label(o.plural) : String(r.fields.for_object)}</td>
                              <td>{typeof r.fields.owner === 'string' ? nameOf('user', r.fields.owner) || t('history.somebody') : ''}</td>
                              <td>{String(r.fields.format ?? '').toUpperCase()}</td>
                              <td className={css.num} data-label={t('imp.count.created')}>{n(r, 'created').toLocaleString()}</td><td className={css.num} data-label={t('imp.count.updated')}>{n(r, 'updated').toLocaleString()}</td><td className={css.num} data-label={t('imp.count.failed')}>{n(r, 'failed').toLocaleString()}</td>
                              <td className={css.nowrap}>
                                {r.fields['change_set.undone_by'] ? <Pill text={t('chg.undone')} /> : set(r) && (
                                  <>
                                    {o?.can.read && <button type="button" className={css.link} aria-label={`${t('imp.show')} ${what}`} onClick={() => show(r)}>{t('imp.show')}</button>}
                                    <button type="button" className={css.link} aria-label={`${t('imp.undo')} ${what}`} onClick={() => undo(r)}>{t('undo')}</button>
                                  </>
                                )}
                              </td>
                            </tr>
                          )
                        })}
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
