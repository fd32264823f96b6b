// What an export asks for, from what a list shows.
import { quote } from '../../lib/cel'
import { isHousekeeping, pathsOf, readable } from '../../lib/schema'
import type { Field, Obj } from '../../lib/types'

export type Format = 'csv' | 'xlsx' | 'json' | 'ndjson' | 'vcf'

/** vCards are made of people alone. */
export const formatsOf = (o: Obj): Format[] => ['xlsx', 'csv', 'json', 'ndjson', ...(o.name === 'contact' || o.name === 'lead' ? ['vcf' as const] : [])]

export const exportable = (o: Obj): Field[] => o.fields.filter(f => readable(f) && f.name !== 'deleted_at' && !['file', 'image', 'secret'].includes(f.type)).sort((a, b) => Number(isHousekeeping(a)) - Number(isHousekeeping(b)))

/** The names to ask for. In a table a link is what it leads to, by its title; programs get the identifier, too. */
export function fieldsFor(list: Field[], format: Format): string[] {
  if (format === 'vcf') return []
  const data = format === 'json' || format === 'ndjson'
  return [...new Set(list.flatMap(f => { const p = pathsOf(f); return data || p.length === 1 ? p : p.slice(1) }))]
}

/** So many records can be named one by one in a filter of 10,000 characters. */
export const mostNamed = 200
export const named = (ids: string[]) => `id in [${ids.map(quote).join(', ')}]`

/** The server's least for a purpose, in characters. */
export const shortest = 3
