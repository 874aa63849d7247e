import { Confirm } from '../../parts/dialog.tsx'
import { t } from '../../words/words.ts'
import { SaveTemplateDialog, TemplateDialog } from './dialogs.tsx'
import { SendLaterDialog } from './send-later.tsx'
import { insertTemplate } from './start-writing.ts'
import type { DraftState } from './use-draft.ts'

/** A question that is open. */
export type Asks = 'discard' | 'later' | 'insert-template' | 'save-template'

interface Props {
  readonly asks: Asks | null
  readonly draft: DraftState
  readonly onAnswered: () => void
  readonly onDiscard: () => void
  readonly send: (sendAtMs: number) => Promise<void>
}

/** What is asked over the composer. */
export function Questions({ asks, draft, onAnswered, onDiscard, send }: Props) {
  if (asks === 'later')
    return (
      <SendLaterDialog
        onClose={onAnswered}
        onChoose={(sendAtMs) => {
          onAnswered()
          void send(sendAtMs)
        }}
      />
    )
  if (asks === 'insert-template')
    return (
      <TemplateDialog
        onClose={onAnswered}
        onPick={({ content }) => {
          onAnswered()
          insertTemplate(draft, content)
        }}
      />
    )
  if (asks === 'save-template') return <SaveTemplateDialog content={draft.contentNow()} onClose={onAnswered} />
  return (
    <Confirm
      title={t('Discard this message?')}
      isOpen={asks === 'discard'}
      action={t('Discard')}
      danger
      onClose={onAnswered}
      onConfirm={onDiscard}
    >
      <p>{t('What you have written is gone then, its draft and attachments included.')}</p>
    </Confirm>
  )
}
