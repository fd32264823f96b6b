// The tabs of a record, on its page and in the panel. A timeline, related lists, files or access add
// themselves here.
import type { ComponentType } from 'react'
import type { Key } from '../../lib/i18n'
import type { Obj, Rec } from '../../lib/types'
import { History } from './History'

export interface TabProps { rec: Rec; object: Obj }
export interface Tab { id: string; text: Key; fits: (o: Obj) => boolean; Component: ComponentType<TabProps> }

export const tabs: Tab[] = [
  { id: 'history', text: 'tab.history', fits: () => true, Component: History },
]
