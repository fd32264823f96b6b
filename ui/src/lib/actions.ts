// What a person can do just now, by name: the palette and the keyboard sheet read it. A page adds its own
// while it is shown.
import { useEffect, useSyncExternalStore } from 'react'
import type { IconName } from '../parts/Icon'
import { useStable } from './hooks'

export interface Action {
  id: string
  text: string
  icon?: IconName
  /** as in the keyboard sheet: 'mod+k', 'c', 'g d' */
  keys?: string
  run: () => void
}

const sources = new Map<symbol, Action[]>()
let all: Action[] = []
const watchers = new Set<() => void>()
const tell = () => { all = [...sources.values()].flat(); watchers.forEach(f => f()) }

export const theActions = () => all
export const useAllActions = () => useSyncExternalStore(f => { watchers.add(f); return () => watchers.delete(f) }, theActions)

/** Offers actions while the component is there. `version` changes when their texts or keys do. */
export function useActions(actions: Action[], version: string) {
  const current = useStable(() => actions)
  useEffect(() => {
    const me = Symbol()
    sources.set(me, current().map(a => ({ ...a, run: () => current().find(x => x.id === a.id)?.run() })))
    tell()
    return () => { sources.delete(me); tell() }
  }, [version, current])
}
