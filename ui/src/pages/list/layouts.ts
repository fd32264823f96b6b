// The ways to show a list. A board or a calendar adds itself here; the page does the rest: filter, views,
// address, peek. `fits` says for which objects it can
// work. One that is large comes by React.lazy.
import type { ComponentType } from 'react'
import type { Key } from '../../lib/i18n'
import type { Obj } from '../../lib/types'
import type { IconName } from '../../parts/Icon'
import type { ListState } from './state'
import { TableLayout } from './TableLayout'

export interface LayoutProps {
  object: Obj
  state: ListState
  selected: Set<string>
  onSelect: (ids: Set<string>) => void
  peeked?: string
  onPeek: (id: string | null) => void
}

export interface Layout { id: string; text: Key; icon: IconName; fits: (o: Obj) => boolean; Component: ComponentType<LayoutProps> }

export const layouts: Layout[] = [
  { id: 'list', text: 'layout.list', icon: 'list', fits: () => true, Component: TableLayout },
]

