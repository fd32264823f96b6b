// The tabs of a record, on its page and in the panel.
import type { ComponentType } from 'react'
import type { Key } from '../../lib/i18n'
import { activitiesOf, documentsOf, relationsOf } from '../../lib/relations'
import type { Obj, Rec } from '../../lib/types'
import { Access } from './Access'
import { Files } from './Files'
import { History } from './History'
import { Related } from './Related'
import { Timeline } from './Timeline'

export interface TabProps { rec: Rec; object: Obj }
export interface Tab { id: string; text: Key; fits: (o: Obj, all: Obj[]) => boolean; Component: ComponentType<TabProps> }

export const tabs: Tab[] = [
  { id: 'timeline', text: 'tab.timeline', fits: (o, all) => activitiesOf(all, o).length > 0, Component: Timeline },
  { id: 'related', text: 'tab.related', fits: (o, all) => relationsOf(all, o).length > 0, Component: Related },
  { id: 'files', text: 'tab.files', fits: (o, all) => Boolean(documentsOf(all, o)) || o.fields.some(f => (f.type === 'file' || f.type === 'image') && Boolean(f.can.read || f.can.masked)), Component: Files },
  { id: 'history', text: 'tab.history', fits: () => true, Component: History },
  { id: 'access', text: 'tab.access', fits: () => true, Component: Access },
]
