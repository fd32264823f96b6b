// Which rows of a long list are in the page, and where. A browser cannot have an element higher than
// some 17 million pixels, so beyond `most` the scrollbar is scaled: one pixel of it is several rows,
// while wheel and keys still move by rows.
export const most = 6_000_000

export interface Geometry { count: number; row: number; view: number }

/** The height of the element that scrolls. */
export const heightOf = (g: Geometry) => Math.min(g.count * g.row, most)

/** How many pixels of rows one pixel of the scrollbar stands for. */
export function scaleOf(g: Geometry): number {
  const real = g.count * g.row - g.view
  const shown = heightOf(g) - g.view
  return real <= 0 || shown <= 0 ? 1 : real / shown
}

/** The rows to render for a scroll position: [from, to), with some to spare on both sides. */
export function rowsAt(g: Geometry, top: number, spare = 8): { from: number; to: number } {
  const y = Math.max(0, top) * scaleOf(g)
  const first = Math.floor(y / g.row)
  const last = Math.ceil((y + g.view) / g.row)
  return { from: Math.max(0, Math.min(first - spare, g.count)), to: Math.max(0, Math.min(last + spare, g.count)) }
}

/** Where row i stands within the scrolling element while it is scrolled to top. */
export const placeOf = (g: Geometry, i: number, top: number) => i * g.row - top * scaleOf(g) + top

/** The scroll position at which row i is whole in view, nearest to top. head is what sticks above. */
export function reveal(g: Geometry, i: number, top: number, head = 0): number {
  const scale = scaleOf(g)
  const y = top * scale
  const start = i * g.row
  if (start < y) return start / scale
  const end = start + g.row - (g.view - head)
  return end > y ? end / scale : top
}
