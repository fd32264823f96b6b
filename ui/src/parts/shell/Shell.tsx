import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { type Action, useActions } from '../../lib/actions'
import { onReach } from '../../lib/api'
import { useNarrow } from '../../lib/hooks'
import { label, noun, type Lang, t, useLang } from '../../lib/i18n'
import { Menu } from '../../lib/kit'
import { open } from '../../lib/overlay'
import { useObjects } from '../../lib/schema'
import { changeLang, changeLook, signOut, useLook, useSession } from '../../lib/session'
import { keyParts } from '../../lib/shortcuts'
import { complain, undoLast } from '../../lib/toast'
import { router } from '../../router'
import icon from '../../icon.svg'
import { Boundary } from '../Boundary'
import { Icon, iconOf } from '../Icon'
import { Overlays } from '../Overlays'
import { Reauth } from '../Reauth'
import { Toasts } from '../Toasts'
import { dataActions } from './data'
import { sections } from './sections'
import css from './Shell.module.css'

/** G and then a letter leads to an object. */
const leads: Record<string, string> = { lead: 'l', company: 'o', contact: 'c', deal: 'd', task: 't', meeting: 'm', note: 'n', product: 'p', user: 'u' }

export const Keys = ({ keys }: { keys: string }) => <>{keyParts(keys).map((k, i) => <kbd key={i}>{k}</kbd>)}</>

function useGlobalActions(toggleSide: () => void) {
  const objects = useObjects()
  const lang = useLang()
  const look = useLook()
  const usable = objects.filter(o => o.can.read)
  const list: Action[] = [
    { id: 'palette', text: t('palette.open'), icon: 'search', keys: 'mod+k', run: () => open({ kind: 'palette' }) },
    { id: 'keys', text: t('keys.title'), icon: 'keyboard', keys: '?', run: () => open({ kind: 'keys' }) },
    { id: 'undo', text: t('undo.last'), icon: 'undo', keys: 'mod+z', run: () => undoLast() },
    { id: 'look', text: t(look === 'dark' ? 'look.to_light' : 'look.to_dark'), icon: look === 'dark' ? 'sun' : 'moon', keys: 'mod+.', run: () => void changeLook(look === 'dark' ? 'light' : 'dark') },
    { id: 'lang', text: t('lang.other'), icon: 'language', run: () => void changeLang(lang === 'en' ? 'zh-CN' : 'en').catch(complain) },
    { id: 'side', text: t('nav.toggle'), icon: 'sidebar', keys: 'mod+b', run: toggleSide },
    { id: 'settings', text: t('set.title'), icon: 'user', run: () => void router.navigate({ to: '/settings' }) },
    { id: 'out', text: t('sign_out'), icon: 'logout', run: () => void signOut() },
    ...usable.map((o): Action => ({
      id: `go ${o.name}`, text: t('go.to', { what: label(o.plural) }), icon: iconOf(o.name), keys: leads[o.name] && `g ${leads[o.name]}`, run: () => void router.navigate({ to: '/o/$object', params: { object: o.name } }),
    })),
    ...(usable.some(o => o.name === 'meeting' || o.name === 'task') ? [{ id: 'go calendar', text: t('go.to', { what: t('cal.title') }), icon: 'calendar' as const, keys: 'g k', run: () => void router.navigate({ to: '/calendar' }) }] : []),
    ...usable.filter(o => o.can.create).map((o): Action => ({ id: `new ${o.name}`, text: t('create.what', { what: noun(o.label) }), icon: 'plus', run: () => open({ kind: 'create', object: o.name }) })),
    ...dataActions(objects),
  ]
  useActions(list, `${lang} ${look} ${usable.length}`)
}

function useOffline() {
  const [off, setOff] = useState(false)
  useEffect(() => {
    const stop = onReach(ok => setOff(!ok))
    const yes = () => setOff(false)
    const no = () => setOff(true)
    addEventListener('online', yes)
    addEventListener('offline', no)
    return () => { stop(); removeEventListener('online', yes); removeEventListener('offline', no) }
  }, [])
  return off
}

function Side({ onLeave }: { onLeave: () => void }) {
  const objects = useObjects()
  const session = useSession()
  const path = useRouterState({ select: s => s.location.pathname })
  return (
    <div className={css.nav}>
      {sections(objects, session).map(s => (
        <div key={s.title} role="group" aria-label={t(s.title)}>
          <div className={css.group}>{t(s.title)}</div>
          {s.places.map(p => (
            <Link key={p.to} to={p.to} className={css.link} title={p.text} aria-current={path === p.to || path.startsWith(`${p.to}/`) ? 'page' : undefined} onClick={onLeave}><Icon name={p.icon} size={17} /><span>{p.text}</span></Link>
          ))}
        </div>
      ))}
    </div>
  )
}

