// Moments in a person's time zone. The server speaks UTC; what is typed and shown is local.

/** The clock of a zone at a moment, as 2026-11-25T09:00:00. */
function clock(ms: number, zone: string): string {
  const p: Record<string, string> = {}
  const f = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  })
  for (const x of f.formatToParts(ms)) p[x.type] = x.value
  return `${p.year!.padStart(4, '0')}-${p.month}-${p.day}T${p.hour}:${p.minute}:${p.second}`
}

/** 2026-11-25 09:00 of a moment, in a zone. */
export function toLocal(iso: string, zone: string): string {
  const ms = Date.parse(iso)
  return Number.isNaN(ms) ? iso : clock(ms, zone).slice(0, 16).replace('T', ' ')
}

/** The moment of a local time; of two in the hour that is had twice, the first. null if it is no time. */
export function fromLocal(text: string, zone: string): string | null {
  const day = text.trim().replace('T', ' ').split(/\s+/)
  const date = readDate(day[0] ?? '')
  const m = /^(\d{1,2}):(\d{2})$/.exec(day[1] ?? '00:00')
  if (!date || !m || day.length > 2 || Number(m[1]) > 23 || Number(m[2]) > 59) return null
  const want = Date.parse(`${date}T${m[1]!.padStart(2, '0')}:${m[2]}:00Z`)
  const offset = (at: number) => Date.parse(`${clock(at, zone)}Z`) - at
  const early = want - offset(want - 43_200_000)
  const at = offset(early) === want - early ? early : want - offset(early)
  return new Date(at).toISOString().replace('.000Z', 'Z')
}

/** Reads 2026-11-25, 2026/11/25, 2026.11.25, 2026年11月25日 and 20261125; null if it is no day. */
export function readDate(text: string): string | null {
  const m = /^(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))$/.exec(text.trim())
  if (!m) return null
  const [y, mo, d] = [m[1]!, (m[2] ?? m[4])!.padStart(2, '0'), (m[3] ?? m[5])!.padStart(2, '0')]
  const at = new Date(`${y}-${mo}-${d}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(`${y}-${mo}-${d}`) ? `${y}-${mo}-${d}` : null
}

export const todayIn = (zone: string, now = Date.now()) => clock(now, zone).slice(0, 10)

/** Reads 90, 1:30, 1h 30m, 45 s or 1小时30分 as seconds; a plain number is minutes. */
export function readDuration(text: string): number | null {
  const s = text.trim().toLowerCase()
  if (/^\d+(\.\d+)?$/.test(s)) return Math.round(Number(s) * 60)
  const colon = /^(\d+):([0-5]\d)(?::([0-5]\d))?$/.exec(s)
  if (colon) return Number(colon[1]) * 3600 + Number(colon[2]) * 60 + Number(colon[3] ?? 0)
  const m = /^(?:(\d+(?:\.\d+)?)\s*(?:h|小时))?\s*(?:(\d+)\s*(?:m|min|分钟?))?\s*(?:(\d+)\s*(?:s|秒))?$/.exec(s)
  if (!s || !m) return null
  return Math.round(Number(m[1] ?? 0) * 3600 + Number(m[2] ?? 0) * 60 + Number(m[3] ?? 0))
}

/** Seconds as 1:30 or, with seconds, 1:30:05. */
export function showDuration(n: number): string {
  const two = (x: number) => String(x).padStart(2, '0')
  const s = Math.abs(n) % 60
  return `${n < 0 ? '-' : ''}${Math.floor(Math.abs(n) / 3600)}:${two(Math.floor(Math.abs(n) / 60) % 60)}${s ? `:${two(s)}` : ''}`
}
