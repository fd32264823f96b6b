// My recent changes, each to be taken back.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Problem } from '../../lib/api'
import { type Key, label, t } from '../../lib/i18n'
import { nameOf, useNames } from '../../lib/names'
import { refresh, undoChangeset } from '../../lib/records'
import { objectNamed } from '../../lib/schema'
import { useSession } from '../../lib/session'
import { complain, explain, toast } from '../../lib/toast'
import { client } from '../../lib/query'
import { router } from '../../router'
import { Icon } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import { ago } from '../../parts/time'
import { type Done, readChanges } from './changes'
import css from './home.module.css'
import { Panel } from './Panel'

const verbs: Record<string, Key> = { create: 'home.created', update: 'home.changed', delete: 'home.deleted', restore: 'home.restored' }

function What({ d }: { d: Done }) {
  if (d.kind === 'import') return <>{t('home.imported', { n: d.changes })}</>
  if (d.kind === 'undo') return <>{t('home.undid', { n: d.changes })}</>
  if (!d.record) return <>{t('home.several', { n: d.changes })}{d.objects.length > 0 && <span className={css.dim}> {d.objects.map(o => label(objectNamed(o)?.plural)).filter(Boolean).join(t('comma'))}</span>}</>
  const name = nameOf(d.object, d.record)
  const o = objectNamed(d.object)
  return <>{t(verbs[d.verb] ?? 'home.changed')} {name ? <Link to="/o/$object/$id" params={{ object: d.object, id: d.record }} dir="auto">{name}</Link> : <span className={css.dim}>{label(o?.label)}</span>}</>
}

export function Changes() {
  useNames()
  const session = useSession()
  const [busy, setBusy] = useState('')
  const page = Object.keys(router.routesByPath).find(p => p === '/changes') // where this build has it
  const q = useQuery({ queryKey: ['records', 'change_set', 'mine'], staleTime: 30_000, queryFn: ({ signal }) => readChanges(session.user.id, signal) })
  const undo = async (d: Done) => {
    setBusy(d.id)
    try {
      await undoChangeset(d.id, d.objects)
      if (d.objects.length === 0) await client.invalidateQueries({ queryKey: ['records'] })
      toast(t('home.undone'))
    } catch (e) {
      if (e instanceof Problem && e.code === 'conflict') toast(t('undo.conflict'), undefined, true)
      else complain(e)
    }
    setBusy('')
    await refresh('change_set')
  }
  return (
    <Panel title={t('home.changes')} icon="undo">
      {q.isLoading ? <Bones rows={4} /> : q.isError && !q.data ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} /> : q.data!.length === 0 ? <div className={css.quiet}><p>{t('home.changes.none')}</p></div> : (
        <ul className={css.rows}>
          {q.data!.map(d => (
            <li key={d.id} className={css.row}>
              <span className={`${css.what} ${d.undone ? css.gone : ''}`}><span><What d={d} /></span></span>
              <span className={css.when}>{ago(d.time)}</span>
              {d.undone ? <span className={css.dim}>{t('home.back')}</span> : <button type="button" className={css.tool} disabled={busy !== ''} onClick={() => void undo(d)}><Icon name="undo" size={14} />{t('undo')}</button>}
            </li>
          ))}
        </ul>
      )}
      {page && q.data && q.data.length > 0 && <Link className={css.all} to={page as '/'}>{t('home.changes.all')}</Link>}
    </Panel>
  )
}
