// What is shown once and never again: a token, a link. It stays in the state of one dialog, and goes to the
// clipboard only when somebody says so.
import { useRef, useState } from 'react'
import { t } from '../lib/i18n'
import { Button } from '../lib/kit'
import { Dialog } from './Dialog'
import form from './form.module.css'
import { Icon } from './Icon'

export function Once({ title, text, value, onClose }: { title: string; text: string; value: string; onClose: () => void }) {
  const box = useRef<HTMLTextAreaElement>(null)
  const [copied, setCopied] = useState(false)
  const copy = () => {
    navigator.clipboard?.writeText(value).then(() => setCopied(true), () => box.current?.select())
    if (!navigator.clipboard) box.current?.select()
  }
  return (
    <Dialog title={title} size={560} onClose={onClose}>
      <div className={form.form}>
        <p>{text}</p>
        <div className={form.note}><Icon name="alert" size={14} /> {t('once.note')}</div>
        <textarea ref={box} className={form.value} rows={3} readOnly value={value} aria-label={title} data-autofocus spellCheck={false} onFocus={e => e.currentTarget.select()} />
        <div className={form.foot}>
          <span className={form.help} role="status">{copied ? t('once.copied') : ''}</span>
          <Button variant="default" onClick={copy}>{t('once.copy')}</Button>
          <Button onClick={onClose}>{t('once.done')}</Button>
        </div>
      </div>
    </Dialog>
  )
}
