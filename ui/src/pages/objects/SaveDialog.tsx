// Before a change of the structure is made: what differs, what it means for what is stored, and what the
// server says to it.
import { useEffect, useRef, useState } from 'react'
import { newKey } from '../../lib/api'
import { type Key, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { explain } from '../../lib/toast'
import { Dialog } from '../../parts/Dialog'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import type { Definition } from '../../lib/types'
import { type Change, carryOut, tryOut } from './data'
import type { Difference } from './draft'
import css from './objects.module.css'

interface Props {
  title: string
  change: Change
  differences: Difference[]
  then: { key: Key; n?: number; strong?: boolean }[]
  onClose: () => void
  /** refused by the server, at its fields */
  onRefused: (e: unknown) => void
  onDone: (made: Definition) => void
}

export function SaveDialog({ title, change, differences, then, onClose, onRefused, onDone }: Props) {
  const [state, setState] = useState<'asking' | 'good' | 'saving' | 'bad'>('asking')
  const [problem, setProblem] = useState('')
  const key = useRef(newKey())
  const once = useRef({ change, onRefused })
  const refused = (e: unknown) => { setState('bad'); setProblem(explain(e)); once.current.onRefused(e) }
  useEffect(() => {
    const stop = new AbortController()
    tryOut(once.current.change, stop.signal).then(() => setState('good'), (e: unknown) => { if (!stop.signal.aborted) { setState('bad'); setProblem(explain(e)); once.current.onRefused(e) } })
    return () => stop.abort()
  }, [])
  const save = () => {
    setState('saving')
    carryOut(change, key.current).then(onDone, refused)
  }
  return (
    <Dialog title={title} size={600} onClose={onClose}>
      <div className={form.form}>
        {differences.length > 0 && (
          <table className={css.diff}>
            <thead><tr><th scope="col">{t('adm.diff.what')}</th><th scope="col">{t('adm.diff.old')}</th><th scope="col">{t('adm.diff.new')}</th></tr></thead>
            <tbody>
              {differences.map(d => (
                <tr key={d.what}><th scope="row">{t(d.what)}</th><td>{d.old ? <del>{d.old}</del> : <span className={css.none}>—</span>}</td><td>{d.now ? <ins>{d.now}</ins> : <span className={css.none}>—</span>}</td></tr>
              ))}
            </tbody>
          </table>
        )}
        <section>
          <h3 className={css.small}>{t('adm.then')}</h3>
          <ul className={css.then}>{then.map(c => <li key={c.key} className={c.strong ? css.strong : undefined}><Icon name={c.strong ? 'alert' : 'check'} size={14} /><span>{t(c.key, { n: c.n ?? -1 })}</span></li>)}</ul>
        </section>
        <div className={css.verdict} aria-live="polite">
          {state === 'asking' && <span className={form.help}>{t('adm.checking')}</span>}
          {state === 'good' && <span className={css.good}><Icon name="check" size={14} /> {t('adm.checked')}</span>}
          {state === 'bad' && <div className={form.alert} role="alert">{problem}</div>}
        </div>
        <div className={form.foot}>
          <span className={form.help}>{t('adm.journal')}</span>
          <Button variant="default" onClick={onClose}>{t(state === 'bad' ? 'adm.back_to_form' : 'cancel')}</Button>
          <Button data-autofocus disabled={state !== 'good' && state !== 'saving'} loading={state === 'saving'} onClick={save}>{t('adm.save')}</Button>
        </div>
      </div>
    </Dialog>
  )
}
