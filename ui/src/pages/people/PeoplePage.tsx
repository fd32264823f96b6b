// Who works with Wardbook: invited with a role, by a link that is shown once.
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { useActions } from '../../lib/actions'
import { get, newKey, post, Problem } from '../../lib/api'
import { useTitle } from '../../lib/hooks'
import { currentLang, localeWord, t, useLang } from '../../lib/i18n'
import { Button, Menu } from '../../lib/kit'
import { keys } from '../../lib/keys'
import { create, update } from '../../lib/records'
import { useObject } from '../../lib/schema'
import { theSession } from '../../lib/session'
import { complain, explain } from '../../lib/toast'
import type { Page, Rec } from '../../lib/types'
import { router } from '../../router'
import { Dialog } from '../../parts/Dialog'
import { FormRow } from '../../parts/FormRow'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { Once } from '../../parts/Once'
import { Bones, ErrorState } from '../../parts/States'
import { NotFound } from '../NotFound'
import { languages } from '../settings/languages'
import css from '../settings/settings.module.css'
import { Sessions } from '../settings/SettingsPage'

const str = (v: unknown) => (typeof v === 'string' ? v : '')
const ids = (v: unknown): string[] => (Array.isArray(v) ? v.filter(x => typeof x === 'string') : [])

async function all(object: string, fields: string): Promise<Rec[]> {
  const out: Rec[] = []
  for (let cursor = '', n = 0; n < 20; n++) { // ten thousand people; who has more uses the list of users
    const p = await get<Page>(`/records/${object}`, { query: { fields, limit: 500, cursor, sort: 'name' } })
    out.push(...p.records)
    if (!(cursor = p.next_cursor)) break
  }
  return out
}

export default function PeoplePage() {
  const lang = useLang()
  const o = useObject('user')
  const roles = useObject('role')
  const [inviting, setInviting] = useState(false)
  const [link, setLink] = useState<{ name: string; text: string } | null>(null)
  const [watching, setWatching] = useState<Rec | null>(null)
  const [search, setSearch] = useState('')
  const may = Boolean(o?.can.update || o?.can.create)
  const people = useQuery({ queryKey: [...keys.records('user'), 'people'], enabled: may, queryFn: () => all('user', 'name,email,roles,active,position') })
  const known = useQuery({ queryKey: [...keys.records('role'), 'all'], enabled: may && Boolean(roles?.can.read), queryFn: () => all('role', 'name,description') })
  useTitle(t('people.title'))
  useActions(o?.can.create ? [{ id: 'invite', text: t('people.invite'), icon: 'plus', keys: 'c', run: () => setInviting(true) }] : [], `${lang} ${Boolean(o?.can.create)}`)
  if (!o || !may) return <NotFound />
  const invite = async (id: string, name: string) => {
    const made = await post<{ path: string }>(`/users/${id}/invitation`, undefined)
    setLink({ name, text: location.origin + made.path })
  }
  const roleName = (id: string) => str(known.data?.find(r => r.id === id)?.fields.name)
  const fits = (r: Rec) => !search || `${str(r.fields.name)} ${str(r.fields.email)}`.toLowerCase().includes(search.toLowerCase())
  const list = (people.data ?? []).filter(fits)
  const switchActive = (r: Rec) => void update(r, { active: r.fields.active === false }).then(() => people.refetch(), complain)
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{t('people.title')}</h1>
        {people.data && <span className={form.help}>{people.data.length}</span>}
        <span className={css.space} />
        {o.can.create && <Button size="xs" leftSection={<Icon name="plus" />} onClick={() => setInviting(true)}>{t('people.invite')}</Button>}
      </header>
      <div className={css.scroll}>
        <div className={css.wide}>
          <input className={form.input} value={search} onChange={e => setSearch(e.target.value)} aria-label={t('people.find')} placeholder={t('people.find')} />
          {people.isError ? <ErrorState text={explain(people.error)} onRetry={() => void people.refetch()} /> : !people.data ? <Bones rows={8} /> : list.length === 0 ? <p className={css.nothing}>{t('people.none')}</p> : (
            <ul className={css.rows}>
              {list.map(r => (
                <li key={r.id} className={css.row}>
                  <Icon name="user" />
                  <span className={css.what}><b>{str(r.fields.name)}</b><span>{[str(r.fields.email), str(r.fields.position)].filter(Boolean).join(' · ')}</span><span>{ids(r.fields.roles).map(roleName).filter(Boolean).join(', ') || t('people.no_role')}</span></span>
                  <span className={`${css.badge} ${r.fields.active === false ? css.off : ''}`}>{t(r.fields.active === false ? 'people.inactive' : 'people.active')}</span>
                  <Menu position="bottom-end" width={240} shadow="none" transitionProps={{ duration: 0 }}>
                    <Menu.Target><button type="button" className={css.tool} aria-label={t('people.more', { what: str(r.fields.name) })}><Icon name="dots" /></button></Menu.Target>
                    <Menu.Dropdown>
                      <Menu.Item leftSection={<Icon name="id" />} onClick={() => void router.navigate({ to: '/o/$object/$id', params: { object: 'user', id: r.id } })}>{t('people.open')}</Menu.Item>
                      {r.can.update && r.fields.active !== false && <Menu.Item leftSection={<Icon name="external" />} onClick={() => void invite(r.id, str(r.fields.name)).catch(complain)}>{t('people.link')}</Menu.Item>}
                      {r.can.update && <Menu.Item leftSection={<Icon name="shield" />} onClick={() => setWatching(r)}>{t('set.sessions')}</Menu.Item>}
                      {r.can.update && r.id !== theSession().user.id && <Menu.Item leftSection={<Icon name={r.fields.active === false ? 'undo' : 'lock'} />} onClick={() => switchActive(r)}>{t(r.fields.active === false ? 'people.enable' : 'people.disable')}</Menu.Item>}
                    </Menu.Dropdown>
                  </Menu>
                </li>
              ))}
            </ul>
          )}
        </div>
      </div>
      {inviting && <Invite roles={known.data ?? []} onClose={() => setInviting(false)} onMade={async (id, name) => { setInviting(false); void people.refetch(); await invite(id, name).catch(complain) }} />}
      {watching && <Dialog title={t('people.sessions_of', { what: str(watching.fields.name) })} size={560} onClose={() => setWatching(null)}><Sessions user={watching.id} /></Dialog>}
      {link && <Once title={t('people.once', { what: link.name })} text={t('people.once.text', { what: link.name })} value={link.text} onClose={() => setLink(null)} />}
    </div>
  )
}

