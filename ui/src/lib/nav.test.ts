import { expect, test } from 'vitest'
import { composing, move, next, range } from './nav'

const size = { rows: 50, cols: 4, page: 10 }
const press = (key: string, ctrl = false) => ({ key, ctrl, shift: false })

test.each([
  ['ArrowDown', false, { row: 6, col: 2 }], ['ArrowUp', false, { row: 4, col: 2 }], ['ArrowLeft', false, { row: 5, col: 1 }], ['ArrowRight', false, { row: 5, col: 3 }],
  ['Home', false, { row: 5, col: 0 }], ['End', false, { row: 5, col: 3 }], ['Home', true, { row: 0, col: 0 }], ['End', true, { row: 49, col: 3 }],
  ['PageDown', false, { row: 15, col: 2 }], ['PageUp', false, { row: 0, col: 2 }], ['ArrowDown', true, { row: 49, col: 2 }], ['ArrowUp', true, { row: 0, col: 2 }],
] as const)('%s, ctrl %s', (key, ctrl, want) => {
  expect(move({ row: 5, col: 2 }, press(key, ctrl), size)).toEqual(want)
})

test('other keys do not move', () => expect(move({ row: 5, col: 2 }, press('a'), size)).toBeNull())

test('Tab goes on in the next row and leaves at the ends', () => {
  expect(next({ row: 0, col: 3 }, false, size)).toEqual({ row: 1, col: 0 })
  expect(next({ row: 1, col: 0 }, true, size)).toEqual({ row: 0, col: 3 })
  expect(next({ row: 49, col: 3 }, false, size)).toBeNull()
  expect(next({ row: 0, col: 0 }, true, size)).toBeNull()
})

test('a range has corners in order', () => {
  expect(range({ row: 5, col: 1 }, { row: 2, col: 3 })).toEqual({ top: 2, bottom: 5, left: 1, right: 3 })
})

test('an input method that composes is noticed', () => {
  expect(composing({ nativeEvent: { isComposing: true } })).toBe(true)
  expect(composing({ keyCode: 229 })).toBe(true)
  expect(composing({ nativeEvent: { isComposing: false }, keyCode: 13 })).toBe(false)
})
