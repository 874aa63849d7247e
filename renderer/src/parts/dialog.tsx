import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { Button, IconButton } from './button.tsx'
import { t } from '../words/words.ts'

interface Props {
  readonly title: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
  readonly wide?: boolean
  readonly role?: 'dialog' | 'alertdialog'
}

/** A dialog over the window: focus stays in it, Escape closes it, focus returns to where it came from. */
export function Dialog({ title, isOpen, onClose, children, wide = false, role = 'dialog' }: Props) {
  return (
    <ModalOverlay
      className="overlay"
      isOpen={isOpen}
      isDismissable={role === 'dialog' && !wide}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
    >
      <Modal className={wide ? 'modal wide' : 'modal'}>
        <AriaDialog role={role} className="dialog">
          <header>
            <Heading slot="title">{title}</Heading>
            <IconButton icon="x" label={t('Close')} onClick={onClose} />
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

interface ConfirmProps {
  readonly title: string
  readonly isOpen: boolean
  readonly children: ReactNode
  readonly action: string
  readonly danger?: boolean
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, isOpen, children, action, danger = false, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose} role="alertdialog">
      <div className="dialog-body">{children}</div>
      <footer>
        <Button kind="plain" onClick={onClose}>
          {t('Keep it as it is')}
        </Button>
        <Button
          kind={danger ? 'danger' : 'primary'}
          onClick={() => {
            onClose()
            onConfirm()
          }}
        >
          {action}
        </Button>
      </footer>
    </Dialog>
  )
}
