import { describe, expect, it } from 'vitest'
import type { Field, Obj, Rec } from '../../lib/types'
import { eventOf, type Kind, kindOf, lanesOf, movedTo, on, rangeFilter, startingOn } from './events'

const f = (name: string, type: string): Field => ({ name, type, can: { read: true, filter: true, sort: true, edit: true }, class: 'internal', label: { en: name, zh: name }, read_only: false, required: false, unique: false })
const obj = (name: string, ...fields: Field[]): Obj => ({ name, fields, title: ['subject'], label: { en: name, zh: name }, plural: { en: name, zh: name }, can: { read: true } }) as unknown as Obj
const meeting = obj('meeting', f('subject', 'text'), f('start_at', 'datetime'), f('end_at', 'datetime'), f('all_day', 'bool'), f('status', 'picklist'))
const deal = obj('deal', f('subject', 'text'), f('close_date', 'date'))
const meetings: Kind = kindOf(meeting, meeting.fields[1]!)
const deals: Kind = kindOf(deal, deal.fields[1]!)
const rec = (fields: Record<string, unknown>, object = 'meeting'): Rec => ({ id: '1', object, version: 1, fields: { subject: 'S', ...fields }, can: { update: true, delete: true } })
const berlin = 'Europe/Berlin'
const event = (fields: Record<string, unknown>, zone = berlin) => eventOf(rec(fields), meetings, zone)!

describe('a calendar asks for the days it shows', () => {
  it('in the zone of the person, over a clock change', () => {
    expect(rangeFilter(meetings, '2026-03-23', '2026-03-29', berlin)).toBe('start_at < "2026-03-29T22:00:00Z" && (start_at >= "2026-03-22T23:00:00Z" || end_at > "2026-03-22T23:00:00Z")')
    expect(rangeFilter(deals, '2026-11-01', '2026-11-30', berlin)).toBe('close_date >= "2026-11-01" && close_date < "2026-12-01"')
  })
})

describe('events', () => {
  it('stand on the day and at the hour that the person has', () => {
    expect(event({ start_at: '2026-11-25T23:30:00Z', end_at: '2026-11-26T00:30:00Z' })).toMatchObject({ day: '2026-11-26', until: '2026-11-26', from: 30, to: 90, whole: false })
    expect(event({ start_at: '2026-11-25T23:30:00Z', end_at: '2026-11-26T00:30:00Z' }, 'UTC')).toMatchObject({ day: '2026-11-25', until: '2026-11-26', whole: true })
    expect(event({ start_at: '2026-11-25T22:00:00Z', end_at: '2026-11-25T23:00:00Z' })).toMatchObject({ day: '2026-11-25', until: '2026-11-25', from: 1380, to: 1440 })
    expect(event({ start_at: '2026-11-25T22:00:00Z', end_at: '2026-11-25T21:00:00Z' })).toMatchObject({ from: 1380, to: 1410 })
    expect(event({ start_at: null })).toBeUndefined()
  })
  it('are on every day that they touch', () => {
    const e = event({ start_at: '2026-11-24T09:00:00Z', end_at: '2026-11-26T09:00:00Z' })
    expect(['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27'].map(d => on([e], d).length)).toEqual([0, 1, 1, 1, 0])
  })
  it('keep clock time and length when they move over a clock change', () => {
    const e = event({ start_at: '2026-03-27T08:00:00Z', end_at: '2026-03-27T09:30:00Z' })
    expect(movedTo(e, '2026-03-30', undefined, berlin)).toEqual({ start_at: '2026-03-30T07:00:00Z', end_at: '2026-03-30T08:30:00Z' })
    expect(movedTo(e, '2026-03-28', 600, berlin)).toEqual({ start_at: '2026-03-28T09:00:00Z', end_at: '2026-03-28T10:30:00Z' })
    expect(movedTo(e, '2026-03-29', 150, berlin)).toEqual({ start_at: '2026-03-29T01:30:00Z', end_at: '2026-03-29T03:00:00Z' }) // there is no 02:30
    expect(movedTo(eventOf(rec({ close_date: '2026-11-25' }, 'deal'), deals, berlin)!, '2026-12-01', 600, berlin)).toEqual({ close_date: '2026-12-01' })
  })
  it('begin at nine, for an hour', () => {
    expect(startingOn(meetings, '2026-07-01', undefined, berlin)).toEqual({ start_at: '2026-07-01T07:00:00Z', end_at: '2026-07-01T08:00:00Z' })
    expect(startingOn(deals, '2026-07-01', 600, berlin)).toEqual({ close_date: '2026-07-01' })
  })
  it('stand side by side where they overlap', () => {
    const at = (from: string, to: string) => event({ start_at: `2026-11-25T${from}:00Z`, end_at: `2026-11-25T${to}:00Z` }, 'UTC')
    const list = [at('09:00', '10:00'), at('09:30', '11:00'), at('10:00', '10:30'), at('12:00', '13:00')]
    const { shown, more } = lanesOf(list, 3)
    expect(shown.map(x => [x.lane, x.lanes])).toEqual([[0, 2], [1, 2], [0, 2], [0, 1]])
    expect(more).toEqual([])
    const crowd = lanesOf([...list, at('09:30', '10:00'), at('09:40', '09:50')], 3)
    expect(crowd.shown.map(x => [x.event.from, x.lane, x.lanes])).toEqual([[540, 0, 3], [570, 1, 3], [600, 0, 3], [720, 0, 1]])
    expect(crowd.more).toEqual([{ from: 570, n: 2, lane: 2, lanes: 3 }])
  })
})
