// Stages as they are being edited, and the operations that make the server's the same.
import type { Operation, Rec } from '../../lib/types'

export interface Stage { id: string; version: number; name: string; zh: string; probability: string; outcome: string; gone?: boolean }
export interface Line { id: string; version: number; name: string; stages: Stage[] }

const str = (v: unknown) => (v === null || v === undefined ? '' : String(v))
const number = (v: unknown) => (typeof v === 'number' ? v : Number.MAX_SAFE_INTEGER)

/** Pipelines in their order, each with its stages in theirs. */
export function linesOf(pipelines: Rec[], stages: Rec[]): Line[] {
  const inOrder = (list: Rec[]) => [...list].sort((a, b) => number(a.fields.position) - number(b.fields.position) || str(a.fields.name).localeCompare(str(b.fields.name)))
  return inOrder(pipelines).map(p => ({
    id: p.id, version: p.version, name: str(p.fields.name),
    stages: inOrder(stages.filter(s => s.fields.pipeline === p.id)).map(s => ({ id: s.id, version: s.version, name: str(s.fields.name), zh: str(s.fields.name_zh), probability: str(s.fields.probability), outcome: str(s.fields.outcome) })),
  }))
}

/** What is to be done so that stages are as edited: one change set. Positions count from 1 and are sent
 *  only where the order is another than the server's. */
export function operations(was: Line, now: Line): Operation[] {
  const out: Operation[] = []
  if (now.name.trim() !== was.name) out.push({ op: 'update', object: 'pipeline', id: was.id, version: was.version, fields: { name: now.name.trim() } })
  const left = now.stages.filter(s => !s.gone)
  const order = (list: Stage[]) => list.map(s => s.id).join()
  const reordered = order(left) !== order(was.stages)
  for (const s of now.stages.filter(x => x.gone && x.id)) out.push({ op: 'delete', object: 'stage', id: s.id, version: s.version })
  left.forEach((s, i) => {
    const fields: Record<string, unknown> = {}
    const old = was.stages.find(x => x.id === s.id)
    if (!s.id || !old) {
      out.push({ op: 'create', object: 'stage', fields: { name: s.name.trim(), ...(s.zh.trim() ? { name_zh: s.zh.trim() } : {}), pipeline: was.id, position: i + 1, ...(s.probability ? { probability: s.probability } : {}), outcome: s.outcome } as Operation['fields'] })
      return
    }
    if (s.name.trim() !== old.name) fields.name = s.name.trim()
    if (s.zh.trim() !== old.zh) fields.name_zh = s.zh.trim() || null
    if (s.probability !== old.probability) fields.probability = s.probability || null
    if (s.outcome !== old.outcome) fields.outcome = s.outcome
    if (reordered) fields.position = i + 1
    if (Object.keys(fields).length) out.push({ op: 'update', object: 'stage', id: s.id, version: s.version, fields: fields as Operation['fields'] })
  })
  return out
}

/** What a person must mend first, by the number of the stage; -1 is the pipeline. */
export function wrong(now: Line): Record<number, 'name' | 'probability' | 'open'> {
  const out: Record<number, 'name' | 'probability' | 'open'> = {}
  if (!now.name.trim()) out[-1] = 'name'
  now.stages.forEach((s, i) => {
    if (s.gone) return
    if (!s.name.trim()) out[i] = 'name'
    else if (s.probability && !(Number(s.probability) >= 0 && Number(s.probability) <= 100)) out[i] = 'probability'
  })
  return out
}
