import { describe, expect, it } from 'vitest'
import type { DefinedField } from '../../lib/types'
import { blank, classesFor, consequences, differences, draftOf, inputOf, keyFor, nameFor, patchOf, placeOf } from './draft'

const field = (over: Partial<DefinedField> = {}): DefinedField => ({
  name: 'size', type: 'picklist', class: 'internal', label: { en: 'Size', zh: '规模' }, custom: true, system: false, archived: false, required: false, read_only: false, unique: false,
  options: [{ key: 'big', label: { en: 'Big', zh: '大' } }, { key: 'small', label: { en: 'Small', zh: '小' } }], ...over,
})
const words = { yes: 'yes', no: 'no', class: (c: string) => c, option: (o: { key: string }) => o.key }

describe('names', () => {
  for (const [label, taken, want] of [
    ['Renewal date', [], 'renewal_date'], ['Größe (m²)', [], 'gro_e_m2'], ['2nd phone', [], 'nd_phone'], ['规模', ['a', 'b'], 'field_3'], ['Size', ['size'], 'size_2'],
    ['Import', [], 'import_2'], ['x'.repeat(60), [], 'x'.repeat(36)], ['', ['field_1'], 'field_2'],
  ] as [string, string[], string][]) it(`${label.slice(0, 20)} → ${want.slice(0, 20)}`, () => expect(nameFor(label, taken)).toBe(want))
  it('keys of choices may begin with a digit', () => expect(keyFor('24 months', [])).toBe('24_months'))
  it('a Chinese choice gets a number', () => expect(keyFor('大', ['a'])).toBe('option_2'))
})

describe('what is sent', () => {
  it('one label stands for both', () => expect(inputOf({ ...blank('text'), name: 'field_1', zh: '备注' }).label).toEqual({ en: '备注', zh: '备注' }))
  it('only what differs', () => expect(patchOf({ ...draftOf(field()), required: true }, field())).toEqual({ required: true }))
  it('nothing where nothing differs', () => expect(patchOf(draftOf(field()), field())).toEqual({}))
  it('what was taken away is emptied', () => expect(patchOf({ ...draftOf(field({ default: 'big', required: true })), default: '', required: false }, field({ default: 'big', required: true }))).toEqual({ default: '', required: false }))
  it('a name', () => expect(patchOf({ ...draftOf(field()), name: 'bulk' }, field())).toEqual({ name: 'bulk' }))
  it('what a type does not have is left out', () => expect(inputOf({ ...blank('lookup'), target: ['deal'], options: field().options!, formula: 'x' })).toEqual({ name: '', type: 'lookup', class: 'internal', label: { en: '', zh: '' }, target: ['deal'] }))
})

describe('classes', () => {
  it('can only be raised', () => expect(classesFor(draftOf(field()), field({ class: 'personal' }))).toEqual(['personal', 'restricted']))
  it('files are not raised to restricted', () => expect(classesFor({ ...blank('file') }, field({ type: 'file', options: undefined }))).toEqual(['internal', 'personal']))
  it('a secret is one', () => expect(classesFor(blank('secret'))).toEqual(['secret']))
})

describe('what it means', () => {
  it('sealing is told', () => expect(consequences({ ...draftOf(field()), class: 'personal' }, field(), 7).map(c => c.key)).toEqual(['adm.then.seal']))
  it('a choice that goes is told', () => expect(consequences({ ...draftOf(field()), options: [] }, field(), 7).map(c => c.key)).toEqual(['adm.then.option_gone']))
  it('a label changes nothing stored', () => expect(consequences({ ...draftOf(field()), en: 'Bulk' }, field(), 7).map(c => c.key)).toEqual(['adm.then.look']))
  it('differences are named', () => expect(differences({ ...draftOf(field()), en: 'Bulk', required: true }, field(), words)).toEqual([{ what: 'adm.label.en', old: 'Size', now: 'Bulk' }, { what: 'adm.required', old: 'no', now: 'yes' }]))
})

it('the place of an error', () => expect(placeOf('line 1, character 5: unknown field\n  a + b\n      ^')).toEqual({ line: 1, at: 5, text: 'unknown field' }))
