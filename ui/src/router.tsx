import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Shell } from './parts/shell/Shell'
import { NotFound } from './pages/NotFound'

/** What an address says of a list, all of it text. See pages/list/state.ts. */
export interface ListSearch {
  /** a saved view */ v?: string
  /** filter, CEL */ f?: string
  /** search */ q?: string
  /** order */ s?: string
  /** columns */ c?: string
  /** how many of them stay in view */ p?: string
  /** grouped by */ g?: string
  layout?: string
  /** the bin */ bin?: string
  /** a board's pipeline */ line?: string
  /** a calendar's field, length and day */ d?: string
  span?: string
  at?: string
  /** object:id in the panel */ peek?: string
}

/** What an address says of the calendar. */
export interface CalendarSearch { span?: string; at?: string; /** kinds that are not shown */ off?: string; /** all: not only mine */ who?: string; peek?: string }

const strings = (known: readonly string[]) => (raw: Record<string, unknown>) =>
  Object.fromEntries(known.filter(k => typeof raw[k] === 'string' && raw[k] !== '').map(k => [k, raw[k]])) as Record<string, string>

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

// A page of another helper: one route here, one folder below pages/, one line in parts/shell/sections.ts.
const home = createRoute({
  getParentRoute: () => root, path: '/',
  component: lazyRouteComponent(() => import('./pages/home/HomePage')),
})

const list = createRoute({
  getParentRoute: () => root, path: '/o/$object',
  validateSearch: strings(['v', 'f', 'q', 's', 'c', 'p', 'g', 'layout', 'bin', 'peek', 'line', 'd', 'span', 'at']) as (raw: Record<string, unknown>) => ListSearch,
  component: lazyRouteComponent(() => import('./pages/list/ListPage')),
})

const record = createRoute({
  getParentRoute: () => root, path: '/o/$object/$id',
  validateSearch: strings(['tab']) as (raw: Record<string, unknown>) => { tab?: string },
  component: lazyRouteComponent(() => import('./pages/record/RecordPage')),
})

const calendar = createRoute({
  getParentRoute: () => root, path: '/calendar',
  validateSearch: strings(['span', 'at', 'off', 'who', 'peek']) as (raw: Record<string, unknown>) => CalendarSearch,
  component: lazyRouteComponent(() => import('./pages/calendar/CalendarPage')),
})

const imports = createRoute({ getParentRoute: () => root, path: '/imports', component: lazyRouteComponent(() => import('./pages/imports/ImportsPage')) })
const newImport = createRoute({
  getParentRoute: () => root, path: '/imports/new', validateSearch: strings(['object', 'id', 'step']) as (raw: Record<string, unknown>) => { object?: string; id?: string; step?: string },
  component: lazyRouteComponent(() => import('./pages/imports/NewImportPage')),
})
const exports = createRoute({ getParentRoute: () => root, path: '/exports', component: lazyRouteComponent(() => import('./pages/exports/ExportsPage')) })
const changes = createRoute({
  getParentRoute: () => root, path: '/changes', validateSearch: strings(['who', 'kind']) as (raw: Record<string, unknown>) => { who?: string; kind?: string },
  component: lazyRouteComponent(() => import('./pages/changes/ChangesPage')),
})
const changeSet = createRoute({ getParentRoute: () => root, path: '/changes/$id', component: lazyRouteComponent(() => import('./pages/changes/ChangeSetPage')) })

const objects = createRoute({ getParentRoute: () => root, path: '/admin/objects', component: lazyRouteComponent(() => import('./pages/objects/ObjectsPage')) })
const object = createRoute({
  getParentRoute: () => root, path: '/admin/objects/$object',
  validateSearch: strings(['field']) as (raw: Record<string, unknown>) => { field?: string },
  component: lazyRouteComponent(() => import('./pages/objects/ObjectPage')),
})

const settings = createRoute({ getParentRoute: () => root, path: '/settings', component: lazyRouteComponent(() => import('./pages/settings/SettingsPage')) })
const people = createRoute({ getParentRoute: () => root, path: '/admin/people', component: lazyRouteComponent(() => import('./pages/people/PeoplePage')) })
const pipelines = createRoute({ getParentRoute: () => root, path: '/admin/pipelines', component: lazyRouteComponent(() => import('./pages/pipelines/PipelinesPage')) })

export const router = createRouter({
  routeTree: root.addChildren([home, list, record, calendar, imports, newImport, exports, changes, changeSet, objects, object, settings, people, pipelines]),
  defaultPreload: false,
  scrollRestoration: false,
  // Plain text in addresses, that people can read and send to each other.
  parseSearch: text => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: search => {
    const p = new URLSearchParams()
    for (const [k, v] of Object.entries(search)) if (v !== undefined && v !== '') p.set(k, String(v))
    const s = p.toString()
    return s && `?${s}`
  },
})

declare module '@tanstack/react-router' {
  interface Register { router: typeof router }
}
