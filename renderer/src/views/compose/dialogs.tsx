import { useState } from 'react'
import type { DraftContent } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { act } from '../../state/act.ts'
import { toast } from '../../state/toasts.ts'
import { useLive } from '../../state/use-live.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Field, Select } from '../../parts/field.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Load } from '../../parts/load.tsx'
import { useEngine } from '../../state/engine.tsx'
import { go } from '../../state/route.ts'
import { t } from '../../words/words.ts'

type Template = Awaited<ReturnType<typeof api.compose.templates.list>>[number]

/** Chooses a template to put into a message; they can be thrown away here, too. */
export function TemplateDialog({ onPick, onClose }: { onPick: (template: Template) => void; onClose: () => void }) {
  const live = useLive('templates', () => api.compose.templates.list())
  return (
    <Dialog title={t('Insert a template')} isOpen onClose={onClose}>
      <div className="dialog-body">
        <Load live={live} what={t('the templates')} again={live.again}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon="copy" title={t('No template yet')}>
                {t('Write a message once and save it as a template from its options; then others can begin with it.')}
              </Empty>
            ) : (
              <ul className="templates" aria-label={t('Templates')}>
                {list.map((one) => (
                  <li key={one.id}>
                    <button type="button" onClick={() => onPick(one)}>
                      <b className="clip">{one.name}</b>
                      <span className="quiet clip">{one.content.subject || one.content.text.slice(0, 100)}</span>
                    </button>
                    <IconButton
                      icon="trash"
                      label={t('Remove the template {name}', { name: one.name })}
                      onClick={() =>
                        void act(t('Removing the template'), () => api.compose.templates.remove({ id: one.id })).then(
                          live.again,
                        )
                      }
                    />
                  </li>
                ))}
              </ul>
            )
          }
        </Load>
      </div>
      <footer>
        <Button onClick={onClose}>{t('Cancel')}</Button>
      </footer>
    </Dialog>
  )
}

/** Keeps a message as a template. One of the same name is written over after a second look at the button. */
export function SaveTemplateDialog({ content, onClose }: { content: DraftContent; onClose: () => void }) {
  const live = useLive('templates', () => api.compose.templates.list())
  const [name, setName] = useState(content.subject.slice(0, 100))
  const known =
    live.at === 'ready' ? live.value.find((one) => one.name.toLowerCase() === name.trim().toLowerCase()) : undefined
  return (
    <FormDialog
      title={t('Save as a template')}
      action={known === undefined ? t('Save') : t('Write over it')}
      isReady={name.trim() !== '' && live.at === 'ready'}
      onClose={onClose}
      onSave={async () => {
        await api.compose.templates.save({ id: known?.id ?? null, name: name.trim(), content })
        toast(t('Saved as the template “{name}”.', { name: name.trim() }), { icon: 'copy' })
      }}
    >
      <Field
        label={t('Name of the template')}
        value={name}
        maxLength={100}
        hint={known === undefined ? t('Files stay with this message.') : t('There is one of that name.')}
        onChange={setName}
      />
    </FormDialog>
  )
}

/** Sends a stored message on as it is. */
export function RedirectDialog({ messageId, onClose }: { messageId: number; onClose: () => void }) {
  const { identities } = useEngine()
  const [to, setTo] = useState('')
  const [from, setFrom] = useState('')
  return (
    <FormDialog
      title={t('Redirect the message')}
      action={t('Redirect')}
      isReady={to.trim() !== ''}
      onClose={onClose}
      onSave={async () => {
        const identityId = from === '' ? null : Number(from)
        const { entryId } = await api.compose.redirect({ messageId, identityId, to })
        toast(t('The message is in the queue.'), {
          icon: 'sent',
          action: { label: t('Show in queue'), run: () => go({ view: 'queue', entryId, recipientId: null }) },
        })
      }}
    >
      {(problem) => (
        <>
          <Field
            label={t('Send it on to')}
            value={to}
            inputMode="email"
            spellCheck={false}
            autoComplete="off"
            problem={problem}
            hint={t('It stays as it is: whoever gets it sees its author, and that you sent it on.')}
            onChange={setTo}
          />
          <Select
            label={t('From')}
            value={from}
            options={[
              { value: '', label: t('Who received it') },
              ...identities.map((one) => ({ value: `${one.id}`, label: one.address })),
            ]}
            onChange={setFrom}
          />
        </>
      )}
    </FormDialog>
  )
}
