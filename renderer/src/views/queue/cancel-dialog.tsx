import { useState } from 'react'
import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Confirm } from '../../parts/dialog.tsx'
import { Check, Select } from '../../parts/field.tsx'
import { act } from '../../state/act.ts'
import { isOpen } from './states.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly entry: QueueEntryView
  readonly recipient: RecipientView
  readonly onClose: () => void
}

/** Ends delivery to one recipient or to all that are open, with or without a report. */
export function CancelDialog({ entry, recipient, onClose }: Props) {
  const open = entry.recipients.filter(isOpen)
  const [scope, setScope] = useState<'one' | 'all'>('one')
  const [dsn, setDsn] = useState(false)
  const address = visible(recipient.address)
  const cancel = () =>
    void act(t('Cancelling'), () =>
      api.queue.cancel({
        id: entry.id,
        ...(scope === 'one' ? { recipientId: recipient.id } : {}),
        dsn,
        by: 'window',
      }),
    )
  return (
    <Confirm
      title={t('Cancel delivery of “{subject}”?', { subject: visible(entry.subject) || t('(no subject)') })}
      isOpen
      action={t('Cancel delivery')}
      danger
      onClose={onClose}
      onConfirm={cancel}
    >
      {open.length > 1 ? (
        <Select
          label={t('For whom')}
          value={scope}
          options={[
            { value: 'one', label: address },
            { value: 'all', label: t('All {length} it has not reached yet', { length: open.length }) },
          ]}
          onChange={setScope}
        />
      ) : (
        <p>{t('{address} will not get it.', { address })}</p>
      )}
      <p className="quiet">{t('Where it was delivered already, it stays. A try under way comes to its end first.')}</p>
      <Check label={t('Send a report to its author')} checked={dsn} onChange={setDsn} />
    </Confirm>
  )
}
