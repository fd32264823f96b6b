// How the fields of a record are put together. The schema has no groups of fields, so what is looked for
// first stands first, ways to reach somebody stand together, and the rest follows.
import { defaultColumns, isHousekeeping, readable, shownType } from '../../lib/schema'
import type { Field, Obj } from '../../lib/types'

export const sectionNames = ['main', 'reach', 'more', 'system'] as const
export type SectionName = (typeof sectionNames)[number]
export interface Section { name: SectionName; fields: Field[] }

const reach = new Set(['email', 'phone', 'url', 'address', 'geo'])
/** Files have a tab of their own, and JSON is for programs. */
const elsewhere = new Set(['json', 'file', 'image'])

export function sectionsOf(o: Obj): Section[] {
  const out: Record<SectionName, Field[]> = { main: [], reach: [], more: [], system: [] }
  const first = new Set([...o.title, ...defaultColumns(o)])
  for (const f of o.fields) {
    if (!(readable(f) || f.can.edit) || elsewhere.has(f.type) || f.name === 'deleted_at') continue
    const name: SectionName = isHousekeeping(f) ? 'system' : reach.has(shownType(f)) ? 'reach' : first.has(f.name) || f.required || f.name === 'owner' ? 'main' : 'more'
    out[name].push(f)
  }
  // A title first, then who is responsible last of the main ones.
  const at = (f: Field) => (o.title.includes(f.name) ? o.title.indexOf(f.name) - 100 : f.name === 'owner' ? 100 : 0)
  out.main.sort((a, b) => at(a) - at(b))
  return sectionNames.map(name => ({ name, fields: out[name] })).filter(s => s.fields.length > 0)
}

/** From so many fields on, one looks for them by name, and empty ones wait behind a button. */
export const many = 40

export const isEmpty = (v: unknown) => v === null || v === undefined || v === '' || (Array.isArray(v) && v.length === 0)
