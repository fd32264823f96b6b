// Sending a file, and asking how far its import is.
import { useQuery } from '@tanstack/react-query'
import { get, post, Problem, problemOf, send, csrfValue } from '../../lib/api'
import { currentLang, t, type Key } from '../../lib/i18n'
import { client } from '../../lib/query'
import { explain } from '../../lib/toast'
import type { Import, Plan } from './plan'

export interface Reading { sheet?: string; encoding?: string; delimiter?: string }

const key = (id: string) => ['imports', 'one', id] as const
export const keep = (x: Import) => client.setQueryData(key(x.id), x)

/** Sends a file. XMLHttpRequest tells how much of it is on its way; fetch does not. */
export function sendFile(file: File, parts: { object: string; like?: string } & Reading, onProgress: (share: number) => void, signal: AbortSignal): Promise<Import> {
  return new Promise((done, fail) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(parts)) if (value) form.append(name, value)
    form.append('file', file)
    const x = new XMLHttpRequest()
    x.open('POST', '/api/v1/imports')
    x.setRequestHeader('Accept', 'application/json')
    x.setRequestHeader('X-CSRF-Token', csrfValue())
    x.upload.onprogress = e => { if (e.lengthComputable) onProgress(e.loaded / e.total) }
    x.onload = () => {
      let body: unknown = null
      try { body = JSON.parse(x.responseText) } catch { /* a proxy's page */ }
      if (x.status >= 200 && x.status < 300) done(body as Import)
      else fail(problemOf(x.status, body, { get: name => x.getResponseHeader(name) }))
    }
    x.onerror = () => fail(new Problem('offline', 0, ''))
    x.onabort = () => fail(new Problem('aborted', 0, ''))
    signal.addEventListener('abort', () => x.abort())
    x.send(form)
  })
}

const known = ['utf-8', 'gb18030', 'windows-1252', 'utf-16le', 'utf-16be']
export const readingOf = (x: Import): Reading => ({
  sheet: x.sheet || undefined, encoding: x.encoding && known.includes(x.encoding) ? x.encoding : undefined, delimiter: x.delimiter || undefined,
})

/** Reads the file in another way, or takes another plan, and tries its first rows. */
export const reread = (id: string, reading: Reading, plan: Plan, signal?: AbortSignal) => send<Import>('PATCH', `/imports/${id}`, { body: { ...reading, plan }, signal })

export const run = (id: string, plan: Plan, dry: boolean) => post<Import>(`/imports/${id}/run`, { plan, dry_run: dry })
export const drop = (id: string) => send<null>('DELETE', `/imports/${id}`)

export const done = (x: Import) => Boolean(x.result?.changeset)

/** An import as the server has it. What it would do is asked again where the server does not keep it: after a reload. */
export function useImport(id: string) {
  return useQuery<Import>({
    queryKey: key(id), enabled: id !== '', staleTime: Infinity, refetchOnWindowFocus: false,
    refetchInterval: q => (q.state.data?.status === 'running' ? 700 : false),
    queryFn: async ({ signal }) => {
      const x = await get<Import>(`/imports/${id}`, { signal })
      return x.status === 'waiting' && !x.result && !x.problem ? reread(id, readingOf(x), x.plan, signal) : x
    },
  })
}

const said = (k: string, params = {}) => { const s = t(k as Key, params); return s === k ? '' : s }

/** What is wrong with a file, in the reader's words: ours where we have them, else the server's. */
export function fileProblem(e: unknown): string {
  if (!(e instanceof Problem)) return explain(e)
  const line = /line (\d+)/.exec(e.detail)?.[1]
  const reason = e.errors[0] && e.reason === 'invalid_field' ? e.errors[0].reason : e.reason
  return said(`imp.bad.${reason}`, { line: line ?? '' }) || explain(e)
}

/** Why a plan cannot be carried out. */
export function planProblem(p: NonNullable<Import['problem']>): string {
  const reason = p.reason === 'invalid_field' && p.errors?.[0] ? p.errors[0].reason : p.reason
  return said(`imp.plan.${reason}`) || p.detail
}

/** Why a row or a value is wrong. The server explains in English; common reasons are ours in both languages. */
export const rowProblem = (reason: string, message: string) => (currentLang() === 'en' && !/--[a-z]/.test(message) ? message : said(`imp.why.${reason}`) || message)

export function noteText(n: { code?: string; column?: string; text: string }): string {
  return (n.code && said(`imp.note.${n.code}`, { column: n.column ?? '' })) || n.text
}
