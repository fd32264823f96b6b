// A record beside its list. Not a dialog: the list stays in use, and keeps its keys.
import { Link } from '@tanstack/react-router'
import { type PointerEvent, useRef, useState } from 'react'
import { Problem } from '../../lib/api'
import { label, t } from '../../lib/i18n'
import { useRecord } from '../../lib/records'
import { recTitle, useObject } from '../../lib/schema'
import { explain } from '../../lib/toast'
import { Icon, iconOf } from '../../parts/Icon'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import { Facts } from './Facts'
import css from './record.module.css'
import { Tabs } from './Tabs'

const narrowest = 360

export default function Peek({ object, id, onClose }: { object: string; id: string; onClose: () => void }) {
  const o = useObject(object)
  const q = useRecord(object, id)
  const [width, setWidth] = useState(() => Number(localStorage.getItem('peek')) || 480)
  const panel = useRef<HTMLElement>(null)
  const drag = (e: PointerEvent<HTMLDivElement>) => {
    const handle = e.currentTarget
    const right = panel.current!.getBoundingClientRect().right
    handle.setPointerCapture(e.pointerId)
    const at = (x: number) => Math.max(narrowest, Math.min(right - x, window.innerWidth * 0.6))
    handle.onpointermove = ev => { panel.current!.style.width = `${at(ev.clientX)}px` }
    handle.onpointerup = ev => { handle.onpointermove = handle.onpointerup = null; setWidth(at(ev.clientX)); localStorage.setItem('peek', String(Math.round(at(ev.clientX)))) }
  }
  const close = () => { onClose(); document.querySelector<HTMLElement>('[role=grid]')?.focus() }
  const rec = q.data
  return (
    <aside ref={panel} className={css.peek} style={{ width }} aria-label={t('peek')} onKeyDown={e => { if (e.key === 'Escape' && !e.defaultPrevented) { e.preventDefault(); close() } }}>
      <div className={css.grip} onPointerDown={drag} aria-hidden />
      <div className={css.head}>
        <span className={css.kind} title={label(o?.label)}><Icon name={iconOf(object)} size={18} /></span>
        <h2>{rec ? recTitle(rec) || t('untitled') : ''}</h2>
        <span className={css.space} />
        <Link to="/o/$object/$id" params={{ object, id }} className={css.tool} aria-label={t('peek.expand')} title={t('peek.expand')}><Icon name="maximize" /></Link>
        <button type="button" className={css.tool} aria-label={t('close')} onClick={close}><Icon name="x" /></button>
      </div>
      <div className={css.scroll}>
        {q.isLoading || !o ? <Bones /> : q.isError && !rec ? (q.error instanceof Problem && q.error.code === 'not_found' ? <EmptyState icon="search" title={t('not_found.title')} text={t('not_found.text')} /> : <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />)
          : rec && <><Facts key={rec.id} rec={rec} object={o} /><Tabs rec={rec} object={o} /></>}
      </div>
    </aside>
  )
}
