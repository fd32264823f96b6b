import { expect, test } from 'vitest'
import { format, names } from './icu'

test.each([
  ['Hello {name}', { name: 'Li' }, 'en', 'Hello Li'],
  ['{n, plural, =0 {none} one {# record} other {# records}}', { n: 0 }, 'en', 'none'],
  ['{n, plural, =0 {none} one {# record} other {# records}}', { n: 1 }, 'en', '1 record'],
  ['{n, plural, one {# record} other {# records}}', { n: 48210 }, 'en', '48,210 records'],
  ['{n, plural, other {# 条记录}}', { n: 1 }, 'zh-CN', '1 条记录'],
  ['{k, select, a {A {n, plural, one {#x} other {#xs}}} other {O}}', { k: 'a', n: 2 }, 'en', 'A 2xs'],
  ['{k, select, a {A} other {O}}', { k: 'z' }, 'en', 'O'],
  ["it''s '{'literal'}' and '#'", {}, 'en', "it's {literal} and #"],
  ["don't", {}, 'en', "don't"],
  ['{missing}', {}, 'en', '{missing}'],
  ['# stays', {}, 'en', '# stays'],
] as const)('%s', (message, params, locale, want) => {
  expect(format(message, params, locale)).toBe(want)
})

test.each(['{', '{n, plural, one {x}}', '{n, number}', '{n plural}', '{a, select, x {y} other {z}'])('refuses %s', bad => {
  expect(() => format(bad, { n: 1 }, 'en')).toThrow(/icu/)
})

test('names of what a message takes', () => {
  expect(names('{a} {b, plural, one {{c}} other {#}} {a}')).toEqual(['a', 'b', 'c'])
})
