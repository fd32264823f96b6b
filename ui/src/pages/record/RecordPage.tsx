import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useActions } from '../../lib/actions'
import { Problem } from '../../lib/api'
import { useTitle } from '../../lib/hooks'
import { label, t, useLang } from '../../lib/i18n'
import { Menu } from '../../lib/kit'
import { refresh, remove, useRecord } from '../../lib/records'
import { recTitle, useObject } from '../../lib/schema'
import { complain, explain } from '../../lib/toast'
import type { Obj, Rec } from '../../lib/types'
import { Icon, iconOf } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import { NotFound } from '../NotFound'
import { Facts } from './Facts'
import css from './record.module.css'
import { Tabs } from './Tabs'

export default function RecordPage() {
  useLang()
  const { object, id } = useParams({ from: '/o/$object/$id' })
  const o = useObject(object)
  const q = useRecord(object, id)
  useTitle(q.data ? recTitle(q.data) : '')
  if (!o || (q.isError && q.error instanceof Problem && ['not_found', 'invalid'].includes(q.error.code))) return <NotFound />
  if (q.isError && !q.data) return <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  if (!q.data) return <Bones rows={10} />
  return <Record key={id} o={o} rec={q.data} />
}

function Record({ o, rec }: { o: Obj; rec: Rec }) {
  const navigate = useNavigate()
  const { tab } = useSearch({ from: '/o/$object/$id' })
  const drop = () => { remove(o.name, [rec.id]).then(() => { void refresh(o.name); void navigate({ to: '/o/$object', params: { object: o.name } }) }, complain) }
  useActions([
    { id: 'edit', text: t('edit.first'), icon: 'note' as const, keys: 'e', run: () => document.querySelector<HTMLElement>('[data-facts] button')?.click() },
    ...(rec.can.delete ? [{ id: 'delete', text: t('delete'), icon: 'trash' as const, run: drop }] : []),
  ], `${rec.id} ${rec.can.delete} ${useLang()}`)
  return (
    <div className={css.page}>
      <header className={css.head}>
        <span className={css.kind}><Icon name={iconOf(o.name)} size={20} /></span>
        <h1>{recTitle(rec) || t('untitled')}</h1>
        <Link to="/o/$object" params={{ object: o.name }} search={{}} className={css.none}>{label(o.plural)}</Link>
        {rec.erased && <span className={css.badge}>{t('erased')}</span>}
        {!rec.can.update && <span className={css.badge}>{t('read_only')}</span>}
        <span className={css.space} />
        {rec.can.delete && (
          <Menu position="bottom-end" width={180} shadow="none" transitionProps={{ duration: 0 }}>
            <Menu.Target><button type="button" className={css.tool} aria-label={t('more')}><Icon name="dots" size={18} /></button></Menu.Target>
            <Menu.Dropdown><Menu.Item leftSection={<Icon name="trash" />} onClick={drop}>{t('delete')}</Menu.Item></Menu.Dropdown>
          </Menu>
        )}
      </header>
      <div className={css.two}>
        <section aria-label={t('facts')}><Facts rec={rec} object={o} /></section>
        <section aria-label={t('tabs')}><Tabs rec={rec} object={o} tab={tab} onTab={id => void navigate({ to: '/o/$object/$id', params: { object: o.name, id: rec.id }, search: { tab: id }, replace: true })} /></section>
      </div>
    </div>
  )
}
