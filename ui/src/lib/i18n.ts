// The language of the screen. One catalogue is loaded at a time; changing it repaints, without a reload.
import type en from '@locales/en.json'
import { useSyncExternalStore } from 'react'
import { format, type Params } from './icu'
import type { Label } from './types'

export type Key = keyof typeof en & string
export type Lang = 'en' | 'zh-CN'

let lang: Lang = 'en'
let texts: Record<string, string> = {}
const watchers = new Set<() => void>()

export const langOf = (tag: string): Lang => (/^zh/i.test(tag) ? 'zh-CN' : 'en')
/** The word that the API has for a language. */
export const localeWord = (l: Lang) => (l === 'zh-CN' ? 'zh_cn' : 'en')

export async function setLang(to: Lang) {
  const catalogue = to === 'zh-CN' ? await import('@locales/zh-CN.json') : await import('@locales/en.json')
  texts = catalogue.default
  lang = to
  document.documentElement.lang = to
  watchers.forEach(f => f())
}

export const currentLang = () => lang

export function t(key: Key, params: Params = {}): string {
  const message = texts[key]
  return message === undefined ? key : format(message, params, lang)
}

/** Repaints the component when the language changes. */
export function useLang(): Lang {
  return useSyncExternalStore(f => { watchers.add(f); return () => watchers.delete(f) }, currentLang)
}

/** A label within a sentence: New deal, not New Deal; New SLA stays. */
export function noun(l: Label | undefined): string {
  const s = label(l)
  return lang === 'en' && /^\p{Lu}\P{Lu}*$/u.test(s) ? s.toLowerCase() : s
}

/** A label that an administrator wrote, in the reader's language or else the other. */
export function label(l: Label | undefined): string {
  if (!l) return ''
  return (lang === 'zh-CN' ? l.zh || l.en : l.en || l.zh) ?? ''
}
