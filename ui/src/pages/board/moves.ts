// Moving a card: what has to be known first, the change, and what is said when it fails.
import { Problem } from '../../lib/api'
import { label, t } from '../../lib/i18n'
import { open } from '../../lib/overlay'
import { refresh, reread, update } from '../../lib/records'
import { editable, fieldNamed, recTitle } from '../../lib/schema'
import { complain, toast } from '../../lib/toast'
import type { Field, Obj, Rec } from '../../lib/types'
import { shift, type Source } from './cache'
import type { Col } from './columns'

export interface Move { rec: Rec; from: Col; to: Col }

/** What a column wants to know of a card before it comes in. */
export function wanted(o: Obj, rec: Rec, to: Col): Field[] {
  const reason = fieldNamed(o, 'lost_reason')
  return to.outcome === 'lost' && reason && editable(reason) && !rec.fields.lost_reason ? [reason] : []
}

/** Fields that the server misses or refuses, if a person can fill them in. */
export function askedFor(o: Obj, e: unknown, moved: string): { fields: Field[]; errors: Record<string, string> } | null {
  if (!(e instanceof Problem) || e.status !== 422 || e.errors.length === 0) return null
  const errors = e.byField()
  const fields = Object.keys(errors).map(n => fieldNamed(o, n)).filter(f => f !== undefined)
  return fields.length === Object.keys(errors).length && fields.every(f => f.name !== moved && editable(f)) ? { fields, errors } : null
}

/** Carries a move out. Throws what the server refused for the sake of other fields, for a dialog to ask;
 *  everything else is told here, and the card is back where it was. */
export async function moveCard(s: Source, m: Move, more: Record<string, unknown>): Promise<void> {
  const fields = { [s.field.name]: m.to.value, ...more }
  const place = shift(s, m.rec, m.from, m.to)
  const text = t('board.moved', { what: recTitle(m.rec) || t('record'), column: m.to.name })
  try {
    await update(m.rec, fields, false, text)
  } catch (e) {
    if (e instanceof Problem && e.code === 'stale') {
      // Somebody changed the card. If it is still in its column, nothing speaks against the move.
      const now = await reread(m.rec.object, m.rec.id).catch(() => undefined)
      if (now && (now.fields[s.field.name] ?? null) === m.from.value) {
        try { await update(now, fields, false, text); return } catch (again) { e = again }
      } else if (now) {
        back(s, m, place)
        await refresh(s.object.name)
        open({ kind: 'conflict', rec: now, fields })
        return
      }
    }
    back(s, m, place)
    if (askedFor(s.object, e, s.field.name)) throw e
    const why = e instanceof Problem ? e.byField()[s.field.name] : undefined
    if (why) toast(`${label(s.field.label)}${t('colon')}${why}`, undefined, true)
    else complain(e)
  }
}

const back = (s: Source, m: Move, place: number) => { shift(s, { ...m.rec, fields: { ...m.rec.fields, [s.field.name]: m.to.value } }, m.to, m.from, place) }
