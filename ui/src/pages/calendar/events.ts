// What stands on a calendar: records by a date or moment of theirs.
import { useQuery } from '@tanstack/react-query'
import { get } from '../../lib/api'
import { both, quote } from '../../lib/cel'
import { addDays, dayOf, minutesOf, momentAt, onDay } from '../../lib/days'
import { keys } from '../../lib/keys'
import { learnLinks, listAddress, type ListQuery } from '../../lib/records'
import { editable, fieldNamed, isHousekeeping, objectNamed, readable, titleOf } from '../../lib/schema'
import type { Field, Obj, Page, Rec } from '../../lib/types'
import { deadlines, isLate } from '../board/cards'
import { outcomeOf } from '../board/columns'

/** One kind of record on a calendar, and the fields that place it. */
export interface Kind { object: Obj; start: Field; end?: Field; length?: Field; allDay?: Field; stage?: Field }

export interface Event {
  key: string
  rec: Rec
  kind: Kind
  title: string
  /** its days, in the person's zone; the last is included */
  day: string
  until: string
  /** a whole day, or several: no hours */
  whole: boolean
  /** minutes from midnight of its first and last day */
  from: number
  to: number
  done: boolean
  late: boolean
  movable: boolean
}

/** The fields that a calendar can go by. */
export const dateFields = (o: Obj): Field[] => o.fields.filter(f => (f.type === 'date' || f.type === 'datetime') && f.can.read && f.can.filter && f.name !== 'deleted_at' && !(f.name.startsWith('end') && fieldNamed(o, f.name.replace('end', 'start'))))

export function dateField(o: Obj, wanted: string): Field | undefined {
  const list = dateFields(o)
  const named = deadlines.map(n => list.find(f => f.name === n)).find(f => f !== undefined)
  return list.find(f => f.name === wanted) ?? named ?? list.find(f => !isHousekeeping(f)) ?? list[0]
}

export function kindOf(object: Obj, start: Field): Kind {
  const end = start.name.startsWith('start') ? fieldNamed(object, start.name.replace('start', 'end')) : undefined
  const named = (name: string, type: string) => object.fields.find(f => f.name === name && f.type === type && readable(f) && start.name.startsWith('start'))
  const stage = object.fields.find(f => f.type === 'lookup' && f.target?.[0] === 'stage' && readable(f))
  return { object, stage, start, end: end && end.type === start.type && readable(end) ? end : undefined, length: named('length', 'duration'), allDay: named('all_day', 'bool') }
}

/** A calendar asks for what it shows, and not for more than this of one kind. */
export const mostEvents = 1500
const perPage = 500
const usual = 30 // minutes of what does not say how long it takes

/** The condition of what touches the days from `first` to `last`. */
export function rangeFilter(k: Kind, first: string, last: string, zone: string): string {
  const s = k.start.name
  const at = (day: string) => quote(k.start.type === 'datetime' ? momentAt(day, 0, zone) : day)
  const end = at(addDays(last, 1))
  if (!k.end) return `${s} >= ${at(first)} && ${s} < ${end}`
  return `${s} < ${end} && (${s} >= ${at(first)} || ${k.end.name} > ${at(first)})`
}

const columnsOf = (k: Kind): string[] => [k.start, k.end, k.length, k.allDay, k.stage, fieldNamed(k.object, 'status'), fieldNamed(k.object, 'owner')].filter(f => f !== undefined && readable(f)).map(f => f!.name)

export interface Fetched { records: Rec[]; next_cursor: string }

/** The records of a range, page by page up to the limit; next_cursor says that there are more. */
export function rangeQuery(k: Kind, filter: string, search: string, first: string, last: string, zone: string) {
  const q: ListQuery = { filter: both(filter, rangeFilter(k, first, last, zone)), search, sort: k.start.can.sort ? k.start.name : '', columns: columnsOf(k) }
  return {
    queryKey: keys.list(k.object.name, { ...q, calendar: true }),
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Fetched> => {
      const records: Rec[] = []
      let cursor = ''
      do {
        const page: Page = await get<Page>(`/records/${k.object.name}`, { query: { ...listAddress(k.object, q, cursor), limit: perPage, count: false }, signal })
        records.push(...page.records)
        cursor = page.next_cursor
      } while (cursor && records.length < mostEvents)
      learnLinks(k.object, records)
      return { records, next_cursor: cursor }
    },
  }
}

export const useRange = (k: Kind, filter: string, search: string, first: string, last: string, zone: string) =>
  useQuery({ ...rangeQuery(k, filter, search, first, last, zone), placeholderData: (before, query) => (query?.queryKey[1] === k.object.name ? before : undefined) })

