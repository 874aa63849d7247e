import { useState } from 'react'
import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { MenuButton, type MenuEntry } from '../../parts/menu.tsx'
import { act } from '../../state/act.ts'
import { saveBytes } from '../../state/actions.ts'
import { toast } from '../../state/toasts.ts'
import { takeBack } from '../compose/take-back.ts'
import { CancelDialog } from './cancel-dialog.tsx'
import { EditDialog } from './edit-dialog.tsx'
import { isOpen } from './states.ts'
import { WayDialog } from './way-dialog.tsx'
import { wideActs } from './wide-acts.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly entry: QueueEntryView
  readonly recipient: RecipientView
  readonly nowMs: number
}
type Asking = 'cancel' | 'edit' | 'way'

const BY = 'window' as const

/** What a person can do about one recipient: the likely things as buttons, the others in a menu. */
export function RecipientActs({ entry, recipient, nowMs }: Props) {
  const [asks, setAsks] = useState<Asking | null>(null)
  const target = { id: entry.id, recipientId: recipient.id, by: BY }
  const { state } = recipient
  const waits = state === 'waiting' || state === 'deferred'
  const isLater = entry.holdUntilMs !== null && entry.holdUntilMs > nowMs

  const retry = async () => {
    const done = await act(t('Trying again'), () => api.queue.retry(target))
    if (done !== undefined)
      toast(done.recipients === 0 ? t('It does not wait any more.') : t('Being tried now.'), { icon: 'refresh' })
  }
  const release = async () => {
    const done = await act(t('Letting it go'), () => api.queue.release(target))
    if (done !== undefined)
      toast(done.recipients === 0 ? t('It is not held any more.') : t('Let go.'), { icon: 'play' })
  }
  const hold = () => act(t('Holding it'), () => api.queue.hold(target))
  const decide = (decision: 'resend' | 'arrived') =>
    act(t('Deciding'), () => api.queue.decide({ recipientId: recipient.id, decision, by: BY }))
  const save = async () => {
    const file = await act(t('Saving the message'), () => api.queue.export({ id: entry.id, by: BY }))
    if (file !== undefined) saveBytes(file.handle, file.filename)
  }

  const more: MenuEntry[] = [
    ...(waits || state === 'held'
      ? [
          { id: 'edit', label: t('Change the address…'), icon: 'draft', run: () => setAsks('edit') } as const,
          { id: 'way', label: t('Choose its route…'), icon: 'route', run: () => setAsks('way') } as const,
        ]
      : []),
    { id: 'save', label: t('Save the message as a file'), icon: 'download', run: () => void save() },
    ...(isOpen(recipient)
      ? [{ id: 'cancel', label: t('Cancel delivery…'), icon: 'x', run: () => setAsks('cancel') } as const]
      : []),
  ]
  return (
    <div className="acts">
      {entry.undoUntilMs !== null && entry.undoUntilMs > nowMs ? (
        <Button icon="undo" kind="primary" onClick={() => void takeBack(entry.id)}>
          {t('Undo send')}
        </Button>
      ) : null}
      {state === 'unknown' ? (
        <>
          <Button icon="refresh" onClick={() => void decide('resend')}>
            {t('Send again')}
          </Button>
          <Button icon="check" onClick={() => void decide('arrived')}>
            {t('It arrived')}
          </Button>
        </>
      ) : null}
      {waits && !isLater ? (
        <Button icon="refresh" onClick={() => void retry()}>
          {t('Try now')}
        </Button>
      ) : null}
      {state === 'held' || (waits && isLater) ? (
        <Button icon="play" onClick={() => void release()}>
          {state === 'held' ? t('Release') : t('Send now')}
        </Button>
      ) : null}
      {waits ? (
        <Button icon="hold" kind="plain" onClick={() => void hold()}>
          {t('Hold')}
        </Button>
      ) : null}
      {entry.recipients.some(isOpen) ? (
        <MenuButton label={t('Whole message or domain')} icon="queue" entries={wideActs(entry, recipient)} />
      ) : null}
      <MenuButton label={t('More')} icon="more" entries={more} />
      {asks === 'cancel' ? <CancelDialog entry={entry} recipient={recipient} onClose={() => setAsks(null)} /> : null}
      {asks === 'edit' ? <EditDialog recipient={recipient} onClose={() => setAsks(null)} /> : null}
      {asks === 'way' ? <WayDialog entry={entry} recipient={recipient} onClose={() => setAsks(null)} /> : null}
    </div>
  )
}
