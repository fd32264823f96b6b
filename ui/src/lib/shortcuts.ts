// The keyboard, outside of editors. Single letters can be switched off (WCAG 2.1.4).
import { theActions } from './actions'
import { composing } from './nav'
import { anyOpen } from './overlay'

/** Single keys that a grid leaves to the page. */
export const commandKeys = new Set(['?', '/', 'c', 'g', 'e', 'n', '[', ']'])

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform)
export const lettersOn = () => localStorage.getItem('letters') !== 'off'
export const setLetters = (on: boolean) => localStorage.setItem('letters', on ? 'on' : 'off')

/** While an input method is active, keys are reported as Process: then the place of the key counts. */
export function keyOf(e: Pick<KeyboardEvent, 'key' | 'code'>): string {
  if (e.key !== 'Process' && e.key !== 'Unidentified') return e.key.length === 1 ? e.key.toLowerCase() : e.key
  return /^Key[A-Z]$/.test(e.code) ? e.code.slice(3).toLowerCase() : e.code
}

const typing = (el: EventTarget | null) => el instanceof HTMLElement && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) && (el as HTMLInputElement).type !== 'checkbox')

let first = ''
let since = 0

/** True when G was pressed just before: the next letter belongs to it, and not to what has the focus. */
export const pairBegun = (e: { timeStamp: number }) => first !== '' && e.timeStamp - since < 1500

function onKeyDown(e: KeyboardEvent) {
  if (e.defaultPrevented || composing(e)) return
  const key = keyOf(e)
  const mod = e.ctrlKey || e.metaKey
  const press = `${mod ? 'mod+' : ''}${e.shiftKey && (mod || key.length > 1) ? 'shift+' : ''}${e.altKey ? 'alt+' : ''}${key}`
  const inField = typing(e.target)
  if (inField && !(mod && key === 'k')) return
  if (anyOpen() && !(mod && key === 'k')) return
  if (!mod && !lettersOn()) return
  const pair = first && e.timeStamp - since < 1500 ? `${first} ${press}` : ''
  const action = theActions().find(a => a.keys === pair) ?? theActions().find(a => a.keys === press)
  if (action) {
    e.preventDefault()
    first = ''
    action.run()
  } else {
    first = press === 'g' ? 'g' : ''
    since = e.timeStamp
  }
}

export const listen = () => document.addEventListener('keydown', onKeyDown)

/** A shortcut as it stands on the keyboard: ⌘K or Ctrl K. */
export const keyParts = (keys: string) => keys.split(/[ +]/).map(k => ({ mod: isMac ? '⌘' : 'Ctrl', shift: isMac ? '⇧' : 'Shift', alt: isMac ? '⌥' : 'Alt' })[k] ?? (k.length === 1 ? k.toUpperCase() : k))
