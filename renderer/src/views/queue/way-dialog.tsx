import { useState } from 'react'
import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Check, Select } from '../../parts/field.tsx'
import { useLive } from '../../state/use-live.ts'
import { isOpen } from './states.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly entry: QueueEntryView
  readonly recipient: RecipientView
  readonly onClose: () => void
}

/** Which way a recipient goes, whatever the rules say. */
export function WayDialog({ entry, recipient, onClose }: Props) {
  const routes = useLive('routes', () => api.route.list(), { changes: api.route.changes })
  const { way } = recipient
  const [chosen, setChosen] = useState(way.kind === 'smarthost' ? `route-${way.routeId}` : way.kind)
  const [all, setAll] = useState(false)
  const save = () =>
    api.queue.route({
      id: entry.id,
      ...(all ? {} : { recipientId: recipient.id }),
      way: chosen.startsWith('route-')
        ? { kind: 'smarthost', routeId: Number(chosen.slice('route-'.length)) }
        : { kind: chosen === 'direct' ? 'direct' : 'automatic' },
      by: 'window',
    })
  return (
    <FormDialog
      title={t('Route to {address}', { address: visible(recipient.address) })}
      action={t('Choose')}
      onSave={save}
      onClose={onClose}
    >
      <Select
        label={t('It goes')}
        value={chosen}
        options={[
          { value: 'automatic', label: t('as identity and rules say') },
          { value: 'direct', label: t('straight to the recipient’s server') },
          ...(routes.at === 'ready'
            ? routes.value.map(({ id, host, port }) => ({
                value: `route-${id}`,
                label: t('through {host}:{port}', { host, port }),
              }))
            : []),
        ]}
        onChange={setChosen}
      />
      {entry.recipients.filter(isOpen).length > 1 ? (
        <Check label={t('All open recipients of this message')} checked={all} onChange={setAll} />
      ) : null}
    </FormDialog>
  )
}
