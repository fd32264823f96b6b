// What leads to a record: the objects of the schema whose links may name it.
import { fieldNamed, inside, targets } from './schema'
import type { Field, Obj, Rec } from './types'

export interface Relation { object: Obj; field: Field }

/** What happens around a record, in the order of the composer. */
export const happenings = ['note', 'call', 'meeting', 'task'] as const
export type Happening = (typeof happenings)[number]

const leadsTo = (o: Obj, name: string) => (f: Field) => (f.type === 'lookup' || f.type === 'any') && targets(f).includes(name) && Boolean(f.can.read && f.can.filter) && o.can.read

/** The activities that may be about a record of an object, each with the field that says so. */
export function activitiesOf(all: Obj[], of: Obj): (Relation & { kind: Happening })[] {
  return happenings.flatMap(kind => {
    const object = all.find(o => o.name === kind)
    const field = object?.fields.find(leadsTo(object, of.name))
    return object && field ? [{ kind, object, field }] : []
  })
}

/** The documents that may belong to a record. */
export function documentsOf(all: Obj[], of: Obj): Relation | undefined {
  const object = all.find(o => o.name === 'document')
  const field = object?.fields.find(leadsTo(object, of.name))
  return object && field ? { object, field } : undefined
}

/** The lists that a record has: of each object one for each link that may lead here. */
export function relationsOf(all: Obj[], of: Obj): Relation[] {
  const apart = new Set<string>([...inside, 'document', ...happenings])
  return all.filter(o => !apart.has(o.name)).flatMap(object => object.fields.filter(leadsTo(object, of.name)).map(field => ({ object, field })))
}

/** What a new record over there begins with: the link, and links that both have in common. */
export function filled(r: Relation, rec: Rec, of: Obj): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const f of r.object.fields) {
    if (f.type !== 'lookup' || f.name === r.field.name || !f.can.edit) continue
    const mine = fieldNamed(of, f.name)
    if (mine?.type === 'lookup' && targets(mine)[0] === targets(f)[0] && rec.fields[f.name]) out[f.name] = rec.fields[f.name]
  }
  out[r.field.name] = r.field.type === 'any' ? { object: rec.object, id: rec.id } : rec.id
  return out
}
