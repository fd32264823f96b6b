import type { FC } from 'react'
import type { Op } from '../lib/cel'
import type { Field, Rec } from '../lib/types'

/** Where the cursor goes after an edit in a grid. */
export type Leave = 'down' | 'right' | 'left' | 'stay'

export interface EditorProps {
  field: Field
  value: unknown
  /** what the field is called, for the ear */
  name: string
  place: 'cell' | 'form' | 'filter'
  /** the value that stands there now; in a form with every step, in a cell before onCommit */
  onChange: (v: unknown) => void
  /** done: in a cell, keep it */
  onCommit?: (v: unknown, leave: Leave) => void
  onCancel?: () => void
  /** why what was typed is no value; null when it is one */
  onBad?: (why: string | null) => void
  /** what was typed to begin with, instead of the value */
  seed?: string
  id?: string
  invalid?: boolean
  autoFocus?: boolean
  describedBy?: string
}

export interface CellProps { field: Field; value: unknown; rec?: Rec }

/** All that the screen knows of a family of types. A page asks `typeOf(field)` and never looks at a
 *  type's name. */
export interface FieldType {
  /** pixels of a column that nobody has dragged */
  width: number
  /** numbers stand at the end of a cell */
  end?: boolean
  /** needs several lines in a form */
  tall?: boolean
  /** the value as one line: for copies, tooltips and the ear */
  text: (value: unknown, field: Field) => string
  /** plain elements, no state, no handlers: a grid holds thousands */
  Cell: FC<CellProps>
  /** absent: it is never typed */
  Editor?: FC<EditorProps>
  Form?: FC<EditorProps>
  Filter?: FC<EditorProps>
  ops: Op[]
}
