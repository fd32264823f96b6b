import type { Rec } from '../../lib/types'

/** Minutes that a prepared export can be fetched, and that its file may be written: see decision 15. */
export const readyFor = 15
const writtenIn = 30

/** The state as it is now: what is not fetched in time has expired, what was never ended has failed. */
export function stateOf(r: Rec, now = Date.now()): 'ready' | 'running' | 'done' | 'failed' | 'expired' {
  const state = String(r.fields.state)
  if (state === 'ready') return now > Date.parse(String(r.fields.created_at)) + readyFor * 60_000 ? 'expired' : 'ready'
  if (state === 'running') return now > Date.parse(String(r.fields.updated_at)) + writtenIn * 60_000 ? 'failed' : 'running'
  return state === 'done' ? 'done' : 'failed'
}
