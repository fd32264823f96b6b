// Data in and out, for the sidebar and the palette.
import type { Action } from '../../lib/actions'
import { noun, t } from '../../lib/i18n'
import type { Obj } from '../../lib/types'
import { importable } from '../../pages/imports/importable'
import { router } from '../../router'
import type { Place } from './sections'

const may = (objects: Obj[], name: string) => Boolean(objects.find(o => o.name === name)?.can.read)

export function dataPlaces(objects: Obj[]): Place[] {
  const list: Place[] = []
  if (may(objects, 'import') && importable(objects).length > 0) list.push({ to: '/imports', text: t('imp.list'), icon: 'down' })
  if (may(objects, 'export') && objects.some(o => o.can.export)) list.push({ to: '/exports', text: t('exp.list'), icon: 'up' })
  if (may(objects, 'change_set')) list.push({ to: '/changes', text: t('chg.title'), icon: 'history' })
  return list
}

export function dataActions(objects: Obj[]): Action[] {
  return [
    ...dataPlaces(objects).map((p): Action => ({ id: `go ${p.to}`, text: t('go.to', { what: p.text }), icon: p.icon, run: () => void router.navigate({ to: p.to }) })),
    ...importable(objects).map((o): Action => ({ id: `import ${o.name}`, text: t('imp.title.of', { what: noun(o.plural) }), icon: 'down', run: () => void router.navigate({ to: '/imports/new', search: { object: o.name } }) })),
  ]
}
