// All objects: those that came with Wardbook, the organisation's own, and those that are hidden.
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useActions } from '../../lib/actions'
import { useTitle } from '../../lib/hooks'
import { label, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { useSession } from '../../lib/session'
import { explain, toast } from '../../lib/toast'
import type { Definition } from '../../lib/types'
import { Icon, iconOf } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import { NotFound } from '../NotFound'
import { useDefinitions } from './data'
import { sealed } from './draft'
import { NewObject } from './NewObject'
import css from './objects.module.css'

export default function ObjectsPage() {
  const lang = useLang()
  const session = useSession()
  const navigate = useNavigate()
  const [making, setMaking] = useState(false)
  const q = useDefinitions(Boolean(session.can.define))
  useTitle(t('adm.title'))
  useActions(session.can.define ? [{ id: 'new-object', text: t('adm.new_object'), icon: 'plus', keys: 'c', run: () => setMaking(true) }] : [], lang)
  if (!session.can.define) return <NotFound />
  if (q.isError && !q.data) return <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  const list = q.data ?? []
  const groups = [
    { title: t('adm.own'), list: list.filter(o => o.custom && !o.archived), empty: t('adm.own.none') },
    { title: t('adm.shipped'), list: list.filter(o => !o.custom && !o.written), empty: '' },
    { title: t('adm.hidden'), list: list.filter(o => o.archived), empty: '' },
    { title: t('adm.written'), list: list.filter(o => o.written), empty: '' },
  ]
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{t('adm.title')}</h1>
        <span className={css.space} />
        <Button size="xs" leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>{t('adm.new_object')}</Button>
      </header>
      <div className={css.scroll}>
        {!q.data ? <Bones rows={12} /> : (
          <div className={css.wide}>
            <p className={css.intro}>{t('adm.intro')}</p>
            {groups.filter(g => g.list.length > 0 || g.empty).map(g => (
              <section key={g.title}>
                <h2 className={css.groupTitle}>{g.title}</h2>
                {g.list.length === 0 ? <p className={css.nothing}>{g.empty}</p> : <ul className={css.objects}>{g.list.map(o => <li key={o.name}><Row o={o} /></li>)}</ul>}
              </section>
            ))}
          </div>
        )}
      </div>
      {making && <NewObject taken={list.map(o => o.name)} onClose={() => setMaking(false)} onMade={name => { setMaking(false); toast(t('adm.object.made')); void navigate({ to: '/admin/objects/$object', params: { object: name }, search: { field: '+' } }) }} />}
    </div>
  )
}

function Row({ o }: { o: Definition }) {
  const shown = o.fields.filter(f => !f.system && !f.archived)
  const own = shown.filter(f => f.custom && !o.custom).length
  const hidden = o.fields.filter(f => f.archived).length
  const closed = shown.filter(f => sealed(f.class)).length
  return (
    <Link to="/admin/objects/$object" params={{ object: o.name }} search={{}} className={css.object}>
      <span className={css.kind}><Icon name={iconOf(o.name)} size={18} /></span>
      <span className={css.fieldName}><span>{label(o.plural)}</span><code>{o.name}</code></span>
      {o.sealing && <span className={`${css.chip} ${css.sealed}`}>{t('adm.sealing.short')}</span>}
      <span className={css.counts}>
        <span>{t('adm.count.fields', { n: shown.length })}</span>
        {own > 0 && <span>{t('adm.count.own', { n: own })}</span>}
        {closed > 0 && <span><Icon name="lock" size={12} /> {t('adm.count.sealed', { n: closed })}</span>}
        {hidden > 0 && <span>{t('adm.count.archived', { n: hidden })}</span>}
      </span>
      <Icon name="chevronRight" />
    </Link>
  )
}
