import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { typeOf } from '../../fields'
import { showMoment } from '../../fields/date'
import { get, post } from '../../lib/api'
import { type Key, label, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { Button } from '../../lib/kit'
import { nameOf, useNames } from '../../lib/names'
import { type HistoryPage, reread, undoVersion } from '../../lib/records'
import { client } from '../../lib/query'
import { fieldNamed, isHousekeeping } from '../../lib/schema'
import { complain, didChange, explain } from '../../lib/toast'
import type { Change, Obj, Rec } from '../../lib/types'
import { Bones, ErrorState } from '../../parts/States'
import { ago } from '../../parts/time'
import css from './record.module.css'
import type { TabProps } from './tabs'

export const verbs: Record<string, Key> = { create: 'verb.create', update: 'verb.update', delete: 'verb.delete', restore: 'verb.restore', undo: 'verb.undo' }

const vias: Record<string, Key> = { api: 'via.api', cli: 'via.cli', import: 'via.import', automation: 'via.automation', integration: 'via.integration', job: 'via.job', portal: 'via.portal' }

/** What a change did, as words: field, old value struck out, new value. */
export function Diff({ change, object }: { change: Change; object: Obj }) {
  const [all, setAll] = useState(false)
  if (change.erased) return <p className={css.none}>{t('history.erased')}</p>
  const made = change.verb === 'create'
  const list = (change.fields ?? []).filter(c => { const f = fieldNamed(object, c.field); return f && !(isHousekeeping(f) && c.field !== 'team') })
  const shown = all ? list : list.slice(0, made ? 4 : 8)
  return (
    <>
    <dl className={css.diff}>
      {shown.map(c => {
        const f = fieldNamed(object, c.field)!
        const k = typeOf(f)
        const was = k.text(c.old, f)
        const now = k.text(c.new, f)
        return <div key={c.field}><dt>{label(f.label)}</dt><dd>{!made && was && <><del>{was}</del> </>}{now ? (made ? now : <ins>{now}</ins>) : !made && <span className={css.none}>{t('history.emptied')}</span>}</dd></div>
      })}
    </dl>
    {list.length > shown.length && <button type="button" className={css.small} onClick={() => setAll(true)}>{t('history.more', { n: list.length - shown.length })}</button>}
    </>
  )
}

export function History({ rec, object }: TabProps) {
  useNames()
  const q = useInfiniteQuery({
    queryKey: keys.history(rec.object, rec.id), initialPageParam: '',
    queryFn: ({ pageParam, signal }) => get<HistoryPage>(`/records/${rec.object}/${rec.id}/history`, { query: { cursor: pageParam }, signal }),
    getNextPageParam: p => p.next_cursor || undefined,
  })
  if (q.isLoading) return <Bones rows={5} />
  if (q.isError) return <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  const changes = (q.data?.pages ?? []).flatMap(p => p.changes)
  const restore = (version: number) => {
    const again = async () => {
      await reread(rec.object, rec.id)
      await client.invalidateQueries({ queryKey: keys.records(rec.object) })
    }
    post<Rec>(`/records/${rec.object}/${rec.id}/restore`, { version })
      .then(async now => {
        didChange(t('history.restored', { version }), async () => { await undoVersion(rec.object, rec.id, now.version); await again() })
        await again()
      })
      .catch(complain)
  }
  return (
    <div className={css.days}>
      {changes.map(c => (
        <div key={c.seq} className={css.change}>
          <div className={css.who}>
            <b>{(c.actor && nameOf('user', c.actor)) || t('history.somebody')}</b>
            <span>{t(verbs[c.verb] ?? 'verb.update')}</span>
            <time dateTime={c.time} title={showMoment(c.time)}>{ago(c.time)}</time>
            {c.via !== 'ui' && <span className={css.none}>{t(vias[c.via] ?? 'via.api')}</span>}
            {rec.can.update && c.version < rec.version && !c.erased && <button type="button" className={css.small} onClick={() => restore(c.version)}>{t('history.restore')}</button>}
          </div>
          <Diff change={c} object={object} />
        </div>
      ))}
      {q.hasNextPage && <Button size="xs" variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('history.older')}</Button>}
    </div>
  )
}
