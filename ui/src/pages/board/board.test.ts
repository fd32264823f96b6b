import { describe, expect, it } from 'vitest'
import type { Field, Page, Rec, Table } from '../../lib/types'
import { put, shiftTotals, take, totalsOf } from './cache'
import { cardDay, daysStill, daysUntil, isLate, staleness } from './cards'
import { outcomeOf } from './columns'

const eur = (amount: string) => ({ amount, currency: 'EUR' })
const rec = (id: string, fields: Record<string, unknown> = {}): Rec => ({ id, object: 'deal', version: 1, fields, can: { update: true, delete: true } })
const pages = (...lists: string[][]) => ({ pageParams: [], pages: lists.map((l): Page => ({ records: l.map(id => rec(id)), next_cursor: '' })) })
const ids = (d: { pages: Page[] }) => d.pages.map(p => p.records.map(r => r.id).join(''))

describe('totals', () => {
  const table: Table = { rows: [{ keys: ['a'], values: [eur('10.10')], count: 2 }, { keys: ['a'], values: [{ amount: '7', currency: 'USD' }], count: 1 }, { keys: ['b'], values: [null], count: 4 }] }
  it('join the rows of several currencies', () => {
    const t = totalsOf(table)
    expect(t.get('a')).toEqual({ count: 3, sums: { EUR: 10.1, USD: 7 } })
    expect(t.get('b')).toEqual({ count: 4, sums: {} })
  })
  it('follow a card at once, to the cent', () => {
    const t = totalsOf(shiftTotals(table, 'a', 'b', eur('0.20')))
    expect(t.get('a')).toEqual({ count: 2, sums: { EUR: 9.9, USD: 7 } })
    expect(t.get('b')).toEqual({ count: 5, sums: { EUR: 0.2 } })
  })
  it('follow a card without an amount, and into a column that had none', () => {
    const t = totalsOf(shiftTotals(table, 'b', null, null))
    expect(t.get('b')?.count).toBe(3)
    expect(t.get(null)).toEqual({ count: 1, sums: {} })
  })
  it('are as before when the card comes back', () => {
    const there = shiftTotals(table, 'a', 'b', eur('10.10'))
    expect(totalsOf(shiftTotals(there, 'b', 'a', eur('10.10'))).get('a')).toEqual({ count: 3, sums: { EUR: 10.1, USD: 7 } })
  })
})

describe('pages of cards', () => {
  it('lose one', () => expect(ids(take(pages(['a', 'b'], ['c']), 'b'))).toEqual(['a', 'c']))
  it('get one at the top, or where it was', () => {
    expect(ids(put(pages(['a', 'b'], ['c', 'd']), rec('x'), 0))).toEqual(['xab', 'cd'])
    expect(ids(put(pages(['a', 'b'], ['c', 'd']), rec('x'), 3))).toEqual(['ab', 'cxd'])
    expect(ids(put(pages(['a', 'b'], ['c', 'd']), rec('x'), 99))).toEqual(['ab', 'cdx'])
    expect(ids(put(pages([]), rec('x'), 5))).toEqual(['x'])
  })
})

describe('cards', () => {
  const now = Date.parse('2026-11-25T01:00:00Z') // still the 24th in New York
  const day = { name: 'close_date', type: 'date' } as Field
  const moment = { name: 'due_at', type: 'datetime' } as Field
  it('are late in the zone of the person, and only while open', () => {
    const r = rec('a', { close_date: '2026-11-24', due_at: '2026-11-25T00:59:00Z' })
    expect(isLate(r, day, true, 'Europe/Berlin', now)).toBe(true)
    expect(isLate(r, day, true, 'America/New_York', now)).toBe(false)
    expect(isLate(r, day, false, 'Europe/Berlin', now)).toBe(false)
    expect(isLate(r, moment, true, 'UTC', now)).toBe(true)
    expect(isLate(r, { name: 'engaged_on', type: 'date' } as Field, true, 'UTC', now)).toBe(false)
  })
  it('say yesterday, today and tomorrow', () => {
    expect(daysUntil('2026-11-24', day, 'America/New_York', now)).toBe(0)
    expect(daysUntil('2026-11-24', day, 'UTC', now)).toBe(-1)
    expect(daysUntil('2026-11-26T05:00:00Z', moment, 'UTC', now)).toBe(1)
    expect(daysUntil('2026-12-24', day, 'UTC', now)).toBe(null)
  })
  it('say a day in few letters', () => {
    expect(cardDay('2026-12-24', day, 'UTC', now)).toBe('24 Dec')
    expect(cardDay('2027-01-01T02:00:00Z', moment, 'America/New_York', now)).toBe('31 Dec')
    expect(cardDay('2027-01-02', day, 'UTC', now)).toBe('2 Jan 2027')
    expect(cardDay(null, day, 'UTC', now)).toBe('')
  })
  it('grow stale while open', () => {
    expect(daysStill(rec('a', { updated_at: '2026-11-01T02:00:00Z' }), now)).toBe(23)
    expect(daysStill(rec('a'), now)).toBe(0)
    expect([staleness(13, true), staleness(14, true), staleness(30, true), staleness(99, false)]).toEqual(['', 'slow', 'stale', ''])
  })
  it('know what ends well and what does not', () => expect(['won', 'lost', 'working', 'abandoned', 'completed'].map(outcomeOf)).toEqual(['won', 'lost', 'open', 'lost', 'won']))
})
