// The lists of what leads to a record, from the links of the schema. Each list fails alone.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { typeOf } from '../../fields'
import { get } from '../../lib/api'
import { quote } from '../../lib/cel'
import { label, noun, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { learn, useNames } from '../../lib/names'
import { open } from '../../lib/overlay'
import { learnLinks } from '../../lib/records'
import { filled, type Relation, relationsOf } from '../../lib/relations'
import { defaultColumns, fieldNamed, pathsOf, recTitle, titleOf, useObjects } from '../../lib/schema'
import { explain } from '../../lib/toast'
import type { Field, Obj, Page, Rec } from '../../lib/types'
import { Boundary } from '../../parts/Boundary'
import { Icon, iconOf } from '../../parts/Icon'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import css from './related.module.css'
import type { TabProps } from './tabs'

const most = 6
const cells = 3

/** A few columns beside the title. What every row has in common is left out. */
function columnsOf(r: Relation): Field[] {
  return defaultColumns(r.object).filter(n => !r.object.title.includes(n) && n !== r.field.name).map(n => fieldNamed(r.object, n)).filter(f => f !== undefined).slice(0, cells)
}

function List({ relation: r, rec, of, twice }: { relation: Relation; rec: Rec; of: Obj; twice: boolean }) {
  const columns = columnsOf(r)
  const filter = `${r.field.name} == ${quote(rec.id)}`
  const fields = [...new Set([...r.object.title, ...columns.flatMap(pathsOf)])].join(',')
  const q = useQuery({
    queryKey: [...keys.records(r.object.name), 'related', rec.id, r.field.name],
    queryFn: async ({ signal }) => {
      const page = await get<Page>(`/records/${r.object.name}`, { query: { filter, fields, limit: most, count: true }, signal })
      for (const x of page.records) learn(x.object, x.id, titleOf(r.object, x.fields))
      learnLinks(r.object, page.records)
      return page
    },
  })
  const plural = label(r.object.plural)
  const title = twice ? `${plural} · ${label(r.field.label)}` : plural
  const count = q.data?.count
  const add = () => open({ kind: 'create', object: r.object.name, fields: filled(r, rec, of), done: () => void q.refetch() })
  return (
    <section className={css.list} aria-label={title}>
      <header className={css.head}>
        <Icon name={iconOf(r.object.name)} size={16} />
        <h2>{title}</h2>
        {count !== undefined && <span className={css.count}>{t(q.data?.count_capped ? 'count.more' : 'count', { n: count })}</span>}
        <span className={css.space} />
        {r.object.can.create && r.field.can.edit && <button type="button" className={css.add} onClick={add}><Icon name="plus" size={14} />{t('related.add', { what: noun(r.object.label) })}</button>}
      </header>
      {q.isLoading ? <Bones rows={2} /> : q.isError && !q.data ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} /> : q.data && q.data.records.length > 0 ? (
        <div className={css.scroll}>
          <table className={css.table}>
            <thead className="hidden-visually"><tr><th scope="col">{label(r.object.label)}</th>{columns.map(f => <th key={f.name} scope="col">{label(f.label)}</th>)}</tr></thead>
            <tbody>
              {q.data.records.map(x => (
                <tr key={x.id}>
                  <th scope="row"><Link to="/o/$object/$id" params={{ object: x.object, id: x.id }}>{recTitle(x) || t('untitled')}</Link></th>
                  {columns.map(f => { const k = typeOf(f); return <td key={f.name} className={k.end ? css.end : undefined} title={k.text(x.fields[f.name], f)}><k.Cell field={f} value={x.fields[f.name]} rec={x} /></td> })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : <p className={css.none}>{t('related.none', { what: noun(r.object.plural) })}</p>}
      {q.data?.next_cursor && <Link className={css.all} to="/o/$object" params={{ object: r.object.name }} search={{ f: filter }}>{t('related.all', { n: count ?? most })}</Link>}
    </section>
  )
}

export function Related({ rec, object }: TabProps) {
  useNames()
  const list = relationsOf(useObjects(), object)
  if (list.length === 0) return <EmptyState icon="stack" title={t('related.nothing')} />
  return (
    <div className={css.lists}>
      {list.map(r => <Boundary key={`${r.object.name} ${r.field.name}`}><List relation={r} rec={rec} of={object} twice={r.object.name === object.name || list.filter(x => x.object === r.object).length > 1} /></Boundary>)}
    </div>
  )
}
