import { describe, expect, test } from 'vitest'
import { all, both, type Node, quote, read, write } from './cel'

const cases: [string, Node][] = [
  ['amount > 1000', { path: 'amount', op: 'gt', value: 1000 }],
  ['amount >= -0.5', { path: 'amount', op: 'ge', value: -0.5 }],
  ['stage.outcome == "won"', { path: 'stage.outcome', op: 'eq', value: 'won' }],
  ['name.contains("renewal")', { path: 'name', op: 'contains', value: 'renewal' }],
  ['!name.contains("x")', { path: 'name', op: 'lacks', value: 'x' }],
  ['company.name.startsWith("Ac\\"me\\\\")', { path: 'company.name', op: 'starts', value: 'Ac"me\\' }],
  ['owner == me()', { path: 'owner', op: 'eq', value: { call: 'me' } }],
  ['close_date < today() - days(30)', { path: 'close_date', op: 'lt', value: { call: 'today', days: -30 } }],
  ['close_date <= today()', { path: 'close_date', op: 'le', value: { call: 'today', days: 0 } }],
  ['outcome in ["won", "lost"]', { path: 'outcome', op: 'in', value: ['won', 'lost'] }],
  ['has(company)', { path: 'company', op: 'filled' }],
  ['!has(close_date)', { path: 'close_date', op: 'empty' }],
  ['won', { path: 'won', op: 'yes' }],
  ['!won', { path: 'won', op: 'no' }],
  ['"vip" in tags', { path: 'tags', op: 'has', value: 'vip' }],
  ['!("vip" in tags)', { path: 'tags', op: 'hasnot', value: 'vip' }],
]

describe('rules', () => {
  test.each(cases)('%s', (cel, rule) => {
    expect(read(cel)).toEqual(all(rule))
    expect(write(all(rule))).toBe(cel)
  })
})

test('groups nest, and what is flat stays flat', () => {
  const cel = 'amount > 5 && (owner == me() || !has(owner)) && won'
  const g = read(cel)!
  expect(g.join).toBe('&&')
  expect(g.items).toHaveLength(3)
  expect(write(g)).toBe(cel)
  expect(write(read('(a == 1 && b == 2) && c == 3')!)).toBe('a == 1 && b == 2 && c == 3')
  expect(write(read('a || b && c')!)).toBe('a || (b && c)')
})

test('what chips cannot show stays text', () => {
  for (const cel of ['amount * 2 > 3', 'a ? b : c', '!(a == 1)', 'a == b', 'team in myTeam()', 'name == "\\u0041"', 'a ==', '(a', 'x.size() > 1']) expect(read(cel), cel).toBeNull()
})

test('nothing is a group of none', () => {
  expect(read('  ')).toEqual(all())
  expect(write(all())).toBe('')
})

test('literals', () => {
  expect(quote('a"b\\\nc')).toBe('"a\\"b\\\\\\nc"')
  expect(write(read('name == "😀\\n中文"')!)).toBe('name == "😀\\n中文"')
  expect(write(read("name == 'it'")!)).toBe('name == "it"')
  expect(write(read('d >= date("2026-01-01")')!)).toBe('d >= "2026-01-01"')
})

test('two filters become one', () => {
  expect(both('a || b', 'c')).toBe('(a || b) && c')
  expect(both('', 'c')).toBe('c')
  expect(both('c', '')).toBe('c')
})
