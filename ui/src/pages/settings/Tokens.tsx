// A person's API tokens. The text of a token is shown when it is made, and never again.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { get, post, Problem, send } from '../../lib/api'
import { label, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { useObjects } from '../../lib/schema'
import { complain, explain, toast } from '../../lib/toast'
import { Dialog } from '../../parts/Dialog'
import { FormRow } from '../../parts/FormRow'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { Once } from '../../parts/Once'
import { Bones, ErrorState } from '../../parts/States'
import { ago } from '../../parts/time'
import { showMoment } from '../../fields/date'
import css from './settings.module.css'

interface ApiToken { id: string; name: string; scopes: string[]; created_at: string; expires_at: string; used_at?: string; token?: string }

export function Tokens() {
  const cache = useQueryClient()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState('')
  const q = useQuery({ queryKey: ['tokens'], queryFn: async () => (await get<{ tokens: ApiToken[] }>('/tokens')).tokens })
  const again = () => cache.invalidateQueries({ queryKey: ['tokens'] })
  const revoke = (x: ApiToken) => send('DELETE', `/tokens/${x.id}`).then(() => { toast(t('set.token.revoked', { what: x.name })); return again() }).catch(complain)
  return (
    <section aria-labelledby="set-tokens">
      <div className={css.line}><h2 id="set-tokens">{t('set.tokens')}</h2><Button size="xs" variant="default" leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>{t('set.token.new')}</Button></div>
      <p className={css.about}>{t('set.tokens.about')}</p>
      {q.isError ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} /> : !q.data ? <Bones rows={2} /> : q.data.length === 0 ? <p className={css.nothing}>{t('set.tokens.none')}</p> : (
        <ul className={css.rows}>
          {q.data.map(x => (
            <li key={x.id} className={css.row}>
              <Icon name="keyboard" />
              <span className={css.what}>
                <b>{x.name}</b>
                <span><code>{x.scopes.join(' ')}</code></span>
                <span>{x.used_at ? t('set.token.used', { used: ago(x.used_at), until: showMoment(x.expires_at) }) : t('set.token.unused', { until: showMoment(x.expires_at) })}</span>
              </span>
              <Button size="xs" variant="default" aria-label={t('set.token.revoke.of', { what: x.name })} onClick={() => void revoke(x)}>{t('set.token.revoke')}</Button>
            </li>
          ))}
        </ul>
      )}
      {making && <NewToken onClose={() => setMaking(false)} onMade={text => { setMaking(false); setMade(text); void again() }} />}
      {made && <Once title={t('set.token.once')} text={t('set.token.once.text')} value={made} onClose={() => setMade('')} />}
    </section>
  )
}

type Reach = 'read' | 'all' | 'some'

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (text: string) => void }) {
  const objects = useObjects().filter(o => o.can.read)
  const [name, setName] = useState('')
  const [days, setDays] = useState('90')
  const [reach, setReach] = useState<Reach>('read')
  const [some, setSome] = useState<Record<string, '' | 'read' | '*'>>({})
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const scopes = reach === 'read' ? ['*:read'] : reach === 'all' ? ['*:*'] : Object.entries(some).filter(([, v]) => v).map(([o, v]) => `${o}:${v}`)
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    const bad: Record<string, string> = {}
    if (!name.trim()) bad.name = t('bad.required')
    if (scopes.length === 0) bad.scopes = t('set.token.scopes.none')
    setErrors(bad)
    if (Object.keys(bad).length) return
    setBusy(true)
    try {
      onMade((await post<ApiToken>('/tokens', { name: name.trim(), scopes, days: Number(days) })).token ?? '')
    } catch (x) {
      setErrors(x instanceof Problem && x.errors.length > 0 ? x.byField() : { all: explain(x) })
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('set.token.new')} size={560} onClose={onClose}>
      <form className={form.form} noValidate onSubmit={e => void submit(e)}>
        {errors.all && <div className={form.alert} role="alert">{errors.all}</div>}
        <FormRow label={t('set.token.name')} required error={errors.name} help={t('set.token.name.help')}>{a => <input {...a} data-autofocus maxLength={100} value={name} onChange={e => { setName(e.target.value); setErrors({}) }} />}</FormRow>
        <FormRow label={t('set.token.days')} error={errors.days}>{a => <select {...a} value={days} onChange={e => setDays(e.target.value)}>{['1', '7', '30', '90', '180', '365'].map(n => <option key={n} value={n}>{t('set.days', { n: Number(n) })}</option>)}</select>}</FormRow>
        <fieldset className={css.group}>
          <legend className={form.label}>{t('set.token.scopes')}</legend>
          {(['read', 'all', 'some'] as const).map(r => <label key={r} className={css.radio}><input type="radio" name="reach" checked={reach === r} onChange={() => { setReach(r); setErrors({}) }} /><span>{t(`set.token.reach.${r}`)}</span></label>)}
          {reach === 'some' && (
            <div className={css.scopes}>
              {objects.map(o => (
                <label key={o.name}><span>{label(o.plural)}</span>
                  <select className={form.input} value={some[o.name] ?? ''} onChange={e => setSome({ ...some, [o.name]: e.target.value as '' | 'read' | '*' })}><option value="">{t('set.token.may.none')}</option><option value="read">{t('set.token.may.read')}</option><option value="*">{t('set.token.may.all')}</option></select>
                </label>
              ))}
            </div>
          )}
          {errors.scopes && <div className={form.error}><Icon name="alert" size={14} /><span>{errors.scopes}</span></div>}
          <div className={form.help}>{t('set.token.scopes.help')}</div>
        </fieldset>
        <div className={form.foot}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{t('set.token.make')}</Button></div>
      </form>
    </Dialog>
  )
}
