// What each type of the schema looks like. A new type of the server gets one entry here; one that is not
// known yet shows as text and is not edited.
import { editable, isMasked, shownType } from '../lib/schema'
import type { Field } from '../lib/types'
import { bool, multipick, picklist } from './choice'
import { date, datetime } from './date'
import { file } from './file'
import { any, lookup, lookups, team, user } from './link'
import { decimal, duration, int, money, percent } from './number'
import { address, geo } from './place'
import { sealedType, secretType } from './sealed'
import { email, json, long, phone, short, url } from './text'
import type { FieldType } from './types'

const types: Record<string, FieldType> = {
  text: short, email, phone, url, longtext: long, richtext: long, json, autonumber: { ...short, width: 110 },
  int, decimal, percent, money, duration, date, datetime,
  picklist, multipick, bool, lookup, lookups, user, team, any, address, geo, file, image: file, secret: secretType(short),
}

const readOnly = (k: FieldType): FieldType => ({ ...k, Editor: undefined, Form: undefined })
const unknown: FieldType = readOnly({ ...short, ops: ['filled', 'empty'] })
const fit = new WeakMap<Field, FieldType>()

/** The look of a field, as this person may use it. */
export function typeOf(f: Field): FieldType {
  let k = fit.get(f)
  if (!k) {
    k = types[shownType(f)] ?? unknown
    if (isMasked(f)) k = sealedType(k)
    if (!editable(f)) k = readOnly(k)
    fit.set(f, k)
  }
  return k
}

export type { CellProps, EditorProps, FieldType, Leave } from './types'
