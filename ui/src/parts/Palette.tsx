// Ctrl+K: go, create, run any action, find any record. Two keys to a record: what was typed, Enter.
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useId, useMemo, useState } from 'react'
import { type Action, useAllActions } from '../lib/actions'
import { get } from '../lib/api'
import { useLate } from '../lib/hooks'
import { label, t } from '../lib/i18n'
import { keys } from '../lib/keys'
import { composing } from '../lib/nav'
import { fieldNamed, useObjects } from '../lib/schema'
import { explain } from '../lib/toast'
import type { GroupFound, Hit } from '../lib/types'
import { router } from '../router'
import { Dialog } from './Dialog'
import { marked } from './marked'
import { Icon, type IconName, iconOf } from './Icon'
import css from './Palette.module.css'
import { Keys } from './shell/Shell'

interface Item { id: string; icon: IconName; text: React.ReactNode; sub?: React.ReactNode; keys?: string; run: () => void }

const fold = (s: string) => s.normalize('NFKC').toLowerCase()

/** Actions whose words all begin or hold what was typed; those that begin with it come first. */
function fitting(actions: Action[], typed: string): Action[] {
  const words = fold(typed).split(/\s+/).filter(Boolean)
  const fit = actions.filter(a => a.id !== 'palette' && words.every(w => fold(a.text).includes(w)))
  return fit.sort((a, b) => Number(!fold(a.text).startsWith(words[0] ?? '')) - Number(!fold(b.text).startsWith(words[0] ?? ''))).slice(0, words.length ? 6 : 40)
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const [active, setActive] = useState(0)
  const asked = useLate(typed.trim(), 120)
  const actions = useAllActions()
  const objects = useObjects()
  const id = useId()
  const found = useQuery<{ groups: GroupFound[] }>({
    queryKey: keys.search(asked), enabled: asked.length > 0, placeholderData: before => before,
    queryFn: ({ signal }) => get<{ groups: GroupFound[] }>('/search', { query: { q: asked.slice(0, 500), limit: 6 }, signal }),
  })
  const hit = (h: Hit): Item => {
    const o = objects.find(x => x.name === h.object)
    const mark = h.highlights[0]
    const inTitle = mark && mark.text === h.title
    const f = mark && fieldNamed(o, mark.field)
    return {
      id: `${h.object} ${h.id}`, icon: iconOf(h.object), text: inTitle ? marked(mark.text, mark.ranges) : h.title || t('untitled'),
      sub: mark && !inTitle ? <>{label(f?.label)}{t('colon')}{marked(mark.text, mark.ranges)}</> : undefined,
      run: () => void router.navigate({ to: '/o/$object/$id', params: { object: h.object, id: h.id } }),
    }
  }
  const groups = useMemo(() => {
    const records = typed.trim() ? (found.data?.groups ?? []).map(g => ({ title: label(g.label), items: g.records.map(hit) })) : []
    const acts = fitting(actions, typed).map((a): Item => ({ id: a.id, icon: a.icon ?? 'chevronRight', text: a.text, keys: a.keys, run: a.run }))
    return [...records, { title: t('palette.actions'), items: acts }].filter(g => g.items.length > 0)
  }, [typed, found.data, actions, objects])
  const flat = groups.flatMap(g => g.items)
  useEffect(() => setActive(0), [typed])

  const run = (x: Item | undefined) => { if (x) { onClose(); x.run() } }
  const onKeyDown = (e: KeyboardEvent) => {
    if (composing(e)) return
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0
    if (step) { e.preventDefault(); setActive(a => (a + step + flat.length) % Math.max(1, flat.length)) }
    else if (e.key === 'Enter') { e.preventDefault(); run(flat[active]) }
    else if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); onClose() }
  }
  let n = -1
  return (
    <Dialog title={t('palette.open')} size={620} onClose={onClose} bare>
      <div className={css.top}>
        <Icon name="search" size={18} />
        <input
          data-autofocus role="combobox" aria-expanded aria-controls={id} aria-autocomplete="list" aria-activedescendant={flat[active] ? `${id}-${active}` : undefined} aria-label={t('palette.open')}
          placeholder={t('palette.open')} value={typed} onChange={e => setTyped(e.target.value)} onKeyDown={onKeyDown} spellCheck={false} autoComplete="off"
        />
        <kbd>Esc</kbd>
      </div>
      <div className={css.list} id={id} role="listbox" aria-label={t('palette.found')}>
        {groups.map(g => (
          <div key={g.title} role="group" aria-label={g.title}>
            <div className={css.group} aria-hidden>{g.title}</div>
            {g.items.map(x => {
              n++
              const at = n
              return (
                <div key={x.id} id={`${id}-${at}`} role="option" aria-selected={at === active} className={`${css.item} ${at === active ? css.active : ''}`} ref={el => { if (at === active) el?.scrollIntoView({ block: 'nearest' }) }} onMouseMove={() => setActive(at)} onClick={() => run(x)}>
                  <span className={css.icon}><Icon name={x.icon} /></span>
                  <span className={css.text}>{x.text}{x.sub && <span className={css.sub}>{x.sub}</span>}</span>
                  {x.keys && <span className={css.keys}><Keys keys={x.keys} /></span>}
                </div>
              )
            })}
          </div>
        ))}
      </div>
      <div role="status">
        {found.isError && typed.trim() && <div className={css.note}>{explain(found.error)}</div>}
        {flat.length === 0 && !found.isError && <div className={css.note}>{t(found.isFetching || asked !== typed.trim() ? 'searching' : 'palette.none')}</div>}
      </div>
    </Dialog>
  )
}
