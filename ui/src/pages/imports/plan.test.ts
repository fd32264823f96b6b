import { describe, expect, it } from 'vitest'
import { lacking, mappingOf, mendable, moved, samplesOf, valueKey, whole, wordsOf } from './plan'
import { touched } from '../changes/touched'
import { fieldsFor, formatsOf, named } from '../exports/choice'
import { stateOf } from '../exports/state'

const can = { read: true, edit: true }
const label = { en: 'A', zh: '甲' }
const field = (name: string, more = {}) => ({ name, type: 'text', class: 'internal', label, required: false, read_only: false, unique: false, can, ...more }) as never
const contact = { name: 'contact', label, plural: label, title: ['last_name'], custom: false, can: {}, fields: [field('last_name', { required: true }), field('first_name'), field('stage', { required: true, default: 'new' })] } as never

describe('a mapping', () => {
  const x = { columns: ['A', 'B', 'C'], guess: { A: 'name', B: 'email' } }
  it('is what the plan says, else what the server found, else a guess by names', () => {
    expect(mappingOf(x as never, {})).toEqual({ A: 'name', B: 'email', C: '-' })
    expect(mappingOf({ ...x, result: { mapping: { A: 'name' } } } as never, {})).toEqual({ A: 'name', B: '-', C: '-' })
    expect(mappingOf(x as never, { map: { A: '-', C: 'name' } })).toEqual({ A: '-', B: 'email', C: 'name' })
  })
  it('gives a field to the column that was chosen last', () => {
    expect(moved({ A: 'name', B: 'email' }, 'B', 'name')).toEqual({ A: '-', B: 'name' })
    expect(moved({ A: '-', B: 'email' }, 'B', '-')).toEqual({ A: '-', B: '-' })
  })
  it('lacks what new records need and no column fills', () => {
    expect(lacking(contact, { A: 'first_name' }, 'create').map(f => f.name)).toEqual(['last_name'])
    expect(lacking(contact, { A: 'full_name' }, 'create')).toEqual([])
    expect(lacking(contact, {}, 'update')).toEqual([])
  })
})

describe('values', () => {
  it('are shown once each', () => { expect(samplesOf([['a', 'x'], ['', 'x'], ['b', 'y']], 1)).toEqual(['x', 'y']) })
  it('can be mended where the file has a text for them', () => {
    const w = { column: 'A', reason: 'unknown_option', message: '', rows: 1, line: 2 }
    expect([mendable({ ...w, text: 'x', field: 'stage' }), mendable({ ...w, field: 'stage' }), mendable({ ...w, text: 'x' })]).toEqual([true, false, false])
    expect([valueKey({ ...w, field: 'company.email' }), valueKey({ ...w, field: 'full_name' })]).toEqual(['company', 'last_name'])
  })
  it('that mean nothing are read as people write them', () => { expect(wordsOf('-, n/a，无；-')).toEqual(['-', 'n/a', '无']) })
})

it('a preview is whole when it has tried every row', () => {
  expect([whole({ result: { rows: 10 }, tried: 2000 } as never), whole({ result: { rows: 2000 }, tried: 2000 } as never), whole({ result: { rows: 5000 } } as never), whole({} as never)]).toEqual([true, false, true, false])
})

it('records that were touched come once, with what was done in order', () => {
  const e = (record: string, verb: string, object = 'deal') => ({ object, record, verb })
  expect(touched([e('1', 'delete'), e('2', 'create'), e('1', 'update'), e('1', 'update'), e('', 'create'), e('3', 'create', 'change_set')])).toEqual([{ object: 'deal', id: '1', verbs: ['update', 'delete'] }, { object: 'deal', id: '2', verbs: ['create'] }])
})

describe('an export', () => {
  it('offers cards of people alone', () => {
    expect(formatsOf(contact)).toContain('vcf')
    expect(formatsOf({ ...(contact as object), name: 'deal' } as never)).not.toContain('vcf')
  })
  it('names fields, and none for cards', () => {
    expect(fieldsFor([field('first_name')], 'csv')).toEqual(['first_name'])
    expect(fieldsFor([field('first_name')], 'vcf')).toEqual([])
    expect(named(['a', 'b'])).toBe('id in ["a", "b"]')
  })
  it('that nobody fetched has expired, and one that never ended has failed', () => {
    const at = '2026-11-25T10:00:00Z'
    const r = (state: string) => ({ fields: { state, created_at: at, updated_at: at } }) as never
    const now = (minutes: number) => Date.parse(at) + minutes * 60_000
    expect([stateOf(r('ready'), now(14)), stateOf(r('ready'), now(16)), stateOf(r('running'), now(29)), stateOf(r('running'), now(31)), stateOf(r('done'), now(99))]).toEqual(['ready', 'expired', 'running', 'failed', 'done'])
  })
})
