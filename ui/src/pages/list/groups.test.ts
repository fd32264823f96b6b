import { expect, test, vi } from 'vitest'
import type { Field } from '../../lib/types'

vi.stubGlobal('document', { documentElement: { lang: 'en', dataset: {} } })
vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => {} }))
const { filterOf, groupsOf } = await import('./groups')

const field = (type: string, more: Partial<Field> = {}) => ({ name: 'x', type, class: 'internal', label: { en: 'X', zh: 'X' }, required: false, read_only: false, unique: false, can: { sum: true }, ...more }) as Field

test.each([
  ['picklist', 'won', 'x == "won"'], ['picklist', null, '!has(x)'], ['date', '2026-12-01', 'x >= "2026-12-01" && x < "2027-01-01"'], ['datetime', '2026-11-01', 'x >= "2026-11-01T00:00:00Z" && x < "2026-12-01T00:00:00Z"'],
  ['bool', true, 'x'], ['bool', false, 'x == false'], ['int', 5, 'x == 5'], ['decimal', '1.50', 'x == 1.5'], ['money', { amount: '5.00', currency: 'EUR' }, 'x == 5 && x.currency == "EUR"'], ['text', 'a"b', 'x == "a\\"b"'],
])('%s %j', (type, value, want) => expect(filterOf(field(type), value)).toBe(want))

test('sums of several currencies belong to one group', () => {
  const money = (amount: string, currency: string) => ({ amount, currency })
  const rows = [{ keys: ['a'], values: [money('1', 'EUR')], count: 2 }, { keys: ['a'], values: [money('2', 'CNY')], count: 1 }, { keys: [null], values: [null], count: 4 }]
  const got = groupsOf({ rows }, field('picklist'), [field('money', { name: 'amount' })], 'a || b')
  expect(got.map(g => [g.value, g.count, g.sums, g.filter])).toEqual([['a', 3, { amount: '€1 + CN¥2' }, '(a || b) && x == "a"'], [null, 4, {}, '(a || b) && !has(x)']])
})
