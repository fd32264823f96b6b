import type { ReactNode } from 'react'
import { Boundary } from '../../parts/Boundary'
import { Icon, type IconName } from '../../parts/Icon'
import css from './home.module.css'

/** A part of Home that loads, is empty and breaks by itself. */
export function Panel({ title, icon, count, tools, children }: { title: string; icon: IconName; count?: string; tools?: ReactNode; children: ReactNode }) {
  return (
    <section className={css.panel} aria-label={title}>
      <header className={css.head}><Icon name={icon} size={16} /><h2>{title}</h2>{count && <span className={css.count}>{count}</span>}<span className={css.space} />{tools}</header>
      <Boundary>{children}</Boundary>
    </section>
  )
}
