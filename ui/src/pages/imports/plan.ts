// What the wizard knows of a plan without asking: where columns go, what may be chosen, what can be mended.
import type { components } from '../../lib/schema.gen'
import { label, t } from '../../lib/i18n'
import { fieldNamed, isHousekeeping, objectNamed, targets } from '../../lib/schema'
import type { Field, Obj } from '../../lib/types'
import type { Choice } from '../../parts/Choose'

export type Import = components['schemas']['import']
export type Plan = components['schemas']['importPlan']
export type Result = NonNullable<Import['result']>
export type Wrong = NonNullable<Result['wrong']>[number]

/** Leaves a column out. */
export const out = '-'

/** Where each column goes now: as the plan says, else as the server found. */
export function mappingOf(x: Pick<Import, 'columns' | 'guess' | 'result'>, plan: Plan): Record<string, string> {
  return Object.fromEntries(x.columns.map(c => [c, plan.map?.[c] ?? (x.result ? x.result.mapping[c] : x.guess[c]) ?? out]))
}

/** A mapping in which a field has one column: the one that was chosen last. */
export function moved(mapping: Record<string, string>, column: string, to: string): Record<string, string> {
  const next = Object.fromEntries(Object.entries(mapping).map(([c, was]) => [c, to !== out && was === to ? out : was]))
  return { ...next, [column]: to }
}

const parts = ['street', 'city', 'state', 'postal_code', 'country'] as const
const computed = ['formula', 'rollup', 'autonumber', 'file', 'image']
/** A file may fill what a person may write, and masked fields, which are written without being read. */
export const fillable = (f: Field) => !f.read_only && !computed.includes(f.type) && Boolean(f.can.edit)

/** What a column can fill. */
export function choicesOf(o: Obj): Choice[] {
  const list: Choice[] = []
  // What the program keeps by itself comes last.
  const late = (f: Field) => Number(isHousekeeping(f)) * 2 + Number(f.name === 'owner')
  const names = o.fields.filter(fillable).sort((a, b) => late(a) - late(b))
  if (names.some(f => f.name === 'last_name') && names.some(f => f.name === 'first_name')) list.push({ key: 'full_name', text: t('imp.full_name') })
  for (const f of names) {
    const text = label(f.label)
    if (f.type === 'address') {
      for (const p of parts) list.push({ key: `${f.name}.${p}`, text: `${text}${t('colon')}${t(`address.${p}`)}` })
      continue
    }
    list.push({ key: f.name, text, hint: f.required ? t('imp.needed') : undefined })
    const to = objectNamed(targets(f)[0] ?? '')
    if (!to || targets(f).length > 1) continue
    for (const by of to.fields) if (by.can.filter && (by.unique || by.type === 'email')) list.push({ key: `${f.name}.${by.name}`, text: `${text}${t('colon')}${label(by.label)}` })
  }
  return list
}

/** The field of a target: the address of address.city. */
export const fieldOf = (o: Obj, target: string) => fieldNamed(o, target === 'full_name' ? 'last_name' : (target.split('.')[0] ?? ''))

/** Different values of a column, for a look. */
export function samplesOf(sample: string[][], column: number, most = 3): string[] {
  return [...new Set(sample.map(row => row[column] ?? '').filter(Boolean))].slice(0, most)
}

/** Fields that no column fills and every new record needs. */
export function lacking(o: Obj, mapping: Record<string, string>, mode: string): Field[] {
  if (mode === 'update') return []
  const filled = new Set(Object.values(mapping).flatMap(m => (m === 'full_name' ? ['first_name', 'last_name'] : [m.split('.')[0]!])))
  return o.fields.filter(f => f.required && !f.default && fillable(f) && !filled.has(f.name))
}

/** A wrong value that another can stand for. */
export const mendable = (w: Wrong) => Boolean(w.text && w.field)

/** The field under which a plan keeps what values mean. */
export const valueKey = (w: Wrong) => (w.field ?? '').split('.')[0]!.replace(/^full_name$/, 'last_name')

/** Reads a list of words as people write it. */
export const wordsOf = (text: string) => [...new Set(text.split(/[,，;；、\n]/).map(s => s.trim()).filter(Boolean))].slice(0, 100)

/** True when a preview has tried every row. */
export const whole = (x: Import) => Boolean(x.result && (x.tried === undefined || x.result.rows < x.tried))

/** What a run would do, in rows. */
export const doing = (r: Result) => r.created + r.updated