function Tools() {
  const session = useSession()
  const look = useLook()
  const lang = useLang()
  const pick = (l: Lang) => void changeLang(l).catch(complain)
  return (
    <>
      <button type="button" className={css.tool} aria-label={t('keys.title')} title={t('keys.title')} onClick={() => open({ kind: 'keys' })}><Icon name="help" size={18} /></button>
      <button type="button" className={css.tool} aria-label={t(look === 'dark' ? 'look.to_light' : 'look.to_dark')} title={t(look === 'dark' ? 'look.to_light' : 'look.to_dark')} onClick={() => void changeLook(look === 'dark' ? 'light' : 'dark')}><Icon name={look === 'dark' ? 'sun' : 'moon'} size={18} /></button>
      <Menu position="bottom-end" width={220} shadow="none" transitionProps={{ duration: 0 }}>
        <Menu.Target><button type="button" className={css.tool} aria-label={t('you.menu', { name: session.user.name })}><span className={css.face} aria-hidden>{[...session.user.name][0]?.toUpperCase()}</span></button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{session.user.name}</Menu.Label>
          <Menu.Label>{t('lang')}</Menu.Label>
          <Menu.Item lang="en" leftSection={<Icon name={lang === 'en' ? 'check' : 'language'} />} onClick={() => pick('en')}>English</Menu.Item>
          <Menu.Item lang="zh-CN" leftSection={<Icon name={lang === 'zh-CN' ? 'check' : 'language'} />} onClick={() => pick('zh-CN')}>简体中文</Menu.Item>
          <Menu.Label>{t('look')}</Menu.Label>
          {(['auto', 'light', 'dark'] as const).map(l => <Menu.Item key={l} leftSection={<Icon name={look === l ? 'check' : l === 'dark' ? 'moon' : 'sun'} />} onClick={() => void changeLook(l)}>{t(`look.${l}`)}</Menu.Item>)}
          <Menu.Divider />
          <Menu.Item leftSection={<Icon name="user" />} onClick={() => void router.navigate({ to: '/settings' })}>{t('set.title')}</Menu.Item>
          <Menu.Item leftSection={<Icon name="logout" />} onClick={() => void signOut()}>{t('sign_out')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  )
}

export function Shell() {
  useLang()
  const narrow = useNarrow()
  const [slim, setSlim] = useState(() => localStorage.getItem('side') === 'slim')
  const [drawer, setDrawer] = useState(false)
  const toggle = () => {
    if (narrow) { setDrawer(d => !d); return }
    localStorage.setItem('side', slim ? 'wide' : 'slim')
    setSlim(!slim)
  }
  useGlobalActions(toggle)
  const off = useOffline()
  const shown = !narrow || drawer
  return (
    <div className={`${css.frame} ${slim && !narrow ? css.slim : ''}`}>
      <a href="#main" className={css.skip}>{t('skip')}</a>
      {narrow && drawer && <button type="button" className={css.shade} aria-label={t('close')} onClick={() => setDrawer(false)} />}
      {shown && (
        <nav className={css.side} aria-label={t('nav.main')} onKeyDown={e => { if (e.key === 'Escape') setDrawer(false) }}>
          <Link to="/" className={css.brand} onClick={() => setDrawer(false)}><img src={icon} alt="" /><span>{t('app')}</span></Link>
          <Side onLeave={() => setDrawer(false)} />
        </nav>
      )}
      <header className={css.top}>
        <button type="button" className={css.tool} aria-label={t('nav.toggle')} aria-expanded={narrow ? drawer : !slim} onClick={toggle}><Icon name={narrow ? 'menu' : 'sidebar'} size={18} /></button>
        <button type="button" className={css.find} onClick={() => open({ kind: 'palette' })}><Icon name="search" /><span>{t('palette.open')}</span><Keys keys="mod+k" /></button>
        <span className={css.space} />
        <Tools />
      </header>
      <main className={css.main} id="main" tabIndex={-1}>
        {off && <div className={css.offline} role="status"><Icon name="alert" />{t('offline')}</div>}
        <Boundary><Outlet /></Boundary>
        {/* Where Mantine puts what floats: within a landmark, as all content must be. */}
        <div data-portal="true" data-mantine-shared-portal-node="true" />
      </main>
      <Overlays />
      <Reauth />
      <Toasts />
    </div>
  )
}
