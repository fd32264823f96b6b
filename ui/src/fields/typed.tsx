// Types whose value is typed as one line: how it is written for editing, and how it is read back.
import { type FC, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { Key } from '../lib/i18n'
import { t } from '../lib/i18n'
import { composing } from '../lib/nav'
import type { Field } from '../lib/types'
import css from './cells.module.css'
import type { EditorProps } from './types'

export interface Typed {
  write: (value: unknown, field: Field) => string
  /** undefined: what was typed is no value */
  read: (text: string, field: Field) => unknown
  bad: Key
  end?: boolean
  kind?: 'text' | 'email' | 'tel' | 'url'
  mode?: 'decimal' | 'numeric' | 'email' | 'tel' | 'url'
  /** an example of how it is written */
  hint?: (field: Field) => string
}

/** A one-line editor. In a cell it is thrown away after one commit. */
export function typedEditor(k: Typed): FC<EditorProps> {
  return function TypedEditor(p: EditorProps) {
    const [text, setText] = useState(p.seed ?? k.write(p.value, p.field))
    const input = useRef<HTMLInputElement>(null)
    const over = useRef(false)
    const typing = useRef(false)

    useEffect(() => {
      if (p.autoFocus) { input.current?.focus(); if (p.seed === undefined) input.current?.select() }
    }, [p.autoFocus, p.seed])
    // The value was changed from outside (a form that was filled again).
    useEffect(() => { if (!typing.current && p.place !== 'cell') setText(k.write(p.value, p.field)) }, [p.value, p.field, p.place])

    const parse = (s: string): { value?: unknown; bad?: string } => {
      if (s.trim() === '') return { value: null }
      const value = k.read(s, p.field)
      return value === undefined ? { bad: t(k.bad, { example: k.hint?.(p.field) ?? '' }) } : { value }
    }
    const commit = (leave: 'down' | 'right' | 'left' | 'stay') => {
      if (over.current) return
      const { value, bad } = parse(text)
      p.onBad?.(bad ?? null)
      if (bad) return
      over.current = p.place === 'cell'
      p.onCommit?.(value, leave)
    }
    const onKeyDown = (e: KeyboardEvent) => {
      if (composing(e)) return
      if (p.place === 'cell') e.stopPropagation()
      if (e.key === 'Enter' && p.onCommit) { e.preventDefault(); commit('down') }
      else if (e.key === 'Tab' && p.place === 'cell') { e.preventDefault(); commit(e.shiftKey ? 'left' : 'right') }
      else if (e.key === 'Escape' && p.onCancel) { e.preventDefault(); e.stopPropagation(); over.current = true; p.onCancel() }
    }
    return (
      <input
        ref={input} id={p.id} data-autofocus={p.autoFocus || undefined} type={k.kind ?? 'text'} inputMode={k.mode} className={`${p.place === 'cell' ? css.input : css.field} ${k.end && p.place === 'cell' ? css.end : ''}`} value={text}
        aria-label={p.id ? undefined : p.name} aria-invalid={p.invalid || undefined} aria-describedby={p.describedBy} autoComplete="off" spellCheck={false} placeholder={k.hint?.(p.field)}
        onChange={e => {
          typing.current = true
          setText(e.target.value)
          if (p.place === 'cell') { p.onBad?.(null); return }
          const { value, bad } = parse(e.target.value)
          // A form asks before it sends; where there is a commit, that asks.
          if (!p.onCommit || !bad) p.onBad?.(bad ?? null)
          if (!bad) p.onChange(value)
        }}
        onKeyDown={onKeyDown}
        onBlur={() => {
          typing.current = false
          if (p.place === 'cell' || p.onCommit) { commit('stay'); return }
          const { value, bad } = parse(text)
          p.onBad?.(bad ?? null)
          if (!bad) p.onChange(value)
        }}
      />
    )
  }
}
