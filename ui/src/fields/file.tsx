import { Icon } from '../parts/Icon'
import css from './cells.module.css'
import type { FieldType } from './types'

const nameOf = (v: unknown) => (v && typeof v === 'object' && 'name' in v ? String(v.name) : '')

/** A file shows by its name. */
export const file: FieldType = {
  width: 180, text: nameOf, ops: [],
  Cell: ({ value }) => { const name = nameOf(value); return name ? <span className={css.person}><Icon name="file" size={14} /><span className={css.text}>{name}</span></span> : null },
}
