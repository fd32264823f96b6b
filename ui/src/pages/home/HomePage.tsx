import { useTitle } from '../../lib/hooks'
import { currentLang, label, t, useLang } from '../../lib/i18n'
import { groupsOf, useObjects } from '../../lib/schema'
import { useSession, zone } from '../../lib/session'
import { Boundary } from '../../parts/Boundary'
import { Icon, iconOf } from '../../parts/Icon'
import { EmptyState } from '../../parts/States'
import { Link } from '@tanstack/react-router'
import { Changes } from './Changes'
import { Deals } from './Deals'
import { First } from './First'
import css from './home.module.css'
import { Recent } from './Recent'
import { Tasks } from './Tasks'

export default function HomePage() {
  useLang()
  useTitle(t('home'))
  const session = useSession()
  const all = useObjects()
  const task = all.find(o => o.name === 'task' && o.can.read)
  const deal = all.find(o => o.name === 'deal' && o.can.read)
  const { work, setup } = groupsOf(all)
  const day = new Intl.DateTimeFormat(currentLang() === 'en' ? 'en-GB' : 'zh-CN', { timeZone: zone(), weekday: 'long', day: 'numeric', month: 'long' }).format(new Date())
  const places = work.length > 0 ? work : setup
  return (
    <div className={css.page}>
      <header className={css.title}><h1>{t('home.hello', { name: session.user.name })}</h1><span className={css.dim}>{day}</span></header>
      <Boundary><First /></Boundary>
      <div className={css.two}>
        <div className={css.column}>
          {task && <Tasks object={task} />}
          {deal && <Deals object={deal} />}
          {!task && !deal && (
            <section className={css.panel} aria-label={t('home.places')}>
              {places.length === 0 ? <EmptyState icon="lock" title={t('home.nothing')} text={t('home.nothing.text')} /> : <>
                <header className={css.head}><Icon name="list" size={16} /><h2>{t('home.places')}</h2></header>
                <ul className={css.rows}>{places.map(o => <li key={o.name} className={css.row}><span className={css.icon}><Icon name={iconOf(o.name)} size={15} /></span><span className={css.what}><Link to="/o/$object" params={{ object: o.name }} search={{}}>{label(o.plural)}</Link></span></li>)}</ul>
              </>}
            </section>
          )}
        </div>
        <div className={css.column}>
          <Recent />
          <Changes />
        </div>
      </div>
    </div>
  )
}
