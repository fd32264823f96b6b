// A masked value, for a stated purpose. It is never cached, never copied by itself, and leaves the page
// with the timer, the tab, the route, and before printing.
import { type FormEvent, useEffect, useState } from 'react'
import { typeOf } from '../fields'
import { post, Problem } from '../lib/api'
import { label, t } from '../lib/i18n'
import { Button } from '../lib/kit'
import { recTitle, shownType } from '../lib/schema'
import { explain } from '../lib/toast'
import type { Field, Money, Rec } from '../lib/types'
import { showMoney } from '../lib/number'
import { currentLang } from '../lib/i18n'
import { Dialog } from './Dialog'
import css from './form.module.css'

/** The shortest purpose that says something. */
const shortest = 8

export default function RevealDialog({ rec, field, onClose }: { rec: Rec; field: Field; onClose: () => void }) {
  const [purpose, setPurpose] = useState('')
  const [bad, setBad] = useState('')
  const [busy, setBusy] = useState(false)
  const [shown, setShown] = useState<{ value: unknown; until: number } | null>(null)
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    if ([...purpose.trim()].length < shortest) { setBad(t('reveal.short', { n: shortest })); return }
    setBusy(true)
    try {
      const r = await post<{ value: unknown; expires_at: string }>(`/records/${rec.object}/${rec.id}/reveal`, { field: field.name, purpose: purpose.trim() })
      setShown({ value: r.value, until: Date.parse(r.expires_at) })
    } catch (err) {
      setBad(err instanceof Problem && err.code === 'not_found' ? t('reveal.denied') : explain(err))
    }
    setBusy(false)
  }
  const what = { field: label(field.label), record: recTitle(rec) || t('untitled') }
  return (
    <Dialog title={t('reveal.title', what)} onClose={onClose}>
      {shown ? <Shown {...shown} field={field} onClose={onClose} /> : (
        <form className={css.form} onSubmit={e => void submit(e)}>
          <label>
            <span className={css.label}>{t('reveal.purpose')}<span className={css.must} aria-hidden> *</span></span>
            <input className={css.input} value={purpose} maxLength={500} required data-autofocus aria-invalid={bad ? true : undefined} aria-describedby="reveal-note" onChange={e => { setPurpose(e.target.value); setBad('') }} placeholder={t('reveal.example')} />
          </label>
          {bad && <div className={css.error} role="alert">{bad}</div>}
          <div className={css.note} id="reveal-note">{t('reveal.note')}</div>
          <div className={css.foot}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{t('reveal.go')}</Button></div>
        </form>
      )}
    </Dialog>
  )
}

function Shown({ value, until, field, onClose }: { value: unknown; until: number; field: Field; onClose: () => void }) {
  const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1000))
  const [seconds, setSeconds] = useState(left)
  useEffect(() => {
    const tick = setInterval(() => { setSeconds(left()); if (left() === 0) onClose() }, 500)
    const hide = () => { if (document.visibilityState === 'hidden') onClose() }
    document.addEventListener('visibilitychange', hide)
    addEventListener('beforeprint', onClose)
    addEventListener('popstate', onClose)
    return () => { clearInterval(tick); document.removeEventListener('visibilitychange', hide); removeEventListener('beforeprint', onClose); removeEventListener('popstate', onClose) }
  }, [])
  const text = shownType(field) === 'money' && value ? showMoney(value as Money, currentLang()) : typeof value === 'string' ? value : value === null ? t('reveal.empty') : typeOf({ ...field, can: { ...field.can, read: true, masked: false } }).text(value, field)
  return (
    <div className={css.form}>
      <div className={css.value} role="status">{text}</div>
      <div className={css.foot}><span className={css.help}>{t('reveal.left', { n: seconds })}</span><Button onClick={onClose} data-autofocus>{t('reveal.hide')}</Button></div>
    </div>
  )
}
