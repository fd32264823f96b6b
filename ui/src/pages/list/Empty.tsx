import { noun, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { open } from '../../lib/overlay'
import type { Obj } from '../../lib/types'
import { Icon, iconOf } from '../../parts/Icon'
import { router } from '../../router'
import { mayImport } from '../imports/importable'
import { EmptyState } from '../../parts/States'
import type { ListState } from './state'

/** Four different things: an empty bin, nothing that fits, nothing that you may make, nothing yet. */
export function NothingHere({ object, state }: { object: Obj; state: ListState }) {
  const what = noun(object.plural)
  if (state.bin) return <EmptyState icon="trash" title={t('empty.bin')} text={t('empty.bin.text')} />
  if (state.filter || state.search) {
    return (
      <EmptyState icon="filter" title={t('empty.match', { what })} text={state.search ? t('empty.match.search', { q: state.search.slice(0, 80) }) : t('empty.match.filter')}>
        <Button size="xs" variant="default" onClick={() => state.set({ filter: '', search: '' })}>{t('filter.clear')}</Button>
      </EmptyState>
    )
  }
  if (!object.can.create) return <EmptyState icon="lock" title={t('empty.none', { what })} text={t('empty.rights')} />
  return (
    <EmptyState icon={iconOf(object.name)} title={t('empty.none', { what })} text={t('empty.first')}>
      <Button size="sm" leftSection={<Icon name="plus" />} onClick={() => open({ kind: 'create', object: object.name })}>{t('create.what', { what: noun(object.label) })}</Button>
      {mayImport(object) && <Button size="sm" variant="default" leftSection={<Icon name="down" />} onClick={() => void router.navigate({ to: '/imports/new', search: { object: object.name } })}>{t('imp.file')}</Button>}
    </EmptyState>
  )
}
