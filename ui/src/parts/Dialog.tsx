import type { ReactNode } from 'react'
import { t } from '../lib/i18n'
import { Modal } from '../lib/kit'
import css from './Dialog.module.css'
import { Icon } from './Icon'

interface Props { title: string; size?: number; onClose: () => void; children: ReactNode; closable?: boolean; bare?: boolean }

/** A dialog as the strict profile allows it. The page behind does not scroll anyway, so nothing is locked.
 *  A bare one shows no title of its own. */
export function Dialog({ title, size = 460, onClose, children, closable = true, bare = false }: Props) {
  return (
    <Modal.Root opened onClose={onClose} size={size} lockScroll={false} yOffset="8vh" padding={0} zIndex={300} closeOnEscape={closable} closeOnClickOutside={bare} transitionProps={{ duration: 0 }}>
      <Modal.Overlay backgroundOpacity={0.4} transitionProps={{ duration: 0 }} />
      <Modal.Content>
        {bare ? <Modal.Title className="hidden-visually">{title}</Modal.Title> : (
          <div className={css.head}>
            <Modal.Title className={css.title}>{title}</Modal.Title>
            {closable && <button type="button" className={css.x} aria-label={t('close')} onClick={onClose}><Icon name="x" /></button>}
          </div>
        )}
        <div className={bare ? undefined : css.body}>{children}</div>
      </Modal.Content>
    </Modal.Root>
  )
}
