import { describe, expect, test } from 'vitest'
import { Problem, problemOf } from './api'
import { readDecimal, readMoney, showMoney } from './number'
import { fromLocal, readDate, readDuration, showDuration, toLocal } from './time'

describe('days and moments', () => {
  test.each([['2026-11-25', '2026-11-25'], ['2026/1/5', '2026-01-05'], ['2026年11月25日', '2026-11-25'], ['20261125', '2026-11-25'], ['2026-02-30', null], ['25.11.2026', null], ['', null]])('%s', (s, want) => expect(readDate(s)).toBe(want))
  test.each([
    ['2026-11-25 09:00', 'Asia/Shanghai', '2026-11-25T01:00:00Z'], ['2026-07-01 09:00', 'Europe/Berlin', '2026-07-01T07:00:00Z'], ['2026-11-25 09:00', 'America/New_York', '2026-11-25T14:00:00Z'],
    ['2026-11-25', 'UTC', '2026-11-25T00:00:00Z'], ['2026-10-25 02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
  ])('%s in %s', (local, zone, iso) => {
    expect(fromLocal(local, zone)).toBe(iso)
    expect(toLocal(iso, zone)).toBe(local.length > 10 ? local : `${local} 00:00`)
  })
  test('no time', () => { for (const s of ['2026-11-25 25:00', 'soon', '2026-11-25 9', '2026-11-25 09:00 x']) expect(fromLocal(s, 'UTC'), s).toBeNull() })
  test.each([['90', 5400], ['1:30', 5400], ['1h 30m', 5400], ['45 s', 45], ['1小时30分', 5400], ['', null], ['x', null]])('duration %s', (s, want) => expect(readDuration(s)).toBe(want))
  test('durations are read as they are shown', () => { for (const n of [0, 45, 5400, 3661, 360_000]) expect(readDuration(showDuration(n))).toBe(n) })
})

describe('numbers', () => {
  test.each([['1,234.50', '1234.50'], ['１２', '12'], ['1.5万', '15000'], ['0.00012万', '1.2'], ['-3亿', '-300000000'], ['12.34567万', '123456.7'], ['1,23', null], ['1e5', null], ['', null], ['abc', null]])('%s', (s, want) => expect(readDecimal(s)).toBe(want))
  test.each([['12.50', '12.50', 'CNY'], ['€1,200', '1200', 'EUR'], ['12 usd', '12', 'USD'], ['USD 12', '12', 'USD'], ['3万 CNY', '30000', 'CNY']])('%s', (s, amount, currency) => expect(readMoney(s, 'CNY')).toEqual({ amount, currency }))
  test('no money', () => { for (const s of ['EUR', 'a lot', '€$1', '12 EURO']) expect(readMoney(s, 'CNY'), s).toBeNull() })
  test('shown', () => {
    expect(showMoney({ amount: '10710.00', currency: 'EUR' }, 'en')).toBe('€10,710')
    expect(showMoney({ amount: '0.50', currency: 'CNY' }, 'zh-CN')).toBe('¥0.50')
    expect(showMoney({ amount: '1', currency: '??' }, 'en')).toBe('1 ??')
  })
})

describe('problems', () => {
  const none = { get: () => null }
  test('errors go to their fields', () => {
    const p = problemOf(422, { code: 'invalid', reason: 'invalid_field', detail: 'd', errors: [{ field: 'name', reason: 'required', message: 'is required' }, { field: 'name', reason: 'x', message: 'y' }], request_id: 'r' }, none)
    expect(p.byField()).toEqual({ name: 'is required; y' })
    expect(p).toBeInstanceOf(Problem)
    expect(p.requestId).toBe('r')
  })
  test.each([[401, 'unauthenticated'], [409, 'conflict'], [412, 'stale'], [418, 'invalid'], [429, 'too_many'], [500, 'internal'], [502, 'unavailable']])('%d without a document', (status, code) => expect(problemOf(status, null, none).code).toBe(code))
  test('how long to wait', () => expect(problemOf(429, null, { get: n => (n === 'Retry-After' ? '3' : null) }).wait).toBe(3))
})
