import { useState } from 'react'
import type { RecipientView } from '../../../../core/rpc/views.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'

/** Another address for a recipient that waits: only where it goes changes, never what it says. */
export function EditDialog({
  recipient,
  onClose,
}: {
  readonly recipient: RecipientView
  readonly onClose: () => void
}) {
  const [address, setAddress] = useState(recipient.address)
  const [problem, setProblem] = useState<string>()
  const save = async () => {
    try {
      await api.queue.edit({ recipientId: recipient.id, address: address.trim(), by: 'window' })
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <Dialog title={`Another address for ${visible(recipient.address)}`} isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <div className="dialog-body">
          <Field
            label="Deliver to"
            value={address}
            inputMode="email"
            spellCheck={false}
            autoComplete="off"
            problem={problem}
            hint="The message itself stays as it is: its To line still names the old address."
            onChange={setAddress}
          />
        </div>
        <footer>
          <Button kind="plain" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="primary" submit disabled={address.trim() === '' || address.trim() === recipient.address}>
            Change
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
