import { useNavigate, useSearch } from '@tanstack/react-router'
import { label, t } from '../../lib/i18n'
import type { ListSearch } from '../../router'
import type { ToolsProps } from '../list/layouts'
import css from '../list/list.module.css'
import { dateField, dateFields } from './events'

/** By which of its dates a list is on the calendar. */
export default function CalendarTools({ object }: ToolsProps) {
  const navigate = useNavigate()
  const { d } = useSearch({ from: '/o/$object' })
  const list = dateFields(object)
  if (list.length < 2) return null
  return (
    <select className={css.pick} aria-label={t('cal.by')} title={t('cal.by')} value={dateField(object, d ?? '')?.name} onChange={e => void navigate({ to: '/o/$object', params: { object: object.name }, search: (old: ListSearch) => ({ ...old, d: e.target.value }) })}>
      {list.map(f => <option key={f.name} value={f.name}>{t('group.by.what', { field: label(f.label) })}</option>)}
    </select>
  )
}
