// What lies over the page: one thing at a time on top, those below wait. Opened from anywhere.
import { useSyncExternalStore } from 'react'
import type { Field, Rec } from './types'

export type Overlay =
  | { kind: 'palette' }
  | { kind: 'keys' }
  | { kind: 'create'; object: string; fields?: Record<string, unknown>; done?: (made: Rec) => void }
  | { kind: 'reveal'; rec: Rec; field: Field }
  | { kind: 'conflict'; rec: Rec; fields: Record<string, unknown> }

let stack: Overlay[] = []
const watchers = new Set<() => void>()
const tell = () => watchers.forEach(f => f())

export const useOverlays = () => useSyncExternalStore(f => { watchers.add(f); return () => watchers.delete(f) }, () => stack)

export function open(o: Overlay) {
  if (stack.some(x => x.kind === o.kind)) return
  stack = [...stack, o]
  tell()
}

export function close(kind: Overlay['kind']) {
  stack = stack.filter(x => x.kind !== kind)
  tell()
}

export const anyOpen = () => stack.length > 0
