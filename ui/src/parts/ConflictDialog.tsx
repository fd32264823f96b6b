// Somebody else changed the record first: whose value counts is asked, and nothing is lost.
import { useEffect, useState } from 'react'
import { typeOf } from '../fields'
import { label, t } from '../lib/i18n'
import { Button } from '../lib/kit'
import { nameOf, useNames } from '../lib/names'
import { history, reread, update } from '../lib/records'
import { fieldNamed, objectNamed, recTitle } from '../lib/schema'
import { complain } from '../lib/toast'
import type { Change, Rec } from '../lib/types'
import { Dialog } from './Dialog'
import css from './form.module.css'
import { ago } from './time'

export default function ConflictDialog({ rec, fields, onClose }: { rec: Rec; fields: Record<string, unknown>; onClose: () => void }) {
  const [now, setNow] = useState<Rec>()
  const [last, setLast] = useState<Change>()
  useNames()
  useEffect(() => {
    reread(rec.object, rec.id).then(setNow, e => { complain(e); onClose() })
    history(rec.object, rec.id).then(h => setLast(h.changes.reduce<Change | undefined>((a, b) => (a && a.version > b.version ? a : b), undefined)), () => undefined)
  }, [])
  const o = objectNamed(rec.object)
  const side = (title: string, values: Record<string, unknown>) => (
    <div className={css.side}>
      <h3>{title}</h3>
      {Object.keys(fields).map(n => { const f = fieldNamed(o, n); return f && <div key={n}>{label(f.label)}{t('colon')}<b>{typeOf(f).text(values[n], f) || '—'}</b></div> })}
    </div>
  )
  const mine = () => { onClose(); if (now) update(now, fields).catch(complain) }
  const who = last?.actor ? nameOf('user', last.actor) : ''
  return (
    <Dialog title={t('conflict.title', { record: recTitle(rec) || t('untitled') })} size={520} onClose={onClose}>
      <div className={css.form}>
        <p>{who && last ? t('conflict.who', { who, when: ago(last.time) }) : t('conflict.text')}</p>
        {now && <div className={css.sides}>{side(t('conflict.mine'), fields)}{side(t('conflict.theirs'), now.fields)}</div>}
        <div className={css.foot}><Button variant="default" onClick={onClose}>{t('conflict.take')}</Button><Button onClick={mine} disabled={!now}>{t('conflict.keep')}</Button></div>
      </div>
    </Dialog>
  )
}
