// The one way to the server: CSRF header, versions, repeats, problem documents, signing in again.
import type { FieldProblem, Problem as Document, Session } from './types'

export type ProblemCode = Document['code'] | 'offline' | 'aborted'

/** What went wrong, as the server said it. `offline` is ours: no answer came. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly status: number,
    readonly detail: string,
    readonly reason = '',
    readonly errors: FieldProblem[] = [],
    readonly requestId = '',
    readonly wait = 0,
  ) {
    super(detail || code)
  }

  /** The messages of fields, by field; several of one field are joined. */
  byField(): Record<string, string> {
    const out: Record<string, string> = {}
    for (const e of this.errors) out[e.field] = out[e.field] ? `${out[e.field]}; ${e.message}` : e.message
    return out
  }
}

/** Reads an answer that is no success. A proxy's HTML page becomes a problem, too. */
export function problemOf(status: number, body: unknown, headers: Pick<Headers, 'get'>): Problem {
  const wait = Number(headers.get('Retry-After')) || 0
  const id = headers.get('X-Request-Id') ?? ''
  const d = body as Partial<Document> | null
  if (d && typeof d === 'object' && typeof d.code === 'string') {
    return new Problem(d.code, status, d.detail ?? '', d.reason ?? '', d.errors ?? [], d.request_id ?? id, wait)
  }
  const kinds: Record<number, ProblemCode> = {
    401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 409: 'conflict', 412: 'stale', 413: 'too_large', 429: 'too_many',
    502: 'unavailable', 503: 'unavailable', 504: 'unavailable',
  }
  return new Problem(kinds[status] ?? (status < 500 ? 'invalid' : 'internal'), status, '', '', [], id, wait)
}

export interface Ask {
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  /** the version that the change is based on */
  match?: number
  /** makes a creating call safe to send again; one key for one intention */
  repeat?: string
  signal?: AbortSignal
  /** do not ask to sign in again: the caller deals with 401 */
  bare?: boolean
}

let csrf = ''
let signInAgain: (() => Promise<void>) | undefined

export function setCsrf(value: string) { csrf = value }
/** For requests that fetch cannot make. */
export const csrfValue = () => csrf

/** Says how a person signs in again; the promise ends when that is done. */
export function onSessionEnd(ask: () => Promise<void>) { signInAgain = ask }

const watchers = new Set<(online: boolean) => void>()
export function onReach(f: (online: boolean) => void) {
  watchers.add(f)
  return () => { watchers.delete(f) }
}

export function addressOf(path: string, query: Ask['query'] = {}) {
  const p = new URLSearchParams()
  for (const [k, v] of Object.entries(query)) if (v !== undefined && v !== '' && v !== false) p.set(k, String(v))
  const text = p.toString()
  return `/api/v1${path}${text && `?${text}`}`
}

async function once<T>(method: string, path: string, ask: Ask): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (ask.body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf
  if (ask.match !== undefined) headers['If-Match'] = `"${ask.match}"`
  if (ask.repeat) headers['Idempotency-Key'] = ask.repeat
  let r: Response
  try {
    r = await fetch(addressOf(path, ask.query), { method, headers, body: ask.body === undefined ? undefined : JSON.stringify(ask.body), signal: ask.signal })
  } catch {
    if (ask.signal?.aborted) throw new Problem('aborted', 0, '')
    watchers.forEach(f => f(false))
    throw new Problem('offline', 0, '')
  }
  watchers.forEach(f => f(true))
  const body = r.status === 204 ? null : await r.json().catch(() => null)
  if (!r.ok) throw problemOf(r.status, body, r.headers)
  return body as T
}

const pause = (seconds: number) => new Promise(done => setTimeout(done, seconds * 1000))

/** Sends one request. It is sent a second time after a new sign-in, a new csrf value, or a short wait
 *  that the server asked for; a change that may have happened is never repeated by itself. */
export async function send<T>(method: string, path: string, ask: Ask = {}): Promise<T> {
  try {
    return await once<T>(method, path, ask)
  } catch (e) {
    if (!(e instanceof Problem) || ask.bare) throw e
    if (e.code === 'unauthenticated' && signInAgain) await signInAgain()
    else if (e.reason === 'bad_csrf') setCsrf((await once<Session>('GET', '/session', {})).csrf)
    else if (e.code === 'too_many' && e.wait > 0 && e.wait <= 5) await pause(e.wait)
    else throw e
    return once<T>(method, path, ask)
  }
}

export const get = <T>(path: string, ask?: Ask) => send<T>('GET', path, ask)
export const post = <T>(path: string, body: unknown, ask?: Ask) => send<T>('POST', path, { ...ask, body })
export const patch = <T>(path: string, body: unknown, ask?: Ask) => send<T>('PATCH', path, { ...ask, body })
/** A key for one intention of a person. */
export const newKey = () => crypto.randomUUID()
