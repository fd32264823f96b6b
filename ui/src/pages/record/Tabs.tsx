import { type KeyboardEvent, useId, useState } from 'react'
import { t } from '../../lib/i18n'
import { useObjects } from '../../lib/schema'
import type { Obj, Rec } from '../../lib/types'
import { Boundary } from '../../parts/Boundary'
import css from './record.module.css'
import { tabs } from './tabs'

export function Tabs({ rec, object, tab, onTab }: { rec: Rec; object: Obj; tab?: string; onTab?: (id: string) => void }) {
  const id = useId()
  const all = useObjects()
  const [own, setOwn] = useState('')
  const fit = tabs.filter(x => x.fits(object, all))
  const now = fit.find(x => x.id === (tab || own)) ?? fit[0]
  if (!now) return null
  const go = (to: string) => (onTab ? onTab(to) : setOwn(to))
  const onKeyDown = (e: KeyboardEvent) => {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0
    if (!step) return
    const next = fit[(fit.indexOf(now) + step + fit.length) % fit.length]!
    go(next.id)
    document.getElementById(`${id}-${next.id}`)?.focus()
  }
  return (
    <div>
      <div className={css.tabs} role="tablist" aria-label={t('tabs')} onKeyDown={onKeyDown}>
        {fit.map(x => <button key={x.id} id={`${id}-${x.id}`} type="button" role="tab" aria-selected={x === now} aria-controls={`${id}-panel`} tabIndex={x === now ? 0 : -1} className={css.tab} onClick={() => go(x.id)}>{t(x.text)}</button>)}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${now.id}`}><Boundary key={now.id}><now.Component rec={rec} object={object} /></Boundary></div>
    </div>
  )
}
