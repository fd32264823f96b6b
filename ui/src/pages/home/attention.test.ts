import { describe, expect, it } from 'vitest'
import { read } from '../../lib/cel'
import type { Field, Obj, Rec } from '../../lib/types'
import { attentionFilter, ranked, reasonsOf } from './attention'

const field = (name: string, filter = true) => ({ name, type: 'text', can: { filter, read: filter } }) as unknown as Field
const deal = (...names: string[]) => ({ name: 'deal', fields: names.map(n => field(n)) }) as unknown as Obj
const o = deal('stage', 'close_date', 'next_step', 'updated_at')
const rec = (id: string, fields: Record<string, unknown>): Rec => ({ id, object: 'deal', version: 1, fields, can: { update: true, delete: true } })
const now = Date.parse('2026-11-25T10:00:00Z')
const today = '2026-11-25'
const old = '2026-11-01T10:00:00Z'
const fresh = '2026-11-24T10:00:00Z'

describe('attention', () => {
  it('asks only by what may be filtered', () => {
    expect(attentionFilter(o, true)).toBe('owner == me() && stage.outcome == "open" && (close_date < today() || !has(next_step) || updated_at < now() - days(14))')
    expect(attentionFilter(deal('stage', 'close_date'), false)).toBe('stage.outcome == "open" && close_date < today()')
    expect(attentionFilter(deal('close_date'), true)).toBe('')
    expect(attentionFilter(deal('stage'), true)).toBe('')
  })
  it('writes a condition that chips can show in part', () => expect(read('owner == me() && stage.outcome == "open"')).not.toBeNull())
  it.each([
    ['past its day', { close_date: '2026-11-24', next_step: 'x', updated_at: fresh }, ['late']],
    ['due today', { close_date: today, next_step: 'x', updated_at: fresh }, []],
    ['without a next step', { close_date: '2026-12-24', next_step: '', updated_at: fresh }, ['step']],
    ['quiet', { close_date: '2026-12-24', next_step: 'x', updated_at: old }, ['quiet']],
    ['all of it', { close_date: '2026-11-24', next_step: null, updated_at: old }, ['late', 'quiet', 'step']],
  ])('%s', (_, fields, reasons) => expect(reasonsOf(o, rec('a', fields), new Set(), today, now)).toEqual(reasons))
  it('is not quiet when somebody called', () => expect(reasonsOf(o, rec('a', { next_step: 'x', updated_at: old }), new Set(['a']), today, now)).toEqual([]))
  it('ranks by reasons, then by the day, and drops what has none', () => {
    const list = [rec('step', { updated_at: fresh, close_date: '2027-01-01' }), rec('none', { next_step: 'x', updated_at: fresh }), rec('late2', { close_date: '2026-11-20', next_step: 'x', updated_at: fresh }), rec('late1', { close_date: '2026-11-10', next_step: 'x', updated_at: fresh })]
    expect(ranked(o, list, new Set(), today, now).map(a => a.rec.id)).toEqual(['late1', 'late2', 'step'])
  })
})
