import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { typeOf } from '../../fields'
import { theActions, useActions } from '../../lib/actions'
import { Problem } from '../../lib/api'
import { useStable, useTitle } from '../../lib/hooks'
import { label, t, useLang } from '../../lib/i18n'
import { Button, Menu } from '../../lib/kit'
import { useNames } from '../../lib/names'
import { forget, remember } from '../../lib/own'
import { refresh, remove, useRecord } from '../../lib/records'
import { activitiesOf } from '../../lib/relations'
import { fieldNamed, recTitle, useObject, useObjects } from '../../lib/schema'
import { neighbour, placeIn } from '../../lib/trail'
import { complain, explain, toast } from '../../lib/toast'
import type { Obj, Rec } from '../../lib/types'
import { Boundary } from '../../parts/Boundary'
import { Icon, iconOf } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import { NotFound } from '../NotFound'
import { Facts } from './Facts'
import css from './record.module.css'
import { StagePill } from './StagePill'
import { Tabs } from './Tabs'

export default function RecordPage() {
  useLang()
  const { object, id } = useParams({ from: '/o/$object/$id' })
  const o = useObject(object)
  const q = useRecord(object, id)
  const gone = q.isError && q.error instanceof Problem && ['not_found', 'invalid'].includes(q.error.code)
  const there = q.data !== undefined
  useTitle(q.data ? recTitle(q.data) : '')
  useEffect(() => {
    if (gone) forget(object, id)
    else if (there) remember(object, id)
  }, [gone, there, object, id])
  if (!o || gone) return <NotFound />
  if (q.isError && !q.data) return <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  if (!q.data) return <Bones rows={10} />
  return <Record key={id} o={o} rec={q.data} />
}

const focusFact = () => document.querySelector<HTMLElement>('[data-facts] dd button')?.click()
/** The timeline offers writing while it is shown. */
const write = () => theActions().find(a => a.id === 'note')?.run()

function useSteps(o: Obj, rec: Rec) {
  const navigate = useNavigate()
  const { tab } = useSearch({ from: '/o/$object/$id' })
  const place = placeIn(o.name, rec.id)
  const go = useStable((step: 1 | -1) => {
    neighbour(o.name, rec.id, step).then(id => {
      if (id) void navigate({ to: '/o/$object/$id', params: { object: o.name, id }, search: { tab }, replace: true })
      else toast(t(step === 1 ? 'record.last' : 'record.first'))
    }, complain)
  })
  return { go, place }
}

function Record({ o, rec }: { o: Obj; rec: Rec }) {
  useNames()
  const lang = useLang()
  const navigate = useNavigate()
  const { tab } = useSearch({ from: '/o/$object/$id' })
  const { go, place } = useSteps(o, rec)
  const [writing, setWriting] = useState(false)
  const all = useObjects()
  const acts = activitiesOf(all, o).some(a => a.object.can.create && a.field.can.edit)
  const toTab = useStable((id: string) => void navigate({ to: '/o/$object/$id', params: { object: o.name, id: rec.id }, search: { tab: id }, replace: true }))
  const drop = () => { remove(o.name, [rec.id]).then(() => { forget(o.name, rec.id); void refresh(o.name); void navigate({ to: '/o/$object', params: { object: o.name } }) }, complain) }
  const copy = () => { navigator.clipboard.writeText(`${location.origin}/o/${o.name}/${rec.id}`).then(() => toast(t('record.copied')), () => toast(t('copied.not'), undefined, true)) }
  const onTimeline = !tab || tab === 'timeline'
  const log = useStable(() => { if (onTimeline) write(); else { setWriting(true); toTab('timeline') } })
  useEffect(() => { if (writing && onTimeline) { setWriting(false); write() } }, [writing, onTimeline])
  useActions([
    ...(rec.can.update ? [{ id: 'edit', text: t('edit.first'), icon: 'note' as const, keys: 'e', run: focusFact }] : []),
    ...(acts && !onTimeline ? [{ id: 'log', text: t('log.write'), icon: 'note' as const, keys: 'n', run: log }] : []),
    ...(place ? [{ id: 'previous', text: t('record.previous'), icon: 'up' as const, keys: '[', run: () => go(-1) }, { id: 'next', text: t('record.next'), icon: 'down' as const, keys: ']', run: () => go(1) }] : []),
    { id: 'copy', text: t('record.copy'), icon: 'external' as const, run: copy },
    ...(rec.can.delete ? [{ id: 'delete', text: t('delete'), icon: 'trash' as const, run: drop }] : []),
  ], `${rec.id} ${rec.can.update} ${rec.can.delete} ${acts} ${onTimeline} ${Boolean(place)} ${lang}`)
  const owner = fieldNamed(o, 'owner')
  const Owner = owner && rec.fields.owner ? typeOf(owner).Cell : null
  return (
    <div className={css.page}>
      <header className={css.head}>
        <span className={css.kind} title={label(o.label)}><Icon name={iconOf(o.name)} size={20} /></span>
        <h1 dir="auto" title={recTitle(rec)}>{recTitle(rec) || t('untitled')}</h1>
        <Link to="/o/$object" params={{ object: o.name }} search={{}} className={css.up}>{label(o.plural)}</Link>
        <Boundary><StagePill rec={rec} object={o} /></Boundary>
        {rec.erased && <span className={css.badge}>{t('erased')}</span>}
        {!rec.can.update && <span className={css.badge}>{t('read_only')}</span>}
        <span className={css.space} />
        {Owner && owner && <span className={css.owner} title={label(owner.label)}><Owner field={owner} value={rec.fields.owner} rec={rec} /></span>}
        {place && (
          <>
            <button type="button" className={css.tool} aria-label={t('record.previous')} title={t('record.previous')} disabled={place.at === 0} onClick={() => go(-1)}><Icon name="up" /></button>
            <button type="button" className={css.tool} aria-label={t('record.next')} title={t('record.next')} disabled={place.at === place.trail.ids.length - 1 && !place.trail.cursor} onClick={() => go(1)}><Icon name="down" /></button>
          </>
        )}
        {acts ? <Button size="xs" className={css.main} onClick={log} leftSection={<Icon name="plus" size={14} />}>{t('log.write')}</Button> : rec.can.update && <Button size="xs" className={css.main} onClick={focusFact} leftSection={<Icon name="note" size={14} />}>{t('record.edit')}</Button>}
        <Menu position="bottom-end" width={220} shadow="none" transitionProps={{ duration: 0 }}>
          <Menu.Target><button type="button" className={css.tool} aria-label={t('more')}><Icon name="dots" size={18} /></button></Menu.Target>
          <Menu.Dropdown>
            {rec.can.update && acts && <Menu.Item leftSection={<Icon name="note" />} onClick={() => requestAnimationFrame(focusFact)}>{t('edit.first')}</Menu.Item>}
            <Menu.Item leftSection={<Icon name="external" />} onClick={copy}>{t('record.copy')}</Menu.Item>
            {rec.can.delete && <Menu.Item leftSection={<Icon name="trash" />} onClick={drop}>{t('delete')}</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      </header>
      <div className={css.two}>
        <section aria-label={t('facts')}><Boundary><Facts rec={rec} object={o} /></Boundary></section>
        <section aria-label={t('tabs')}><Tabs rec={rec} object={o} tab={tab} onTab={toTab} /></section>
      </div>
    </div>
  )
}
