import { describe, expect, it } from 'vitest'
import { type Line, linesOf, operations, wrong } from './stages'

const line = (): Line => ({
  id: 'p', version: 3, name: 'Sales',
  stages: [{ id: 'a', version: 1, name: 'New', zh: '新建', probability: '10', outcome: 'open' }, { id: 'b', version: 2, name: 'Won', zh: '', probability: '100', outcome: 'won' }],
})

describe('operations', () => {
  it('none where nothing changed', () => expect(operations(line(), line())).toEqual([]))
  it('a name alone', () => { const n = line(); n.stages[0]!.name = 'Fresh'; expect(operations(line(), n)).toEqual([{ op: 'update', object: 'stage', id: 'a', version: 1, fields: { name: 'Fresh' } }]) })
  it('another order gives all a place', () => {
    const n = line(); n.stages.reverse()
    expect(operations(line(), n).map(o => [o.id, (o.fields as Record<string, unknown>).position])).toEqual([['b', 1], ['a', 2]])
  })
  it('one goes, one comes', () => {
    const n = line(); n.stages[0]!.gone = true; n.stages.push({ id: '', version: 0, name: 'Lost', zh: '', probability: '', outcome: 'lost' })
    expect(operations(line(), n)).toEqual([
      { op: 'delete', object: 'stage', id: 'a', version: 1 }, { op: 'update', object: 'stage', id: 'b', version: 2, fields: { position: 1 } },
      { op: 'create', object: 'stage', fields: { name: 'Lost', pipeline: 'p', position: 2, outcome: 'lost' } },
    ])
  })
  it('what is emptied is emptied', () => { const n = line(); n.stages[0]!.zh = ' '; expect(operations(line(), n)[0]!.fields).toEqual({ name_zh: null }) })
})

it('what must be mended', () => { const n = line(); n.stages[0]!.name = ''; n.stages[1]!.probability = '101'; expect(wrong(n)).toEqual({ 0: 'name', 1: 'probability' }) })
it('stages stand in order', () => {
  const rec = (id: string, fields: Record<string, unknown>) => ({ id, object: '', version: 1, fields, can: { update: true, delete: true } })
  expect(linesOf([rec('p', { name: 'P' })], [rec('2', { pipeline: 'p', position: 2 }), rec('x', { pipeline: 'q', position: 1 }), rec('1', { pipeline: 'p', position: 1 })])[0]!.stages.map(s => s.id)).toEqual(['1', '2'])
})