const endOf = (r: Rec, k: Kind, start: string): string | null => {
  if (k.end && typeof r.fields[k.end.name] === 'string') return r.fields[k.end.name] as string
  const n = k.length && Number(r.fields[k.length.name])
  return n ? new Date(Date.parse(start) + n * 1000).toISOString() : null
}

/** A record as it stands on the calendar; undefined where it has no date. `ended` names the stages after
 *  which nothing is late any more. */
export function eventOf(r: Rec, k: Kind, zone: string, ended?: Set<string>, now = Date.now()): Event | undefined {
  const start = r.fields[k.start.name]
  if (typeof start !== 'string' || start === '') return undefined
  const timed = k.start.type === 'datetime'
  const end = endOf(r, k, start)
  const day = timed ? dayOf(start, zone) : start
  const from = timed ? minutesOf(start, zone) : 0
  let until = end ? (timed ? dayOf(end, zone) : end) : day
  let to = end && timed ? minutesOf(end, zone) : from + usual
  if (until > day && to === 0) { until = addDays(until, -1); to = 1440 } // until midnight
  if (until < day || (until === day && to <= from)) { until = day; to = from + usual } // an end before the beginning
  const state = r.fields.status ?? r.fields.outcome
  const done = (typeof state === 'string' && outcomeOf(state) !== 'open') || (k.stage !== undefined && ended?.has(String(r.fields[k.stage.name])) === true)
  return {
    key: `${r.object}:${r.id}`, rec: r, kind: k, title: titleOf(objectNamed(r.object) ?? k.object, r.fields), day, until, whole: !timed || until > day || (k.allDay !== undefined && r.fields[k.allDay.name] === true), from, to: Math.min(1440, Math.max(to, from + 15)),
    done, late: isLate(r, k.start, !done && k.start.name !== 'start_at', zone, now), movable: r.can.update && editable(k.start),
  }
}

/** The fields that bring an event to another day, and to another time where minutes are given. Its length
 *  stays, and so does its clock time over a clock change. */
export function movedTo(e: Event, day: string, minutes: number | undefined, zone: string): Record<string, unknown> {
  const { start, end } = e.kind
  const was = e.rec.fields[start.name] as string
  if (start.type === 'date') {
    const out: Record<string, unknown> = { [start.name]: day }
    const last = end && e.rec.fields[end.name]
    if (end && typeof last === 'string') out[end.name] = addDays(day, Math.round((Date.parse(last) - Date.parse(was)) / 86_400_000))
    return out
  }
  const now = minutes === undefined ? onDay(was, day, zone) : momentAt(day, minutes, zone)
  const out: Record<string, unknown> = { [start.name]: now }
  const last = end && e.rec.fields[end.name]
  if (end && typeof last === 'string') out[end.name] = new Date(Date.parse(now) + Date.parse(last) - Date.parse(was)).toISOString().replace('.000Z', 'Z')
  return out
}

/** What a new record on a day begins with: at nine, or at the time that was pointed at. */
export function startingOn(k: Kind, day: string, minutes: number | undefined, zone: string): Record<string, unknown> {
  if (k.start.type === 'date') return { [k.start.name]: day }
  const at = momentAt(day, minutes ?? 540, zone)
  return { [k.start.name]: at, ...(k.end && { [k.end.name]: new Date(Date.parse(at) + 3_600_000).toISOString().replace('.000Z', 'Z') }) }
}

/** By time, whole days first. */
export const inOrder = (a: Event, b: Event) => Number(b.whole) - Number(a.whole) || a.from - b.from || a.title.localeCompare(b.title)

export const on = (list: Event[], day: string) => list.filter(e => e.day <= day && day <= e.until).sort(inOrder)

export interface Lane { event: Event; lane: number; lanes: number }

/** Where there are more side by side than fit: how many are left out, and from when. */
export interface More { from: number; n: number; lane: number; lanes: number }

/** Events of one day side by side where they overlap, at most `most` of them. */
export function lanesOf(list: Event[], most: number): { shown: Lane[]; more: More[] } {
  const shown: Lane[] = []
  const more: More[] = []
  let group: Lane[] = []
  let ends: number[] = []
  const close = () => {
    const lanes = Math.min(ends.length, most)
    const fit = group.filter(x => ends.length <= most || x.lane < most - 1)
    const rest = group.filter(x => !fit.includes(x))
    shown.push(...fit.map(x => ({ ...x, lanes })))
    if (rest.length) more.push({ from: Math.min(...rest.map(x => x.event.from)), n: rest.length, lane: most - 1, lanes })
    group = []
    ends = []
  }
  for (const event of [...list].sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (ends.length && ends.every(x => x <= event.from)) close()
    let lane = ends.findIndex(x => x <= event.from)
    if (lane < 0) lane = ends.push(0) - 1
    ends[lane] = Math.max(event.to, event.from + usual)
    group.push({ event, lane, lanes: 1 })
  }
  close()
  return { shown, more }
}