function Invite({ roles, onClose, onMade }: { roles: Rec[]; onClose: () => void; onMade: (id: string, name: string) => Promise<void> }) {
  const [d, setD] = useState({ name: '', email: '', locale: localeWord(currentLang()), roles: [] as string[] })
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const key = useRef(newKey())
  const set = (patch: Partial<typeof d>) => { setD({ ...d, ...patch }); setErrors({}) }
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    const bad: Record<string, string> = {}
    if (!d.name.trim()) bad.name = t('bad.required')
    if (!/^\S+@\S+$/.test(d.email.trim())) bad.email = t('bad.email')
    setErrors(bad)
    if (Object.keys(bad).length) return
    setBusy(true)
    try {
      const made = await create('user', { name: d.name.trim(), email: d.email.trim(), locale: d.locale, timezone: theSession().timezone ?? 'UTC', ...(d.roles.length ? { roles: d.roles } : {}) }, key.current)
      await onMade(made.id, d.name.trim())
    } catch (x) {
      key.current = newKey()
      setErrors(x instanceof Problem && x.errors.length > 0 ? x.byField() : { all: explain(x) })
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('people.invite')} size={560} onClose={onClose}>
      <form className={form.form} noValidate onSubmit={e => void submit(e)}>
        {errors.all && <div className={form.alert} role="alert">{errors.all}</div>}
        <FormRow label={t('people.name')} required error={errors.name}>{a => <input {...a} data-autofocus maxLength={200} autoComplete="off" value={d.name} onChange={e => set({ name: e.target.value })} />}</FormRow>
        <FormRow label={t('people.email')} required error={errors.email} help={t('people.email.help')}>{a => <input {...a} type="email" maxLength={320} autoComplete="off" value={d.email} onChange={e => set({ email: e.target.value })} />}</FormRow>
        <FormRow label={t('lang')}>{a => <select {...a} value={d.locale} onChange={e => set({ locale: e.target.value })}>{languages.map(l => <option key={l.word} value={l.word} lang={l.lang}>{l.text}</option>)}</select>}</FormRow>
        {roles.length > 0 && (
          <fieldset className={css.group}>
            <legend className={form.label}>{t('people.roles')}</legend>
            {roles.map(r => <label key={r.id} className={css.radio}><input type="checkbox" checked={d.roles.includes(r.id)} onChange={e => set({ roles: e.target.checked ? [...d.roles, r.id] : d.roles.filter(x => x !== r.id) })} /><span className={css.what}><b>{str(r.fields.name)}</b><span>{str(r.fields.description)}</span></span></label>)}
            {errors.roles && <div className={form.error}><Icon name="alert" size={14} /><span>{errors.roles}</span></div>}
          </fieldset>
        )}
        <div className={form.foot}><span className={form.help}>{t('people.invite.after')}</span><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{t('people.make')}</Button></div>
      </form>
    </Dialog>
  )
}
