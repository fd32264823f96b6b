// What this person opened here last. The browser keeps identifiers; the titles come from the server, and a
// record that may no longer be seen has none.
import { Link } from '@tanstack/react-router'
import { label, t } from '../../lib/i18n'
import { nameOf, useNames } from '../../lib/names'
import { recent } from '../../lib/own'
import { objectNamed } from '../../lib/schema'
import { Icon, iconOf } from '../../parts/Icon'
import { ago } from '../../parts/time'
import css from './home.module.css'
import { Panel } from './Panel'

export function Recent() {
  useNames()
  const list = recent().filter(x => objectNamed(x.object)?.can.read).map(x => ({ ...x, name: nameOf(x.object, x.id) })).filter(x => x.name !== '').slice(0, 8)
  return (
    <Panel title={t('home.recent')} icon="history">
      {list.length === 0 ? <div className={css.quiet}><p>{t('home.recent.none')}</p></div> : (
        <ul className={css.rows}>
          {list.map(x => (
            <li key={`${x.object} ${x.id}`} className={css.row}>
              <span className={css.icon} title={label(objectNamed(x.object)?.label)}><Icon name={iconOf(x.object)} size={15} /></span>
              <span className={css.what}>{x.name === undefined ? <span className={css.wait} /> : <Link to="/o/$object/$id" params={{ object: x.object, id: x.id }} dir="auto">{x.name}</Link>}</span>
              <span className={css.when}>{ago(new Date(x.at).toISOString())}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
