// Short messages at the bottom right, and what can be taken back.
import { useSyncExternalStore } from 'react'
import { Problem } from './api'
import { t } from './i18n'

export interface Toast { id: number; text: string; bad: boolean; action?: { text: string; run: () => void } }

let list: Toast[] = []
let last = 0
const watchers = new Set<() => void>()
const tell = () => watchers.forEach(f => f())

export const useToasts = () => useSyncExternalStore(f => { watchers.add(f); return () => watchers.delete(f) }, () => list)

export function toast(text: string, action?: Toast['action'], bad = false) {
  list = [...list.slice(-3), { id: ++last, text, bad, action }]
  tell()
  return last
}

export function dismiss(id: number) {
  list = list.filter(x => x.id !== id)
  tell()
}

/** What went wrong, in words: the server's, which name field and remedy, or ours where none came. */
export function explain(e: unknown): string {
  if (!(e instanceof Problem)) return t('problem.internal', { id: '' })
  if (e.code === 'offline') return t('problem.offline')
  if (e.code === 'unauthenticated') return t('problem.unauthenticated')
  if (e.code === 'stale') return t('problem.stale')
  if (e.code === 'unavailable') return t('problem.unavailable')
  if (e.code === 'too_many') return t('problem.too_many', { n: e.wait || 1 })
  if (e.code === 'internal') return t('problem.internal', { id: e.requestId })
  return e.detail || t('problem.internal', { id: e.requestId })
}

export const complain = (e: unknown) => {
  if (e instanceof Problem && e.code === 'aborted') return
  toast(explain(e), undefined, true)
}

interface Done { text: string; undo: () => Promise<void>; toast: number }
const done: Done[] = []

/** Tells that something was done, and lets it be taken back from the message or with Ctrl+Z. Answers how to
 *  forget it, for what was taken back in another way. */
export function didChange(text: string, undo: () => Promise<void>) {
  const entry: Done = { text, undo, toast: 0 }
  done.push(entry)
  if (done.length > 50) done.shift()
  entry.toast = toast(text, { text: t('undo'), run: () => void takeBack(entry) })
  return () => {
    const at = done.indexOf(entry)
    if (at >= 0) done.splice(at, 1)
    dismiss(entry.toast)
  }
}

async function takeBack(entry: Done) {
  const at = done.indexOf(entry)
  if (at < 0) return
  done.splice(at, 1)
  dismiss(entry.toast)
  try {
    await entry.undo()
    toast(t('undo.done', { what: entry.text }))
  } catch (e) {
    if (e instanceof Problem && e.code === 'conflict') toast(t('undo.conflict'), undefined, true)
    else complain(e)
  }
}

/** Takes back what was done last; false when there is nothing. */
export function undoLast(): boolean {
  const entry = done.at(-1)
  if (entry) void takeBack(entry)
  else void import('../pages/changes/sets').then(m => m.undoStored(), complain) // after a reload, what the server knows
  return Boolean(entry)
}
