// What a person sets for herself: language, zone, look; password; where she is signed in; her tokens.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { get, Problem, send } from '../../lib/api'
import { useTitle } from '../../lib/hooks'
import { currentLang, type Lang, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { changeLang, changeLook, changePassword, changeZone, type Look, useLook, useSession } from '../../lib/session'
import { complain, explain, toast } from '../../lib/toast'
import { FormRow } from '../../parts/FormRow'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import { ago } from '../../parts/time'
import { languages } from './languages'
import css from './settings.module.css'
import { Tokens } from './Tokens'

export default function SettingsPage() {
  useLang()
  useTitle(t('set.title'))
  return (
    <div className={css.page}>
      <header className={css.head}><h1>{t('set.title')}</h1></header>
      <div className={css.scroll}>
        <div className={css.column}>
          <You />
          <Password />
          <section aria-labelledby="set-sessions"><h2 id="set-sessions">{t('set.sessions')}</h2><p className={css.about}>{t('set.sessions.about')}</p><Sessions /></section>
          <Tokens />
        </div>
      </div>
    </div>
  )
}

const zones = (): string[] => { const list = Intl.supportedValuesOf('timeZone'); return list.includes('UTC') ? list : ['UTC', ...list] }
/** The clock there and now: what tells zones apart better than their names. */
const clockIn = (zone: string) => { try { return new Intl.DateTimeFormat(currentLang(), { timeZone: zone, hour: '2-digit', minute: '2-digit', weekday: 'short' }).format(new Date()) } catch { return '' } }

function You() {
  const session = useSession()
  const look = useLook()
  const lang = useLang()
  const [busy, setBusy] = useState(false)
  const zone = session.timezone ?? 'UTC'
  const all = zones()
  const pickZone = (to: string) => { setBusy(true); changeZone(to).then(() => toast(t('set.kept')), complain).finally(() => setBusy(false)) }
  return (
    <section aria-labelledby="set-you">
      <h2 id="set-you">{session.user.name}</h2>
      <div className={form.form}>
        <FormRow label={t('lang')}>
          {a => <select {...a} value={lang} onChange={e => void changeLang(e.target.value as Lang).catch(complain)}>{languages.map(l => <option key={l.lang} value={l.lang} lang={l.lang}>{l.text}</option>)}</select>}
        </FormRow>
        <FormRow label={t('set.zone')} help={t('set.zone.now', { time: clockIn(zone) })}>
          {a => <select {...a} value={zone} disabled={busy} onChange={e => pickZone(e.target.value)}>{(all.includes(zone) ? all : [zone, ...all]).map(z => <option key={z} value={z}>{z.replaceAll('_', ' ')}</option>)}</select>}
        </FormRow>
        <fieldset className={css.group}>
          <legend className={form.label}>{t('look')}</legend>
          <div className={css.radios}>{(['auto', 'light', 'dark'] as Look[]).map(l => <label key={l} className={css.radio}><input type="radio" name="look" checked={look === l} onChange={() => void changeLook(l)} /><span>{t(`look.${l}`)}</span></label>)}</div>
        </fieldset>
      </div>
    </section>
  )
}

function Password() {
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const cache = useQueryClient()
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    const bad: Record<string, string> = {}
    if (!old) bad.old = t('bad.required')
    if (!next) bad.password = t('bad.required')
    setErrors(bad)
    if (Object.keys(bad).length) return
    setBusy(true)
    try {
      await changePassword(old, next)
      setOld('')
      setNext('')
      toast(t('set.password.changed'))
      void cache.invalidateQueries({ queryKey: ['sessions'] })
    } catch (x) {
      if (x instanceof Problem && x.errors.length > 0) setErrors(x.byField())
      else if (x instanceof Problem && x.code === 'unauthenticated') setErrors({ old: t('set.password.wrong') })
      else setErrors({ password: explain(x) })
    }
    setBusy(false)
  }
  return (
    <section aria-labelledby="set-password">
      <h2 id="set-password">{t('set.password')}</h2>
      <p className={css.about}>{t('set.password.about')}</p>
      <form className={form.form} noValidate onSubmit={e => void submit(e)}>
        <input type="text" name="username" autoComplete="username" hidden readOnly value="" />
        <FormRow label={t('set.password.old')} error={errors.old}>{a => <input {...a} type="password" autoComplete="current-password" value={old} onChange={e => { setOld(e.target.value); setErrors({}) }} />}</FormRow>
        <FormRow label={t('set.password.new')} error={errors.password} help={t('set.password.help')}>{a => <input {...a} type="password" autoComplete="new-password" value={next} onChange={e => { setNext(e.target.value); setErrors({}) }} />}</FormRow>
        <div><Button type="submit" loading={busy}>{t('set.password.change')}</Button></div>
      </form>
    </section>
  )
}

interface OpenSession { id: string; client: string; created_at: string; used_at: string; expires_at: string; current: boolean }

/** The server knows families of browsers, in small letters. */
const named = (client: string) => client.charAt(0).toUpperCase() + client.slice(1)

/** The sessions of the person, or of another whom she may change. */
export function Sessions({ user }: { user?: string }) {
  const cache = useQueryClient()
  const q = useQuery({ queryKey: ['sessions', user ?? ''], queryFn: async () => (await get<{ sessions: OpenSession[] }>('/sessions', { query: { user } })).sessions })
  const end = (s: OpenSession) => send('DELETE', `/sessions/${s.id}`).then(() => { toast(t('set.session.ended')); return cache.invalidateQueries({ queryKey: ['sessions'] }) }).catch(complain)
  if (q.isError) return <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  if (!q.data) return <Bones rows={2} />
  if (q.data.length === 0) return <p className={css.nothing}>{t('set.sessions.none')}</p>
  return (
    <ul className={css.rows}>
      {[...q.data].sort((a, b) => Number(b.current) - Number(a.current) || b.used_at.localeCompare(a.used_at)).map(s => (
        <li key={s.id} className={css.row}>
          <Icon name="user" />
          <span className={css.what}><b>{named(s.client) || t('set.session.unknown')}</b><span>{t('set.session.when', { used: ago(s.used_at), since: ago(s.created_at) })}</span></span>
          {s.current ? <span className={css.badge}>{t('set.session.this')}</span> : <Button size="xs" variant="default" aria-label={t('set.session.end.of', { what: named(s.client) })} onClick={() => void end(s)}>{t('set.session.end')}</Button>}
        </li>
      ))}
    </ul>
  )
}
