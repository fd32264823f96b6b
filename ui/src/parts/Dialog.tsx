import type { ReactNode } from 'react'
import { t } from '../lib/i18n'
import { Modal } from '../lib/kit'

/** A dialog as the strict profile allows it: the page behind does not scroll anyway. */
export function Dialog({ title, size = 460, onClose, children, closable = true }: { title: string; size?: number; onClose: () => void; children: ReactNode; closable?: boolean }) {
  return (
    <Modal
      opened onClose={onClose} title={title} size={size} lockScroll={false} centered={false} yOffset="12vh" zIndex={300} closeOnEscape={closable} closeOnClickOutside={false} withCloseButton={closable}
      closeButtonProps={{ 'aria-label': t('close') }} transitionProps={{ duration: 0 }} overlayProps={{ backgroundOpacity: 0.4, transitionProps: { duration: 0 } }}
    >
      {children}
    </Modal>
  )
}
