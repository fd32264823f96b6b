// Choosing one or several of a list, with the keyboard alone: type to narrow, arrows, Enter. The list is
// given whole, or asked of the server with what was typed.
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { t } from '../lib/i18n'
import { Popover } from '../lib/kit'
import { composing } from '../lib/nav'
import css from './Choose.module.css'
import { Icon } from './Icon'
import { Pill } from './Pill'

export interface Choice { key: string; text: string; color?: string; pill?: boolean; hint?: string }

interface Props {
  name: string
  chosen: Choice[]
  choices?: Choice[]
  /** asks the server; its answers are kept under the key */
  load?: { key: readonly unknown[]; run: (search: string) => Promise<Choice[]> }
  many?: boolean
  /** a choice of nothing is offered */
  clearable?: boolean
  place: 'cell' | 'form' | 'filter'
  seed?: string
  id?: string
  invalid?: boolean
  describedBy?: string
  autoFocus?: boolean
  onChange: (keys: string[], picked?: Choice) => void
  onDone?: (leave: 'down' | 'right' | 'left' | 'stay') => void
  onCancel?: () => void
}

/** So many options are put into the page; who has more types to narrow them. */
const shown = 200

function useChoices(p: Props, search: string) {
  const [asked, setAsked] = useState(search)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(search), 150)
    return () => clearTimeout(timer)
  }, [search])
  const q = useQuery({
    queryKey: [...(p.load?.key ?? ['none']), asked], enabled: Boolean(p.load), staleTime: 30_000, placeholderData: before => before,
    queryFn: () => p.load!.run(asked),
  })
  const fold = (s: string) => s.normalize('NFKC').toLowerCase()
  const given = useMemo(() => (p.choices ?? []).filter(c => fold(c.text).includes(fold(search.trim()))), [p.choices, search])
  const list = p.load ? (q.data ?? []) : given
  return { list: list.slice(0, shown), more: list.length > shown, waiting: q.isLoading && Boolean(p.load), failed: q.isError }
}

export function Choose(p: Props) {
  const [search, setSearch] = useState(p.seed ?? '')
  const [open, setOpen] = useState(p.place === 'cell' || Boolean(p.autoFocus && p.place === 'filter'))
  const [active, setActive] = useState(0)
  const { list, more, waiting, failed } = useChoices(p, search)
  const input = useRef<HTMLInputElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const listId = useId()
  const keys = p.chosen.map(c => c.key)

  useEffect(() => { if (p.autoFocus) input.current?.focus() }, [p.autoFocus])
  useEffect(() => { setActive(0) }, [search])

  const pick = (c: Choice) => {
    setSearch('')
    if (!p.many) {
      p.onChange([c.key], c)
      setOpen(false)
      p.onDone?.('stay')
      return
    }
    p.onChange(keys.includes(c.key) ? keys.filter(k => k !== c.key) : [...keys, c.key], c)
  }
  const drop = (key: string) => { p.onChange(keys.filter(k => k !== key)); input.current?.focus() }

  const onKeyDown = (e: KeyboardEvent) => {
    if (composing(e)) return
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0
    if (step) {
      e.preventDefault()
      if (!open) setOpen(true)
      else setActive(a => (a + step + list.length) % Math.max(1, list.length))
    } else if (e.key === 'Enter') {
      if (open && list[active]) { e.preventDefault(); e.stopPropagation(); pick(list[active]) }
      else if (p.onDone) { e.preventDefault(); p.onDone('down') }
    } else if (e.key === 'Escape') {
      if (!open && !p.onCancel) return
      e.preventDefault(); e.stopPropagation()
      setOpen(false)
      p.onCancel?.()
    } else if (e.key === 'Tab') {
      if (p.place === 'cell') { e.preventDefault(); p.onDone?.(e.shiftKey ? 'left' : 'right') }
      setOpen(false)
    } else if (e.key === 'Backspace' && !search && keys.length && (p.many || p.clearable)) {
      p.onChange(keys.slice(0, -1))
    }
    if (p.place === 'cell') e.stopPropagation()
  }

  return (
    <Popover withRoles={false} opened={open} onChange={setOpen} position="bottom-start" width={p.place === 'filter' ? 240 : 'target'} offset={2} withinPortal zIndex={400} shadow="none" transitionProps={{ duration: 0 }}>
      <Popover.Target>
        <div ref={box} className={`${css.box} ${p.place === 'cell' ? css.cell : css.form} ${p.invalid ? css.bad : ''}`} onClick={() => { input.current?.focus(); setOpen(true) }}>
          {p.chosen.map(c => (
            <span key={c.key} className={css.chosen}>
              {c.pill ? <Pill text={c.text} color={c.color} /> : <span>{c.text}</span>}
              {(p.many || p.clearable) && p.place !== 'cell' && (
                <button type="button" className={css.x} tabIndex={-1} aria-label={t('choose.drop', { what: c.text })} onClick={e => { e.stopPropagation(); drop(c.key) }}><Icon name="x" size={14} /></button>
              )}
            </span>
          ))}
          <input
            ref={input} id={p.id} data-autofocus={p.autoFocus || undefined} className={css.input} value={search} role="combobox" aria-expanded={open} aria-controls={open ? listId : undefined} aria-autocomplete="list"
            aria-label={p.id ? undefined : p.name} aria-invalid={p.invalid || undefined} aria-describedby={p.describedBy} autoComplete="off" spellCheck={false}
            aria-activedescendant={open && list[active] ? `${listId}-${active}` : undefined} placeholder={p.chosen.length ? '' : t('choose.placeholder')}
            onChange={e => { setSearch(e.target.value); setOpen(true) }} onKeyDown={onKeyDown} onFocus={() => { if (p.place !== 'cell' && !p.autoFocus) setOpen(true) }}
            onBlur={e => { if (!box.current?.contains(e.relatedTarget)) { setOpen(false); if (p.place === 'cell') p.onDone?.('stay') } }}
          />
        </div>
      </Popover.Target>
      <Popover.Dropdown p={0} bd={0} bg="transparent">
        <div className={css.frame} onMouseDown={e => e.preventDefault()}>
        <div id={listId} role="listbox" aria-label={p.name} aria-multiselectable={p.many || undefined}>
          {list.map((c, i) => (
            <div
              key={c.key} id={`${listId}-${i}`} role="option" aria-selected={keys.includes(c.key)} className={`${css.option} ${i === active ? css.active : ''}`}
              ref={el => { if (i === active) el?.scrollIntoView({ block: 'nearest' }) }} onMouseMove={() => setActive(i)} onClick={e => { e.stopPropagation(); pick(c) }}
            >
              {c.pill ? <Pill text={c.text} color={c.color} /> : <span>{c.text}</span>}
              {c.hint && <span className={css.hint}>{c.hint}</span>}
              {keys.includes(c.key) && <span className={css.tick}><Icon name="check" size={14} /></span>}
            </div>
          ))}
        </div>
        {(waiting || failed || more || list.length === 0) && (
          <div className={css.note} role="status">{t(waiting ? 'loading' : failed ? 'choose.failed' : more ? 'choose.more' : 'choose.none')}</div>
        )}
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
