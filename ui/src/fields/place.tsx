import { type KeyboardEvent, useRef, useState } from 'react'
import { currentLang, t } from '../lib/i18n'
import { composing } from '../lib/nav'
import type { Address } from '../lib/types'
import css from './cells.module.css'
import { typedEditor } from './typed'
import type { EditorProps, FieldType } from './types'

const parts = ['country', 'state', 'city', 'street', 'postal_code'] as const
const of = (v: unknown): Address => (v && typeof v === 'object' ? (v as Address) : {})

/** In Chinese from the whole to the part, elsewhere the other way. */
function text(v: unknown): string {
  const a = of(v)
  if (currentLang() === 'zh-CN') return [a.country, a.state, a.city, a.street].filter(Boolean).join('') + (a.postal_code ? ` ${a.postal_code}` : '')
  return [a.street, [a.postal_code, a.city].filter(Boolean).join(' '), a.state, a.country].filter(Boolean).join(', ')
}

function Editor(p: EditorProps) {
  const [a, setA] = useState<Address>(of(p.value))
  const box = useRef<HTMLDivElement>(null)
  const value = (x: Address) => (Object.values(x).some(Boolean) ? x : null)
  const order = currentLang() === 'zh-CN' ? parts : (['street', 'postal_code', 'city', 'state', 'country'] as const)
  const onKeyDown = (e: KeyboardEvent) => {
    if (composing(e)) return
    if (p.place === 'cell') e.stopPropagation()
    if (e.key === 'Enter' && p.onCommit) { e.preventDefault(); p.onCommit(value(a), 'down') }
    else if (e.key === 'Escape' && p.onCancel) { e.preventDefault(); e.stopPropagation(); p.onCancel() }
  }
  return (
    <div
      ref={box} className={p.place === 'cell' ? css.overParts : css.parts} role="group" aria-label={p.name} onKeyDown={onKeyDown}
      onBlur={e => { if (p.onCommit && !box.current?.contains(e.relatedTarget)) p.onCommit(value(a), 'stay') }}
    >
      {order.map((part, i) => (
        <input
          key={part} id={i === 0 ? p.id : undefined} className={css.field} placeholder={t(`address.${part}`)} aria-label={t(`address.${part}`)} value={a[part] ?? ''} maxLength={255}
          ref={el => { if (i === 0 && p.autoFocus && el && !box.current?.contains(document.activeElement)) el.focus() }}
          onChange={e => { const x = { ...a, [part]: e.target.value || undefined }; setA(x); p.onChange(value(x)) }}
        />
      ))}
    </div>
  )
}

export const address: FieldType = { width: 240, tall: true, text, ops: ['filled', 'empty'], Cell: ({ value }) => <span className={css.text}>{text(value)}</span>, Editor, Form: Editor }

const geoText = (v: unknown) => { const g = v as { lat?: number; lon?: number } | null; return g && typeof g.lat === 'number' ? `${g.lat}, ${g.lon}` : '' }
const GeoEditor = typedEditor({
  write: geoText, bad: 'bad.geo', hint: () => '31.23, 121.47',
  read: s => {
    const m = /^\s*(-?\d+(?:\.\d+)?)\s*[,，]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(s)
    const [lat, lon] = [Number(m?.[1]), Number(m?.[2])]
    return m && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : undefined
  },
})
export const geo: FieldType = { width: 160, text: geoText, ops: ['filled', 'empty'], Cell: ({ value }) => <span className={`${css.text} ${css.num}`}>{geoText(value)}</span>, Editor: GeoEditor, Form: GeoEditor }
