import { describe, expect, it } from 'vitest'
import type { Change, Rec } from '../../lib/types'
import { days, dueOf, firstLine, isAhead, type Item, merge, nearDay, type Part } from './timeline'

const rec = (fields: Record<string, unknown> = {}): Rec => ({ id: 'r', object: 'note', version: 1, fields, can: { update: true, delete: true } })
const note = (key: string, at: string): Item => ({ kind: 'note', key, at, rec: rec() })
const change = (key: string, at: string, fields: string[], verb = 'update'): Item => ({
  kind: 'change', key, at, change: { seq: 1, verb, time: at, version: 2, changeset: '', actor: '', via: 'ui', erased: false, fields: fields.map(field => ({ field, old: 1, new: 2 })) } as unknown as Change,
})

describe('merge', () => {
  it('puts lists together, newest first', () => {
    const parts: Part[] = [
      { source: 'note', items: [note('c', '2026-11-03'), note('a', '2026-11-01')], cursor: '' },
      { source: 'call', items: [note('b', '2026-11-02')], cursor: '' },
    ]
    expect(merge(parts).map(i => i.key)).toEqual(['c', 'b', 'a'])
  })
  it('shows nothing below what a list with more has reached', () => {
    const parts: Part[] = [
      { source: 'note', items: [note('d', '2026-11-04'), note('c', '2026-11-03')], cursor: 'more' },
      { source: 'call', items: [note('b', '2026-11-02'), note('a', '2026-11-01')], cursor: 'more' },
    ]
    expect(merge(parts).map(i => i.key)).toEqual(['d', 'c'])
    parts.push({ source: 'note', items: [], cursor: '' })
    expect(merge(parts).map(i => i.key)).toEqual(['d', 'c', 'b', 'a'])
  })
  it('takes no list and empty lists', () => {
    expect(merge([])).toEqual([])
    expect(merge([{ source: 'note', items: [], cursor: '' }])).toEqual([])
  })
})

describe('days', () => {
  it('groups by the day of the reader', () => {
    const list = days([note('b', '2026-11-24T23:30:00Z'), note('a', '2026-11-24T10:00:00Z')], 'Asia/Shanghai', [])
    expect(list.map(d => d.day)).toEqual(['2026-11-25', '2026-11-24'])
  })
  it('folds changes in a row and leaves steps alone', () => {
    const at = '2026-11-24T10:00:00Z'
    const list = days([change('d', at, ['amount', 'city']), change('c', at, ['amount']), change('b', at, ['stage', 'probability']), change('a', at, ['name'], 'create')], 'UTC', ['stage'])
    expect(list[0]!.lines.map(l => [l.kind, l.key, l.kind === 'fold' ? l.fields : 0])).toEqual([['fold', 'd', 3], ['one', 'b', 0], ['one', 'a', 0]])
  })
  it('does not fold across a note', () => {
    const at = '2026-11-24T10:00:00Z'
    expect(days([change('c', at, ['x']), note('b', at), change('a', at, ['x'])], 'UTC', [])[0]!.lines).toHaveLength(3)
  })
})

describe('what is ahead', () => {
  const task = (status: string): Item => ({ kind: 'task', key: 't', at: '2026-11-01', rec: rec({ status, due_at: '2026-11-30' }) })
  const meeting = (at: string, status = 'planned'): Item => ({ kind: 'meeting', key: 'm', at, rec: rec({ status }) })
  it.each([
    ['an open task', task('not_started'), true], ['a done task', task('completed'), false], ['a meeting to come', meeting('2026-12-01'), true],
    ['a meeting that was', meeting('2026-11-01'), false], ['a meeting that was called off', meeting('2026-12-01', 'not_held'), false], ['a note', note('n', '2027'), false],
  ])('%s', (_, item, ahead) => expect(isAhead(item, '2026-11-25')).toBe(ahead))
  it('orders tasks by when they are due', () => expect(dueOf(task('waiting'))).toBe('2026-11-30'))
})

describe('words', () => {
  it('names near days', () => {
    const now = Date.parse('2026-11-24T20:00:00Z')
    expect(['2026-11-25', '2026-11-24', '2026-11-26', '2026-11-20'].map(d => nearDay(d, 'Asia/Shanghai', now))).toEqual(['today', 'yesterday', 'tomorrow', null])
  })
  it('makes a subject of a text', () => {
    expect(firstLine('  Agreed on the price \n more')).toBe('Agreed on the price')
    expect(firstLine('很'.repeat(90))).toBe(`${'很'.repeat(79)}…`)
    expect(firstLine('😀'.repeat(3), 2)).toBe('😀…')
  })
})
