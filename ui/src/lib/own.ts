// What this browser keeps for a person: arrangements and identifiers, never names or values of records.
import { type Opened, withOpened } from './opened'
import { theSession } from './session'

const ownKey = (name: string) => `own ${theSession().user.id} ${name}`

export function readOwn<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(ownKey(name))
    return text === null ? otherwise : (JSON.parse(text) as T)
  } catch {
    return otherwise
  }
}

export function keepOwn(name: string, value: unknown) {
  try { localStorage.setItem(ownKey(name), JSON.stringify(value)) } catch { /* full or switched off: it is a comfort only */ }
}

export const recent = () => readOwn<Opened[]>('recent', []).filter(x => typeof x.id === 'string' && typeof x.object === 'string')
export const remember = (object: string, id: string) => keepOwn('recent', withOpened(recent(), { object, id, at: Date.now() }))
export const forget = (object: string, id: string) => keepOwn('recent', recent().filter(x => x.id !== id || x.object !== object))
