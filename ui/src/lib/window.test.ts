import { expect, test } from 'vitest'
import { heightOf, most, placeOf, reveal, rowsAt, scaleOf } from './window'

const small = { count: 100, row: 36, view: 720 }
const million = { count: 1_000_000, row: 36, view: 720 }

test('a short list is not scaled', () => {
  expect(heightOf(small)).toBe(3600)
  expect(scaleOf(small)).toBe(1)
  expect(rowsAt(small, 0, 0)).toEqual({ from: 0, to: 20 })
  expect(rowsAt(small, 18, 0)).toEqual({ from: 0, to: 21 })
  expect(placeOf(small, 5, 90)).toBe(180)
})

test('a list of a million ends at its last row', () => {
  expect(heightOf(million)).toBe(most)
  const end = rowsAt(million, most - 720, 0)
  expect(end.to).toBe(1_000_000)
  expect(Math.round(placeOf(million, 999_999, most - 720) + 36)).toBe(most)
})

test('few rows are rendered wherever it is scrolled to', () => {
  for (let top = 0; top <= most - 720; top += 97_003) {
    const r = rowsAt(million, top)
    expect(r.to - r.from).toBeLessThanOrEqual(38)
    expect(placeOf(million, r.to, top)).toBeGreaterThanOrEqual(top + 36)
  }
})

test('revealing moves no more than it must', () => {
  expect(reveal(small, 3, 72)).toBe(72)
  expect(reveal(small, 1, 72)).toBe(36)
  expect(reveal(small, 30, 0)).toBe(31 * 36 - 720)
  expect(reveal(small, 30, 0, 36)).toBe(31 * 36 - 684)
  const top = reveal(million, 999_999, 0)
  expect(rowsAt(million, top, 0).to).toBe(1_000_000)
})

test('no rows', () => {
  expect(rowsAt({ count: 0, row: 36, view: 720 }, 500)).toEqual({ from: 0, to: 0 })
})
