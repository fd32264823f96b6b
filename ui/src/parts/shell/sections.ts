// The sidebar. Objects come from the schema; a page that is no list of an object is named here, and only
// when it is there: there are no links that lead nowhere.
import { type Key, label, t } from '../../lib/i18n'
import { groupsOf } from '../../lib/schema'
import type { Obj, Session } from '../../lib/types'
import { type IconName, iconOf } from '../Icon'
import { dataPlaces } from './data'

export interface Place { to: string; text: string; icon: IconName }
export interface Section { title: Key; places: Place[] }

const placeOf = (o: Obj): Place => ({ to: `/o/${o.name}`, text: label(o.plural), icon: iconOf(o.name) })

export function sections(objects: Obj[], session: Session): Section[] {
  const { work, setup } = groupsOf(objects)
  const may = (name: string) => { const o = objects.find(x => x.name === name); return Boolean(o?.can.read && (o.can.update || o.can.create)) }
  const admin: Place[] = [
    ...(session.can.define ? [{ to: '/admin/objects', text: t('adm.title'), icon: 'box' as const }] : []),
    ...(may('stage') && may('pipeline') ? [{ to: '/admin/pipelines', text: t('pipe.title'), icon: 'stack' as const }] : []),
    ...(may('user') ? [{ to: '/admin/people', text: t('people.title'), icon: 'users' as const }] : []),
  ]
  // What has a page of its own needs no plain list beside it; the palette still leads there.
  const shown = new Set(admin.flatMap(p => (p.to === '/admin/pipelines' ? ['pipeline', 'stage'] : p.to === '/admin/people' ? ['user'] : [])))
  const list: Section[] = [
    { title: 'nav.start', places: [{ to: '/', text: t('home'), icon: 'home' }] },
    { title: 'nav.work', places: [...work.map(placeOf), ...(work.some(o => o.name === 'meeting' || o.name === 'task' || o.name === 'call') ? [{ to: '/calendar', text: t('cal.title'), icon: 'calendar' as const }] : [])] },
    { title: 'nav.data', places: dataPlaces(objects) },
    { title: 'nav.admin', places: [...admin, ...setup.filter(o => !shown.has(o.name)).map(placeOf)] },
  ]
  return list.filter(s => s.places.length > 0)
}
