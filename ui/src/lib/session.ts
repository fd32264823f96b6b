// Who is here, how the screen looks to them, and what to do when their session ends.
import { useSyncExternalStore } from 'react'
import { get, patch, post, send, setCsrf } from './api'
import { currentLang, type Lang, localeWord, setLang } from './i18n'
import type { Session } from './types'

export type Look = 'auto' | 'light' | 'dark'

let session: Session
let look: Look = 'light'
let asking: { done: () => void; promise: Promise<void> } | undefined
const watchers = new Set<() => void>()
const tell = () => watchers.forEach(f => f())
const watch = (f: () => void) => { watchers.add(f); return () => { watchers.delete(f) } }

export const theSession = () => session
export const useSession = () => useSyncExternalStore(watch, theSession)
export const useLook = () => useSyncExternalStore(watch, () => look)
/** True while the person is to sign in again. */
export const useSignedOut = () => useSyncExternalStore(watch, () => asking !== undefined)
export const zone = () => session?.timezone || Intl.DateTimeFormat().resolvedOptions().timeZone

function take(s: Session) {
  session = s
  setCsrf(s.csrf)
  tell()
}

export async function loadSession() {
  take(await get<Session>('/session', { bare: true }))
  applyLook(session.theme ?? kept())
}

/** Goes to the sign-in page, and back here afterwards. */
export function leave() {
  location.assign(`/signin?next=${encodeURIComponent(location.pathname + location.search)}`)
}

export async function signOut() {
  await send('DELETE', '/session', { bare: true }).catch(() => undefined)
  location.assign('/signin')
}

/** Shows the dialog that asks for the password; ends when the person is back. All callers share one. */
export function askToSignIn(): Promise<void> {
  if (!asking) {
    let done = () => {}
    const promise = new Promise<void>(resolve => { done = resolve })
    asking = { done, promise }
    tell()
  }
  return asking.promise
}

/** Signs in again. Somebody else starts on a fresh page: what is on this one is not theirs. */
export async function signInAgain(email: string, password: string) {
  const was = session.user.id
  const s = await post<Session>('/session', { email, password }, { bare: true })
  if (s.user.id !== was) return location.assign('/')
  take(s)
  asking?.done()
  asking = undefined
  tell()
}

const wantsDark = () => matchMedia('(prefers-color-scheme: dark)').matches
const scheme = (l: Look) => (l === 'auto' ? (wantsDark() ? 'dark' : 'light') : l)
const kept = (): Look => {
  const v = localStorage.getItem('look')
  return v === 'dark' || v === 'light' || v === 'auto' ? v : (document.documentElement.dataset.mantineColorScheme as Look) || 'light'
}

function applyLook(l: Look) {
  look = l
  localStorage.setItem('look', l)
  document.documentElement.dataset.mantineColorScheme = scheme(l)
  tell()
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { if (look === 'auto') applyLook('auto') })

// Both are kept with the person, so that the next page begins right. A server that does not keep them,
// or a token, is no reason to refuse the change on this screen.
const keep = (what: Record<string, string>) => patch('/session', what, { bare: true }).catch(() => undefined)

export async function changeLook(l: Look) {
  applyLook(l)
  await keep({ theme: l })
}

export async function changeLang(l: Lang) {
  if (l === currentLang()) return
  await setLang(l)
  await keep({ locale: localeWord(l) })
}

/** Keeps the zone that moments are shown in; unlike look and language it has no effect before the server took it. */
export async function changeZone(timezone: string) { take(await patch<Session>('/session', { timezone })) }

/** Sets another password. All other sessions end, and this one goes on under a new cookie. */
export async function changePassword(old: string, password: string) { take(await post<Session>('/password', { old, password }, { bare: true })) }

/** For MantineProvider, which would write a style element by itself. */
export const schemeManager = {
  get: () => scheme(look),
  set: () => {},
  subscribe: () => {},
  unsubscribe: () => {},
  clear: () => {},
}
