import { useEffect, useState } from 'react'
import { t } from '../lib/i18n'
import { dismiss, type Toast, useToasts } from '../lib/toast'
import { Icon } from './Icon'
import css from './Toasts.module.css'

/** What went well leaves after six seconds, not while it is pointed at; what failed stays. */
function One({ x }: { x: Toast }) {
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (x.bad || held) return
    const timer = setTimeout(() => dismiss(x.id), 6000)
    return () => clearTimeout(timer)
  }, [x, held])
  return (
    <div className={`${css.toast} ${x.bad ? css.bad : ''}`} onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(false)} onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}>
      {x.bad && <Icon name="alert" />}
      <span className={css.text}>{x.text}</span>
      {x.action && <button type="button" className={css.act} onClick={x.action.run}>{x.action.text}</button>}
      <button type="button" className={css.x} aria-label={t('close')} onClick={() => dismiss(x.id)}><Icon name="x" size={14} /></button>
    </div>
  )
}

export function Toasts() {
  const list = useToasts()
  return <div className={css.stack} role="status" aria-live="polite">{list.map(x => <One key={x.id} x={x} />)}</div>
}
