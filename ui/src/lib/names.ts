// The titles of linked records, asked for together: one request for each object and tick.
import { useSyncExternalStore } from 'react'
import { get } from './api'
import { objectNamed, titleOf } from './schema'
import { quote } from './cel'
import type { Page } from './types'

const known = new Map<string, string>()
const waiting = new Map<string, Set<string>>()
const watchers = new Set<() => void>()
let version = 0
let timer: ReturnType<typeof setTimeout> | undefined

const tell = () => { version++; watchers.forEach(f => f()) }

/** Remembers a title that came with something else. */
export function learn(object: string, id: string, title: string) {
  if (title) known.set(`${object}:${id}`, title)
}

/** The title of a record if it is known; else it is asked for, and those who watch are told. An empty
 *  text means that the person may not see it. */
export function nameOf(object: string, id: string): string | undefined {
  const key = `${object}:${id}`
  const name = known.get(key)
  if (name === undefined) {
    if (!waiting.has(object)) waiting.set(object, new Set())
    waiting.get(object)!.add(id)
    timer ??= setTimeout(ask, 10)
  }
  return name
}

async function ask() {
  timer = undefined
  const all = [...waiting]
  waiting.clear()
  await Promise.all(all.map(async ([object, ids]) => {
    const o = objectNamed(object)
    const list = [...ids]
    for (let i = 0; i < list.length; i += 50) {
      const part = list.slice(i, i + 50)
      const page = o && await get<Page>(`/records/${object}`, { query: { filter: `id in [${part.map(quote).join(', ')}]`, fields: o.title.join(','), limit: 50 } }).catch(() => undefined)
      for (const r of page?.records ?? []) known.set(`${object}:${r.id}`, titleOf(o, r.fields))
      for (const id of part) if (!known.has(`${object}:${id}`)) known.set(`${object}:${id}`, '')
    }
  }))
  tell()
}

/** Repaints the component when titles have come. */
export const useNames = () => useSyncExternalStore(f => { watchers.add(f); return () => watchers.delete(f) }, () => version)

export function forgetName(object: string, id: string) { known.delete(`${object}:${id}`) }
