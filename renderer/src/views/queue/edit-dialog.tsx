import { useState } from 'react'
import type { RecipientView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { t } from '../../words/words.ts'

/** Another address for a recipient that waits: only where it goes changes, never what it says. */
export function EditDialog({
  recipient,
  onClose,
}: {
  readonly recipient: RecipientView
  readonly onClose: () => void
}) {
  const [address, setAddress] = useState(recipient.address)
  return (
    <FormDialog
      title={t('Another address for {address}', { address: visible(recipient.address) })}
      action={t('Change')}
      isReady={address.trim() !== '' && address.trim() !== recipient.address}
      onSave={() => api.queue.edit({ recipientId: recipient.id, address: address.trim(), by: 'window' })}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <Field
            label={t('Deliver to')}
            value={address}
            inputMode="email"
            spellCheck={false}
            autoComplete="off"
            problem={problem}
            hint={t('The message itself stays as it is: its To line still names the old address.')}
            onChange={setAddress}
          />
        </>
      )}
    </FormDialog>
  )
}
