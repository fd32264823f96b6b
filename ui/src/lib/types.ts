// Names for the shapes of the API. They come from its OpenAPI document: `npm run types`.
import type { components } from './schema.gen'

type Shapes = components['schemas']

export type Label = Shapes['label']
export type Field = Shapes['field']
export type Option = Shapes['option']
export type Obj = Shapes['object']
export type Change = Shapes['change']
export type Problem = Shapes['problem']
export type FieldProblem = Shapes['fieldProblem']
export type Operation = Shapes['operation']
export type Conflict = Shapes['conflict']
export type Hit = Shapes['hit']
export type GroupFound = Shapes['groupFound']
export type Aggregation = Shapes['aggregation']
export type Table = Shapes['table']

/** A record of any object: the generated type is a union of all objects of the golden schema, and a
 *  real organisation has others. */
export interface Rec {
  id: string
  object: string
  version: number
  fields: Record<string, unknown>
  can: { update: boolean; delete: boolean }
  erased?: boolean
}

export interface Page {
  records: Rec[]
  next_cursor: string
  count?: number
  count_capped?: boolean
}

/** timezone and theme are absent on a server that does not keep them. */
export type Session = Shapes['session'] & { timezone?: string; theme?: 'auto' | 'light' | 'dark' }

export interface BatchAnswer {
  changeset: string
  failed: number
  results: ({ id: string; version: number } | { code: string; detail: string; errors: FieldProblem[] | null })[]
}

export interface Money { amount: string; currency: string }
export interface Address { street?: string; city?: string; state?: string; postal_code?: string; country?: string }
export interface Ref { object: string; id: string }
export type Definition = Shapes['definition']
export type DefinedField = Shapes['definedField']
