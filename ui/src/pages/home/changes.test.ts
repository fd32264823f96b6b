import { expect, it } from 'vitest'
import type { Rec } from '../../lib/types'
import { summarise } from './changes'

const set = (id: string, more = {}): Rec => ({ id, object: 'change_set', version: 1, fields: { kind: 'edit', created_at: '2026-11-25T10:00:00Z', changes: 1, ...more }, can: { update: false, delete: false } })
const entry = (changeset: string, verb: string, object: string, record: string) => ({ changeset, verb, object, record })

it('names one record that a set was about', () => {
  expect(summarise([set('s')], [entry('s', 'update', 'deal', 'd1'), entry('t', 'create', 'note', 'n1')])[0]).toMatchObject({ verb: 'update', object: 'deal', record: 'd1', objects: ['deal'], undone: false })
})
it('counts where there were several', () => {
  expect(summarise([set('s', { changes: 3, kind: 'batch', undone_by: 'u' })], [entry('s', 'create', 'note', 'n'), entry('s', 'create', 'task', 't'), entry('s', 'update', 'deal', 'd')])[0])
    .toMatchObject({ verb: 'update', object: '', record: '', changes: 3, objects: ['note', 'task', 'deal'], undone: true })
})
it('names the record though its way through the stages was written along', () => {
  expect(summarise([set('s', { changes: 2 })], [entry('s', 'update', 'deal', 'd'), entry('s', 'create', 'stage_change', 'x')])[0]).toMatchObject({ verb: 'update', object: 'deal', record: 'd' })
})
it('says less where the journal says nothing', () => expect(summarise([set('s')], [])[0]).toMatchObject({ record: '', object: '', verb: 'update' }))
