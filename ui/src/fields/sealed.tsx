import { t } from '../lib/i18n'
import { Icon } from '../parts/Icon'
import css from './cells.module.css'
import type { FieldType } from './types'

/** A masked value as it rests: the server sends no more than the mask. It is shown by RevealDialog and
 *  never copied; whoever may, types a new value over it. */
export function sealedType(open: FieldType): FieldType {
  return {
    ...open, end: false, ops: [], Filter: undefined, text: v => (v ? t('sealed') : ''),
    Cell: ({ value }) => (value ? <span className={css.sealed}><Icon name="lock" size={14} /><span className={css.text} aria-hidden>{String(value)}</span><span className="hidden-visually">{t('sealed')}</span></span> : null),
    Editor: open.Editor && (p => { const Editor = open.Editor!; return <Editor {...p} value={null} /> }),
    Form: open.Form && (p => { const Form = open.Form!; return <Form {...p} value={p.value} /> }),
  }
}

/** Written and never read: nothing is ever shown. */
export function secretType(open: FieldType): FieldType {
  return { ...sealedType(open), text: () => '', Cell: () => null }
}
