import { Problem } from '../../lib/api'
import { label, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { open } from '../../lib/overlay'
import { client } from '../../lib/query'
import { update } from '../../lib/records'
import { fieldNamed } from '../../lib/schema'
import { zone } from '../../lib/session'
import { complain, toast } from '../../lib/toast'
import { type Event, movedTo } from './events'
import { clock, longDay } from './text'

/** Brings an event to another day or time: at once on the screen, and back with the reason if refused. */
export function moveEvent(e: Event, day: string, minutes?: number) {
  const fields = movedTo(e, day, minutes, zone())
  const text = t('cal.moved', { what: e.title || t('record'), when: `${longDay(day)}${minutes === undefined ? '' : ` ${clock(minutes)}`}` })
  update(e.rec, fields, false, text).then(
    () => client.invalidateQueries({ queryKey: [...keys.records(e.rec.object), 'list'], refetchType: 'none' }), // other months and lists, when they are looked at
    (err: unknown) => {
      if (err instanceof Problem && err.code === 'stale') { open({ kind: 'conflict', rec: e.rec, fields }); return }
      const [name, why] = Object.entries(err instanceof Problem ? err.byField() : {})[0] ?? []
      const field = fieldNamed(e.kind.object, name ?? '')
      if (why && field) toast(`${label(field.label)}${t('colon')}${why}`, undefined, true)
      else complain(err)
    },
  )
}
