// Why the reader sees this record, and what she may do: what the server says, in words. Nothing is computed here.
import { useQuery } from '@tanstack/react-query'
import { get } from '../../lib/api'
import { type Key, label, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { fieldNamed, objectNamed } from '../../lib/schema'
import { explain } from '../../lib/toast'
import { Icon } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import css from './access.module.css'
import type { TabProps } from './tabs'

interface Grant { role: string; role_name: string; object: string; scope: string }
interface Mask { role: string; role_name: string; access: string; by: string }
interface Why {
  verbs: { verb: string; allowed: boolean; withheld: boolean; grants: Grant[] }[]
  fields: { name: string; access: string; masks: Mask[] }[]
}

const verbs: Record<string, Key> = { read: 'why.read', update: 'why.update', delete: 'why.delete', export: 'why.export', reveal: 'why.reveal' }
const scopes: Record<string, Key> = { own: 'why.own', team: 'why.team', branch: 'why.branch', all: 'why.all' }
const accesses: Record<string, Key> = { hidden: 'why.hidden', masked: 'why.masked', read: 'why.readonly', edit: 'why.edit' }
const word = (list: Record<string, Key>, key: string) => { const k = list[key]; return k ? t(k) : key }

const grantText = (g: Grant) => t('why.grant', { role: g.role_name, scope: word(scopes, g.scope), what: g.object === '*' ? t('why.everything') : label(objectNamed(g.object)?.plural) || g.object })

export function Access({ rec, object }: TabProps) {
  const q = useQuery({ queryKey: [...keys.records(rec.object), 'why', rec.id, rec.version], queryFn: ({ signal }) => get<Why>(`/records/${rec.object}/${rec.id}/why`, { signal }) })
  if (q.isLoading) return <Bones rows={5} />
  if (q.isError || !q.data) return <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  const groups = ['edit', 'read', 'masked', 'hidden'].map(a => ({ access: a, fields: q.data.fields.filter(f => f.access === a) })).filter(g => g.fields.length > 0)
  return (
    <div className={css.page}>
      <h2>{t('why.title')}</h2>
      <ul className={css.verbs}>
        {q.data.verbs.map(v => (
          <li key={v.verb}>
            <span className={v.allowed ? css.yes : css.no}><Icon name={v.allowed ? 'check' : 'x'} size={15} /></span>
            <div>
              <b>{word(verbs, v.verb)}</b> <span className={css.dim}>{t(v.allowed ? 'yes' : 'no')}</span>
              {v.grants.length > 0 ? v.grants.map((g, i) => <div key={i} className={css.dim}>{grantText(g)}</div>) : <div className={css.dim}>{t(v.withheld ? 'why.withheld' : 'why.nobody')}</div>}
            </div>
          </li>
        ))}
      </ul>
      <h2>{t('why.fields')}</h2>
      {groups.map(g => (
        <div key={g.access} className={css.group}>
          <h3>{word(accesses, g.access)} <span className={css.dim}>{t('count', { n: g.fields.length })}</span></h3>
          <p>{g.fields.map(f => label(fieldNamed(object, f.name)?.label) || f.name).join(t('comma'))}</p>
        </div>
      ))}
    </div>
  )
}
