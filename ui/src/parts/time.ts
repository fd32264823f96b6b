import { currentLang } from '../lib/i18n'
import { showMoment } from '../fields/date'

/** How long ago: 2 min ago, yesterday; older than a week, the day. */
export function ago(iso: string, now = Date.now()): string {
  const s = (Date.parse(iso) - now) / 1000
  const f = new Intl.RelativeTimeFormat(currentLang(), { numeric: 'auto', style: 'short' })
  if (Math.abs(s) < 60) return f.format(Math.round(s), 'second')
  if (Math.abs(s) < 3600) return f.format(Math.round(s / 60), 'minute')
  if (Math.abs(s) < 86_400) return f.format(Math.round(s / 3600), 'hour')
  if (Math.abs(s) < 7 * 86_400) return f.format(Math.round(s / 86_400), 'day')
  return showMoment(iso)
}
