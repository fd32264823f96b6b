// The choices of a picklist: labels, colours, order by drag or Alt with arrows, kept or taken away.
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import { label, t } from '../../lib/i18n'
import { Menu } from '../../lib/kit'
import { composing } from '../../lib/nav'
import type { Option } from '../../lib/types'
import { Icon } from '../../parts/Icon'
import { Pill } from '../../parts/Pill'
import form from '../../parts/form.module.css'
import { colours, keyFor } from './draft'
import css from './objects.module.css'
import { TypeIcon } from './TypeIcon'

interface Props { options: Option[]; stored: Option[]; fixed: boolean; error?: string; onChange: (list: Option[]) => void }

export function moved<T>(list: T[], from: number, to: number): T[] {
  const at = Math.max(0, Math.min(list.length - 1, to))
  const out = [...list]
  out.splice(at, 0, ...out.splice(from, 1))
  return out
}

/** So many rows are in the page at once; a list of thousands shows those that fit what is typed. */
const shownRows = 100

export function Options({ options, stored, fixed, error, onChange }: Props) {
  const [search, setSearch] = useState('')
  const [said, setSaid] = useState('')
  const box = useRef<HTMLUListElement>(null)
  const drag = useRef<{ at: number } | null>(null)
  const set = (i: number, change: Partial<Option>) => onChange(options.map((o, n) => (n === i ? { ...o, ...change } : o)))
  const kept = (o: Option) => stored.some(x => x.key === o.key)
  const focus = (i: number) => requestAnimationFrame(() => box.current?.querySelectorAll<HTMLInputElement>('input[data-first]')[i]?.focus())
  const add = () => {
    onChange([...options, { key: '', label: { en: '', zh: '' } }])
    setSearch('')
    focus(options.length)
  }
  const shift = (i: number, by: number) => {
    const to = i + by
    if (to < 0 || to >= options.length) return
    onChange(moved(options, i, to))
    setSaid(t('adm.option.moved', { what: label(options[i]!.label), n: to + 1, of: options.length }))
    focus(to)
  }
  const onKeyDown = (e: KeyboardEvent, i: number) => {
    if (composing(e)) return
    if (e.altKey && (e.key === 'ArrowUp' || e.key === 'ArrowDown')) { e.preventDefault(); shift(i, e.key === 'ArrowUp' ? -1 : 1) }
    else if (e.key === 'Enter') { e.preventDefault(); if (i === options.length - 1) add(); else focus(i + 1) }
  }
  const onDrag = (e: PointerEvent) => {
    const d = drag.current
    if (!d || !box.current) return
    const rows = [...box.current.children]
    const over = rows.findIndex(r => { const b = r.getBoundingClientRect(); return e.clientY >= b.top && e.clientY < b.bottom })
    if (over >= 0 && over !== d.at) { onChange(moved(options, d.at, over)); d.at = over }
  }
  const fits = (o: Option) => !search || `${o.label.en} ${o.label.zh} ${o.key}`.toLowerCase().includes(search.toLowerCase())
  const rows = options.map((o, i) => ({ o, i })).filter(x => fits(x.o))
  const many = options.length > 20
  return (
    <fieldset className={css.group}>
      <legend className={form.label}>{t('adm.options')}</legend>
      {many && <input className={form.input} value={search} onChange={e => setSearch(e.target.value)} aria-label={t('adm.option.find')} placeholder={t('adm.option.find')} />}
      <ul ref={box} className={css.options}>
        {rows.slice(0, shownRows).map(({ o, i }) => (
          <li key={i} className={`${css.option} ${o.archived ? css.gone : ''}`}>
            <span
              className={css.grip} aria-hidden onPointerDown={e => { if (search) return; drag.current = { at: i }; e.currentTarget.setPointerCapture(e.pointerId) }} onPointerMove={onDrag}
              onPointerUp={() => { drag.current = null }} onPointerCancel={() => { drag.current = null }}
            ><TypeIcon type="grip" /></span>
            <Menu position="bottom-start" width={150} shadow="none" transitionProps={{ duration: 0 }}>
              <Menu.Target><button type="button" className={css.swatch} aria-label={t('adm.option.colour', { what: label(o.label), colour: t(`adm.colour.${(o.color || 'grey') as 'grey'}`) })}><Pill text="A" color={o.color} /></button></Menu.Target>
              <Menu.Dropdown>{colours.map(c => <Menu.Item key={c} leftSection={<Pill text="A" color={c} />} onClick={() => set(i, { color: c === 'grey' ? '' : c })}>{t(`adm.colour.${c}`)}</Menu.Item>)}</Menu.Dropdown>
            </Menu>
            <input
              data-first className={form.input} lang="en" value={o.label.en} maxLength={200} aria-label={t('adm.option.en', { n: i + 1 })} placeholder={t('adm.lang.en')} aria-invalid={error && !o.label.en && !o.label.zh ? true : undefined}
              onKeyDown={e => onKeyDown(e, i)} onChange={e => set(i, { label: { ...o.label, en: e.target.value } })}
            />
            <input className={form.input} lang="zh-CN" value={o.label.zh} maxLength={200} aria-label={t('adm.option.zh', { n: i + 1 })} placeholder={t('adm.lang.zh')} onKeyDown={e => onKeyDown(e, i)} onChange={e => set(i, { label: { ...o.label, zh: e.target.value } })} />
            <Menu position="bottom-end" width={220} shadow="none" transitionProps={{ duration: 0 }}>
              <Menu.Target><button type="button" className={css.tool} aria-label={t('adm.option.more', { what: label(o.label) })}><Icon name="dots" /></button></Menu.Target>
              <Menu.Dropdown>
                {o.key && <Menu.Label>{t('adm.option.key', { key: o.key })}</Menu.Label>}
                <Menu.Item leftSection={<Icon name="up" />} disabled={i === 0} onClick={() => shift(i, -1)}>{t('adm.up')}</Menu.Item>
                <Menu.Item leftSection={<Icon name="down" />} disabled={i === options.length - 1} onClick={() => shift(i, 1)}>{t('adm.down')}</Menu.Item>
                {kept(o) && <Menu.Item leftSection={<TypeIcon type="archive" />} onClick={() => set(i, { archived: !o.archived })}>{t(o.archived ? 'adm.option.back' : 'adm.option.archive')}</Menu.Item>}
                {!(fixed && kept(o)) && <Menu.Item leftSection={<Icon name="trash" />} onClick={() => onChange(options.filter((_, n) => n !== i))}>{t('adm.option.remove')}</Menu.Item>}
              </Menu.Dropdown>
            </Menu>
          </li>
        ))}
      </ul>
      {rows.length > shownRows && <div className={form.help}>{t('adm.option.more_rows', { n: rows.length - shownRows })}</div>}
      <button type="button" className={form.more} onClick={add}><Icon name="plus" size={14} /> {t('adm.option.add')}</button>
      {error && <div className={form.error}><Icon name="alert" size={14} /><span>{error}</span></div>}
      <div className={form.help}>{t('adm.option.help')}</div>
      <div className="hidden-visually" role="status">{said}</div>
    </fieldset>
  )
}

/** Gives keys to choices that have none, from what they are called. */
export function withKeys(list: Option[]): Option[] {
  const taken = list.map(o => o.key).filter(Boolean)
  return list.filter(o => o.key || o.label.en.trim() || o.label.zh.trim()).map(o => {
    if (o.key) return o
    const key = keyFor(o.label.en, taken)
    taken.push(key)
    return { ...o, key }
  })
}
