import { describe, expect, it } from 'vitest'
import { headerName, showSize } from './files'
import { withOpened } from './opened'
import { activitiesOf, documentsOf, filled, relationsOf } from './relations'
import type { Field, Obj, Rec } from './types'

const can = { read: true, edit: true, filter: true, group: true, masked: false, sort: true, sum: false }
const link = (name: string, type: string, target: string[], more = {}) => ({ name, type, target, label: { en: name, zh: name }, can: { ...can, ...more } }) as unknown as Field
const object = (name: string, fields: Field[], read = true) => ({ name, fields, title: ['name'], can: { read } }) as unknown as Obj

const company = object('company', [link('parent', 'lookup', ['company'])])
const contact = object('contact', [link('company', 'lookup', ['company'])])
const deal = object('deal', [link('company', 'lookup', ['company']), link('contact', 'lookup', ['contact']), link('owner', 'user', [])])
const note = object('note', [link('related_to', 'any', ['contact', 'company', 'deal'])])
const task = object('task', [link('related_to', 'any', ['company'], { read: false })])
const call = object('call', [link('related_to', 'any', ['company'])], false)
const doc = object('document', [link('related_to', 'any', ['deal'])])
const all = [company, contact, deal, note, task, call, doc]

describe('relations', () => {
  it('finds the lists of a record by the links that lead to it', () => {
    expect(relationsOf(all, company).map(r => `${r.object.name}.${r.field.name}`)).toEqual(['company.parent', 'contact.company', 'deal.company'])
    expect(relationsOf(all, contact).map(r => r.object.name)).toEqual(['deal'])
    expect(relationsOf(all, note)).toEqual([])
  })
  it('leaves out what may not be read', () => expect(activitiesOf(all, company).map(a => a.kind)).toEqual(['note']))
  it('knows where documents go', () => {
    expect(documentsOf(all, deal)?.object.name).toBe('document')
    expect(documentsOf(all, company)).toBeUndefined()
  })
  it('fills in the link and what both have in common', () => {
    const rec: Rec = { id: 'p1', object: 'contact', version: 1, fields: { company: 'c1' }, can: { update: true, delete: true } }
    expect(filled({ object: deal, field: deal.fields[1]! }, rec, contact)).toEqual({ company: 'c1', contact: 'p1' })
    expect(filled({ object: note, field: note.fields[0]! }, rec, contact)).toEqual({ related_to: { object: 'contact', id: 'p1' } })
  })
})

describe('files', () => {
  it.each([['合同 (1).pdf', '%E5%90%88%E5%90%8C%20%281%29.pdf'], ["it's*.txt", 'it%27s%2A.txt'], ['a\ud800b', 'a%EF%BF%BDb']])('names %s', (name, header) => expect(headerName(name)).toBe(header))
  it.each([[812, '812 B'], [47_211, '47 KB'], [1_240_000, '1.2 MB'], [25_000_000, '25 MB']])('measures %d', (n, text) => expect(showSize(n, 'en')).toBe(text))
})

describe('opened records', () => {
  it('keeps the newest first, each once, and not too many', () => {
    const list = Array.from({ length: 40 }, (_, i) => ({ object: 'deal', id: String(i), at: i })).reduce(withOpened, [] as { object: string; id: string; at: number }[])
    expect(list).toHaveLength(30)
    expect(withOpened(list, { object: 'deal', id: '20', at: 99 }).filter(x => x.id === '20')).toEqual([{ object: 'deal', id: '20', at: 99 }])
  })
})
