import { useState, type ReactNode } from 'react'
import { wordsOf } from '../bridge/client.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { t } from '../words/words.ts'

interface Props {
  readonly title: string
  /** What the button that does it says. */
  readonly action: string
  /** False while something is missing. */
  readonly isReady?: boolean
  /** Does it. When it fails, the dialog stays and says why; otherwise it closes. */
  readonly onSave: () => Promise<unknown>
  readonly onClose: () => void
  /** The fields; they may show the words of a failure themselves, beside what is wrong. */
  readonly children: ReactNode | ((problem: string | undefined) => ReactNode)
}

/** A dialog to fill in: fields, a way out, and one button that does it. */
export function FormDialog({ title, action, isReady = true, onSave, onClose, children }: Props) {
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await onSave()
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady && !busy) void save()
        }}
      >
        <div className="dialog-body">
          {typeof children === 'function' ? children(problem) : children}
          {typeof children === 'function' || problem === undefined ? null : (
            <p className="danger" role="alert">
              {problem}
            </p>
          )}
        </div>
        <footer>
          <Button kind="plain" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button kind="primary" submit disabled={!isReady || busy}>
            {busy ? t('Working') : action}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
