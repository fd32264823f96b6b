// The ways to show a list. A board or a calendar adds itself here; the page does the rest: filter, views,
// address, peek. `fits` says for which objects it can
// work. One that is large comes by React.lazy.
import { type ComponentType, lazy } from 'react'
import type { Key } from '../../lib/i18n'
import type { Obj } from '../../lib/types'
import type { IconName } from '../../parts/Icon'
import { boardFields } from '../board/columns'
import { dateFields } from '../calendar/events'
import { isHousekeeping } from '../../lib/schema'
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

/** What a layout adds to the bar above it. */
export interface ToolsProps { object: Obj; state: ListState }

export interface Layout { id: string; text: Key; icon: IconName; fits: (o: Obj) => boolean; Component: ComponentType<LayoutProps>; Tools?: ComponentType<ToolsProps> }

export const layouts: Layout[] = [
  { id: 'list', text: 'layout.list', icon: 'list', fits: () => true, Component: TableLayout },
  { id: 'board', text: 'layout.board', icon: 'columns', fits: o => boardFields(o).length > 0, Component: lazy(() => import('../board/Board')), Tools: lazy(() => import('../board/BoardTools')) },
  { id: 'calendar', text: 'layout.calendar', icon: 'calendar', fits: o => dateFields(o).some(f => !isHousekeeping(f)), Component: lazy(() => import('../calendar/CalendarLayout')), Tools: lazy(() => import('../calendar/CalendarTools')) },
]

