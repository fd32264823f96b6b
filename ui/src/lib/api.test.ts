import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addressOf, get, onReach, onSessionEnd, patch, post, Problem, setCsrf } from './api'

interface Sent { url: string; method: string; headers: Record<string, string>; body?: string }
let sent: Sent[]
let answers: (() => Response)[]

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => () => new Response(status === 204 ? null : JSON.stringify(body), { status, headers })
const problem = (status: number, code: string, reason = code, headers = {}) => json(status, { code, reason, detail: 'd', request_id: 'r' }, headers)

beforeEach(() => {
  sent = []
  answers = []
  setCsrf('first')
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    sent.push({ url, method: init.method!, headers: init.headers as Record<string, string>, body: init.body as string })
    const next = answers.shift()
    return next ? Promise.resolve(next()) : Promise.reject(new TypeError('no network'))
  })
})
afterEach(() => vi.unstubAllGlobals())

test('what changes something carries the csrf value, the version and the key; what reads does not', async () => {
  answers = [json(200, {}), json(200, {}), json(201, {})]
  await get('/objects')
  await patch('/records/deal/1', { fields: {} }, { match: 7 })
  await post('/records/deal', {}, { repeat: 'k' })
  expect(sent[0]!.headers).not.toHaveProperty('X-CSRF-Token')
  expect(sent[1]!.headers).toMatchObject({ 'X-CSRF-Token': 'first', 'If-Match': '"7"' })
  expect(sent[2]!.headers).toMatchObject({ 'Idempotency-Key': 'k', 'Content-Type': 'application/json' })
})

test('an ended session is asked for once, and the request is sent again with the new value', async () => {
  answers = [problem(401, 'unauthenticated'), json(200, { ok: 1 })]
  const ask = vi.fn(() => { setCsrf('second'); return Promise.resolve() })
  onSessionEnd(ask)
  await expect(post('/batch', { a: 1 })).resolves.toEqual({ ok: 1 })
  expect(ask).toHaveBeenCalledOnce()
  expect(sent.map(s => s.headers['X-CSRF-Token'])).toEqual(['first', 'second'])
  expect(sent[1]!.body).toBe('{"a":1}')
})

test('a csrf value that is no longer good is fetched anew', async () => {
  answers = [problem(403, 'forbidden', 'bad_csrf'), json(200, { csrf: 'third' }), json(200, {})]
  await post('/batch', {})
  expect(sent.map(s => s.method)).toEqual(['POST', 'GET', 'POST'])
  expect(sent[2]!.headers['X-CSRF-Token']).toBe('third')
})

test('what may have happened is not sent twice', async () => {
  const reached: boolean[] = []
  const stop = onReach(ok => reached.push(ok))
  await expect(post('/records/deal', {})).rejects.toMatchObject({ code: 'offline' })
  answers = [problem(500, 'internal')]
  await expect(post('/records/deal', {})).rejects.toBeInstanceOf(Problem)
  expect(sent).toHaveLength(2)
  expect(reached).toEqual([false, true])
  stop()
})

test('a stale record, a conflict and a long wait are the caller’s', async () => {
  for (const [status, code] of [[412, 'stale'], [409, 'conflict'], [429, 'too_many']] as const) {
    answers = [problem(status, code, code, { 'Retry-After': '60' })]
    await expect(get('/x')).rejects.toMatchObject({ code, status })
  }
  expect(sent).toHaveLength(3)
})

test('an answer without a body', async () => {
  answers = [json(204, null)]
  await expect(get('/x')).resolves.toBeNull()
})

test('addresses leave out what is not said', () => {
  expect(addressOf('/records/deal', { filter: 'amount > 1 && name == "ä"', cursor: '', count: false, limit: 100, search: undefined })).toBe('/api/v1/records/deal?filter=amount+%3E+1+%26%26+name+%3D%3D+%22%C3%A4%22&limit=100')
})
