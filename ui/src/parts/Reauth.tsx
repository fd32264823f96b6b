// The session has ended: who was here signs in again where they are, and nothing typed is lost.
import { type FormEvent, useState } from 'react'
import { Problem } from '../lib/api'
import { t } from '../lib/i18n'
import { Button } from '../lib/kit'
import { leave, signInAgain, useSession, useSignedOut } from '../lib/session'
import { explain } from '../lib/toast'
import { Dialog } from './Dialog'
import css from './form.module.css'

export function Reauth() {
  return useSignedOut() ? <Ask /> : null
}

function Ask() {
  const session = useSession()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [bad, setBad] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    try {
      await signInAgain(email, password)
    } catch (err) {
      setBad(err instanceof Problem && err.code === 'unauthenticated' ? t('reauth.wrong') : explain(err))
    }
    setBusy(false)
  }
  return (
    <Dialog title={t('reauth.title')} size={380} onClose={() => {}} closable={false}>
      <form className={css.form} onSubmit={e => void submit(e)}>
        <p>{t('reauth.text', { name: session.user.name })}</p>
        <label><span className={css.label}>{t('email')}</span><input className={css.input} type="email" autoComplete="username" required value={email} onChange={e => setEmail(e.target.value)} data-autofocus /></label>
        <label><span className={css.label}>{t('password')}</span><input className={css.input} type="password" autoComplete="current-password" required value={password} onChange={e => setPassword(e.target.value)} /></label>
        {bad && <div className={css.alert} role="alert">{bad}</div>}
        <div className={css.foot}><Button variant="default" onClick={leave}>{t('reauth.leave')}</Button><Button type="submit" loading={busy}>{t('reauth.go')}</Button></div>
      </form>
    </Dialog>
  )
}
