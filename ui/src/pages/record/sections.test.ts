import { describe, expect, it } from 'vitest'
import type { Field, Obj } from '../../lib/types'
import { isEmpty, sectionsOf } from './sections'

const field = (name: string, type = 'text', can = {}) => ({ name, type, label: { en: name, zh: name }, required: false, can: { read: true, edit: true, filter: true, ...can } }) as unknown as Field
const object = (fields: Field[], title = ['name']) => ({ name: 'thing', title, fields }) as unknown as Obj
const shape = (o: Obj) => Object.fromEntries(sectionsOf(o).map(s => [s.name, s.fields.map(f => f.name)]))

describe('sections', () => {
  it('puts the title first and the owner last', () => {
    expect(shape(object([field('owner', 'user'), field('amount', 'money'), field('name'), field('phone', 'phone'), field('text', 'longtext'), field('created_at', 'datetime')])))
      .toEqual({ main: ['name', 'amount', 'owner'], reach: ['phone'], more: ['text'], system: ['created_at'] })
  })
  it('leaves out what may not be seen, files and JSON', () => expect(shape(object([field('name', 'text', { read: false, edit: false }), field('scan', 'file'), field('data', 'json')]))).toEqual({}))
  it('keeps every field of many, once', () => {
    const fields = Array.from({ length: 300 }, (_, i) => field(`f${i}`, ['text', 'email', 'longtext', 'date'][i % 4]))
    const all = sectionsOf(object(fields, [])).flatMap(s => s.fields.map(f => f.name))
    expect(all).toHaveLength(300)
    expect(new Set(all).size).toBe(300)
  })
  it.each([[null, true], [undefined, true], ['', true], [[], true], [0, false], [false, false], [{}, false]])('is %j empty', (v, empty) => expect(isEmpty(v)).toBe(empty))
})
