import type { ReactNode } from 'react'
import type { Field, Rec } from '../../lib/types'

export interface Column { field: Field; width: number }

/** What stands in a row: a record, a heading of a group, or a place for what has not come yet. */
export type Item =
  | { kind: 'rec'; rec: Rec }
  | { kind: 'group'; key: string; title: ReactNode; count: number; sums: Record<string, string>; open: boolean }
  | { kind: 'more'; key: string; text: string }
  | { kind: 'wait' }

export interface Edit { seed?: string }

/** The selected rectangle of a row: from and to column, or none. */
export type Span = readonly [number, number] | null
