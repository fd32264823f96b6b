// What a board is made of, in the bar above it: the field of its columns, and the pipeline.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { label, t } from '../../lib/i18n'
import type { ListSearch } from '../../router'
import type { ToolsProps } from '../list/layouts'
import css from '../list/list.module.css'
import { boardField, boardFields, useOrdered } from './columns'

export default function BoardTools({ object, state }: ToolsProps) {
  const navigate = useNavigate()
  const { line } = useSearch({ from: '/o/$object' })
  const list = boardFields(object)
  const field = boardField(object, state.group)
  const { pipelines } = useOrdered(field)
  return (
    <>
      {list.length > 1 && (
        <select className={css.pick} aria-label={t('board.by')} title={t('board.by')} value={field?.name} onChange={e => state.set({ group: e.target.value })}>
          {list.map(f => <option key={f.name} value={f.name}>{t('group.by.what', { field: label(f.label) })}</option>)}
        </select>
      )}
      {pipelines.length > 1 && (
        <select className={css.pick} aria-label={t('board.pipeline')} title={t('board.pipeline')} value={line ?? pipelines[0]!.id} onChange={e => void navigate({ to: '/o/$object', params: { object: object.name }, search: (old: ListSearch) => ({ ...old, line: e.target.value }) })}>
          {pipelines.map(r => <option key={r.id} value={r.id}>{String(r.fields.name)}</option>)}
        </select>
      )}
    </>
  )
}
