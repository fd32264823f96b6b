// Reading numbers and money as people type them.
import type { Money } from './types'

/** A decimal as the API writes it, from 1,234.50, 1 234.5, １２３ or 12万; null if it is none. */
export function readDecimal(text: string): string | null {
  let s = text.normalize('NFKC').trim().replace(/[\s']/g, '')
  const factor = s.endsWith('亿') ? 8 : s.endsWith('万') ? 4 : 0
  if (factor) s = s.slice(0, -1)
  if (/^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(s)) s = s.replaceAll(',', '')
  if (!/^-?\d{1,15}(\.\d+)?$/.test(s)) return null
  return factor ? shift(s, factor) : s
}

/** Moves the decimal point to the right without a float's errors. */
function shift(s: string, places: number): string {
  const [whole = '', part = ''] = s.split('.')
  const digits = whole + part.padEnd(places, '0').slice(0, places)
  const rest = part.slice(places)
  const sign = digits.startsWith('-') ? '-' : ''
  return sign + digits.replace('-', '').replace(/^0+(?=\d)/, '') + (rest ? `.${rest}` : '')
}

const signs: Record<string, string> = { '¥': 'CNY', '￥': 'CNY', $: 'USD', '€': 'EUR', '£': 'GBP' }

/** Reads 12.50, 12.50 EUR, €12.50; the currency that is not named is `currency`. */
export function readMoney(text: string, currency: string): Money | null {
  let s = text.trim()
  let code = currency
  const named = /(?:^|[\s\d])([A-Za-z]{3})(?=$|[\s\d-])/.exec(s)
  if (named) {
    code = named[1]!.toUpperCase()
    s = s.replace(named[1]!, '')
  } else {
    for (const [sign, c] of Object.entries(signs)) {
      if (!s.startsWith(sign) && !s.endsWith(sign)) continue
      code = c
      s = s.replace(sign, '')
      break
    }
  }
  const amount = readDecimal(s)
  return amount === null ? null : { amount, currency: code }
}

export function showNumber(v: unknown, locale: string, digits?: number): string {
  const n = Number(v)
  if (!Number.isFinite(n)) return String(v)
  return new Intl.NumberFormat(locale, { minimumFractionDigits: digits ?? 0, maximumFractionDigits: Math.max(digits ?? 0, 4) }).format(n)
}

export function showMoney(m: Money, locale: string, short = false): string {
  const n = Number(m.amount)
  const options: Intl.NumberFormatOptions = short ? { notation: 'compact', maximumFractionDigits: 1 } : { minimumFractionDigits: Number.isInteger(n) ? 0 : 2, maximumFractionDigits: 4 }
  try {
    return new Intl.NumberFormat(locale, { style: 'currency', currency: m.currency, ...options }).format(n)
  } catch {
    return `${m.amount} ${m.currency}` // a currency that Intl refuses
  }
}
