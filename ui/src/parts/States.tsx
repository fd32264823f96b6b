// What a place shows when it has nothing to show: empty, broken, not yet there.
import type { ReactNode } from 'react'
import { t } from '../lib/i18n'
import { Button } from '../lib/kit'
import { Icon, type IconName } from './Icon'
import css from './States.module.css'

/** A whole page says so with a heading of its own. */
export function EmptyState({ icon, title, text, children, page = false }: { icon: IconName; title: string; text?: string; children?: ReactNode; page?: boolean }) {
  const Title = page ? 'h1' : 'h2'
  return (
    <div className={css.state}>
      <span className={css.icon}><Icon name={icon} size={24} /></span>
      <Title>{title}</Title>
      {text && <p>{text}</p>}
      {children && <div className={css.actions}>{children}</div>}
    </div>
  )
}

export function ErrorState({ text, code, onRetry }: { text: string; code?: string; onRetry?: () => void }) {
  return (
    <div className={css.state} role="alert">
      <span className={`${css.icon} ${css.bad}`}><Icon name="alert" size={24} /></span>
      <p>{text}</p>
      {code && <p><code>{code}</code></p>}
      {onRetry && <Button size="xs" variant="default" onClick={onRetry}>{t('retry')}</Button>}
    </div>
  )
}

/** Nothing for 150 ms, then bones where the content will stand. */
export function Bones({ rows = 6 }: { rows?: number }) {
  return <div className={css.bones} aria-busy aria-label={t('loading')} role="status">{Array.from({ length: rows }, (_, i) => <div key={i} className={css.bone} style={{ width: `${40 + ((i * 37) % 50)}%` }} />)}</div>
}
