// The first steps, until they are done or sent away.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { get } from '../../lib/api'
import { noun, type Lang, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { open } from '../../lib/overlay'
import { keepOwn, readOwn } from '../../lib/own'
import { client } from '../../lib/query'
import { useObjects } from '../../lib/schema'
import { changeLang } from '../../lib/session'
import { complain } from '../../lib/toast'
import type { Obj, Page } from '../../lib/types'
import { router } from '../../router'
import { Icon, iconOf } from '../../parts/Icon'
import css from './home.module.css'

const begun = ['company', 'contact', 'lead', 'deal']
/** The page that imports files, where this build has it. */
const importPage = () => Object.keys(router.routesByPath).find(p => p === '/imports/new' || p === '/import' || p === '/imports')

/** Whoever has worked here for so many days needs no first steps. */
const newDays = 7

/** When the person's first record of an object was made; undefined where there is none. */
async function firstOf(object: string, signal: AbortSignal): Promise<string | undefined> {
  const page = await get<Page>(`/records/${object}`, { query: { filter: 'created_by == me()', sort: 'created_at', fields: 'created_at', limit: 1 }, signal })
  const at = page.records[0]?.fields.created_at
  return typeof at === 'string' ? at : undefined
}

function useDone(all: Obj[]) {
  const own = begun.map(n => all.find(o => o.name === n)).filter(o => o?.can.read && o.can.create).map(o => o!.name)
  const imports = all.some(o => o.name === 'import' && o.can.read)
  return useQuery({
    queryKey: ['records', 'first', own.join()], staleTime: 30_000, enabled: own.length > 0,
    queryFn: async ({ signal }) => {
      const [made, imported] = await Promise.all([Promise.all(own.map(o => firstOf(o, signal))), imports ? firstOf('import', signal) : 'none'])
      const since = made.filter(x => x !== undefined).sort()[0]
      return { record: since !== undefined, imported: imported !== undefined, settled: since !== undefined && Date.parse(since) < Date.now() - newDays * 86_400_000 }
    },
  }).data
}

function Step({ done, title, text, children }: { done: boolean; title: string; text: string; children?: ReactNode }) {
  return (
    <li className={`${css.step} ${done ? css.ready : ''}`}>
      <span className={css.check}>{done && <Icon name="check" size={14} />}<span className="hidden-visually">{t(done ? 'first.done' : 'first.open')}</span></span>
      <div><b>{title}</b><p>{text}</p></div>
      {!done && children && <span className={css.do}>{children}</span>}
    </li>
  )
}

export function First() {
  const lang = useLang()
  const all = useObjects()
  const [away, setAway] = useState(() => readOwn<string>('first', 'open') === 'away')
  const [spoken, setSpoken] = useState(() => readOwn('spoken', false))
  const done = useDone(all)
  const makes = begun.map(n => all.find(o => o.name === n)).find(o => o?.can.create)
  const path = importPage()
  if (away || !done || !makes || done.settled || (done.record && (done.imported || !path))) return null
  const speak = (l: Lang) => { setSpoken(true); keepOwn('spoken', true); void changeLang(l).catch(complain) }
  const leave = () => { setAway(true); keepOwn('first', 'away') }
  return (
    <section className={`${css.panel} ${css.first}`} aria-label={t('first.title')}>
      <header className={css.head}><Icon name="checklist" size={16} /><h2>{t('first.title')}</h2><span className={css.space} /><button type="button" className={css.tool} onClick={leave}>{t('first.away')}</button></header>
      <ol className={css.steps}>
        <Step done={spoken} title={t('first.lang')} text={t('first.lang.text')}>
          <Button size="xs" variant={lang === 'en' ? 'filled' : 'default'} lang="en" onClick={() => speak('en')}>English</Button>
          <Button size="xs" variant={lang === 'en' ? 'default' : 'filled'} lang="zh-CN" onClick={() => speak('zh-CN')}>简体中文</Button>
        </Step>
        {path && <Step done={done.imported} title={t('first.import')} text={t('first.import.text')}><Button size="xs" variant="default" component={Link} to={path}>{t('first.import.go')}</Button></Step>}
        <Step done={done.record} title={t('first.record')} text={t('first.record.text', { what: noun(makes.label) })}>
          <Button size="xs" leftSection={<Icon name={iconOf(makes.name)} size={14} />} onClick={() => open({ kind: 'create', object: makes.name, done: () => void client.invalidateQueries({ queryKey: ['records', 'first'] }) })}>{t('create.what', { what: noun(makes.label) })}</Button>
        </Step>
      </ol>
    </section>
  )
}
