import type { ReactNode } from 'react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import type { Test } from './use-test.ts'
import { t } from '../../words/words.ts'

interface FooterProps {
  readonly problem: string | undefined
  readonly onClose: () => void
  readonly children: ReactNode
}

/** What went wrong, the way out, and what can be done. */
export function AccountFooter({ problem, onClose, children }: FooterProps) {
  return (
    <footer>
      <span className="grow clip danger" role="alert">
        {problem === undefined ? null : (
          <>
            <Icon name="alert" /> {problem}
          </>
        )}
      </span>
      <Button kind="plain" onClick={onClose}>
        {t('Cancel')}
      </Button>
      {children}
    </footer>
  )
}

interface Props {
  readonly test: Test
  readonly isTested: boolean
  readonly canTest: boolean
  readonly canAdd: boolean
  readonly onTest: () => void
  readonly onAdd: () => void
}

/** Try an account, then add it. */
export function TestAndAdd({ test, isTested, canTest, canAdd, onTest, onAdd }: Props) {
  return (
    <>
      <Button icon="play" disabled={!canTest || test.at === 'running'} onClick={onTest}>
        {test.at === 'running' ? t('Testing') : t('Test')}
      </Button>
      <Button kind="primary" icon="plus" disabled={!canAdd || test.at === 'running'} onClick={onAdd}>
        {isTested || test.at !== 'failed' ? t('Add account') : t('Add it anyway')}
      </Button>
    </>
  )
}
