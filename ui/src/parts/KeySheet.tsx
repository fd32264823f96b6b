import { useState } from 'react'
import { useAllActions } from '../lib/actions'
import { type Key, t } from '../lib/i18n'
import { lettersOn, setLetters } from '../lib/shortcuts'
import { Dialog } from './Dialog'
import css from './KeySheet.module.css'
import { Keys } from './shell/Shell'

const grid: [string, Key][] = [
  ['Enter', 'keys.edit'], ['Space', 'keys.peek'], ['o', 'keys.open'], ['x', 'keys.select'], ['j', 'keys.next'], ['k', 'keys.before'], ['mod+c', 'keys.copy'], ['mod+a', 'keys.all'], ['shift+↓', 'keys.extend'],
  ['mod+Home', 'keys.first'], ['mod+End', 'keys.last'], ['Delete', 'keys.clear'],
]
const board: [string, Key][] = [['Space', 'keys.board.lift'], ['← →', 'keys.board.aim'], ['m', 'keys.board.move'], ['p', 'keys.board.peek'], ['o', 'keys.board.open']]
const calendar: [string, Key][] = [['← →', 'keys.cal.day'], ['PageUp', 'keys.cal.page'], ['Enter', 'keys.cal.enter'], ['Space', 'keys.board.peek'], ['alt+→', 'keys.cal.move'], ['c', 'keys.cal.create'], ['t', 'cal.today']]
const editing: [string, Key][] = [['Enter', 'keys.keep'], ['Tab', 'keys.keep_right'], ['Esc', 'keys.cancel'], ['alt+↓', 'keys.calendar']]

export default function KeySheet({ onClose }: { onClose: () => void }) {
  const actions = useAllActions().filter(a => a.keys)
  const [letters, set] = useState(lettersOn)
  const line = (keys: string, text: string) => <div key={keys + text} className={css.line}><span>{text}</span><span className={css.keys}><Keys keys={keys} /></span></div>
  return (
    <Dialog title={t('keys.title')} size={780} onClose={onClose}>
      <div className={css.columns}>
        <section><h3>{t('keys.everywhere')}</h3>{actions.map(a => line(a.keys!, a.text))}</section>
        <section>
          <h3>{t('keys.list')}</h3>{grid.map(([k, text]) => line(k, t(text)))}
          <h3>{t('keys.board')}</h3>{board.map(([k, text]) => line(k, t(text)))}
          <h3>{t('keys.cal')}</h3>{calendar.map(([k, text]) => line(k, t(text)))}
          <h3>{t('keys.editing')}</h3>{editing.map(([k, text]) => line(k, t(text)))}
        </section>
      </div>
      <label className={css.letters}><input type="checkbox" checked={letters} onChange={e => { set(e.target.checked); setLetters(e.target.checked) }} />{t('keys.letters')}</label>
    </Dialog>
  )
}
