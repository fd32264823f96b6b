// Moving about in a grid with the keyboard.
export interface Cell { row: number; col: number }
export interface Press { key: string; ctrl: boolean; shift: boolean }
export interface Size { rows: number; cols: number; page: number }

const clamp = (n: number, count: number) => Math.max(0, Math.min(n, count - 1))

/** The cell that a key leads to, or null where the key does not move. */
export function move(at: Cell, press: Press, size: Size): Cell | null {
  const to = (row: number, col: number): Cell => ({ row: clamp(row, size.rows), col: clamp(col, size.cols) })
  const far = Number.MAX_SAFE_INTEGER
  switch (press.key) {
    case 'ArrowUp': return to(press.ctrl ? 0 : at.row - 1, at.col)
    case 'ArrowDown': return to(press.ctrl ? far : at.row + 1, at.col)
    case 'ArrowLeft': return to(at.row, press.ctrl ? 0 : at.col - 1)
    case 'ArrowRight': return to(at.row, press.ctrl ? far : at.col + 1)
    case 'Home': return to(press.ctrl ? 0 : at.row, 0)
    case 'End': return to(press.ctrl ? far : at.row, far)
    case 'PageUp': return to(at.row - size.page, at.col)
    case 'PageDown': return to(at.row + size.page, at.col)
    default: return null
  }
}

/** The next cell in reading order; null at the last, where Tab is to leave the grid. */
export function next(at: Cell, back: boolean, size: Size): Cell | null {
  const n = at.row * size.cols + at.col + (back ? -1 : 1)
  if (n < 0 || n >= size.rows * size.cols) return null
  return { row: Math.floor(n / size.cols), col: n % size.cols }
}

/** The rectangle between two cells, its last row and column included. */
export function range(a: Cell, b: Cell) {
  return { top: Math.min(a.row, b.row), bottom: Math.max(a.row, b.row), left: Math.min(a.col, b.col), right: Math.max(a.col, b.col) }
}

/** True while an input method composes: its Enter, Escape and letters are not for us. */
export const composing = (e: { nativeEvent?: { isComposing?: boolean }; isComposing?: boolean; keyCode?: number }) =>
  Boolean(e.nativeEvent?.isComposing || e.isComposing || e.keyCode === 229)
