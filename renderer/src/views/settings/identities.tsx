import { useState } from 'react'
import type { IdentityView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Check, Field, Select } from '../../parts/field.tsx'
import { folderName } from '../../format/folder-name.ts'
import { Icon } from '../../parts/icon.tsx'
import { act } from '../../state/act.ts'
import { useEngine } from '../../state/engine.tsx'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'
import { textLanguages } from '../compose/text-languages.ts'
import { useCheckedLanguages } from '../compose/use-spelling.ts'

type Editing = Omit<IdentityView, 'id' | 'routeName'> & { id?: number }
const NEW: Editing = {
  name: '',
  address: '',
  routeId: null,
  replyTo: '',
  signature: '',
  signsAnswers: true,
  language: '',
  sentFolderId: null,
}

/** Who you can write as, and the way each one's mail takes. */
export function Identities() {
  const { identities } = useEngine()
  const [editing, setEditing] = useState<Editing | null>(null)
  return (
    <>
      <div className="panel-head">
        <h2>{t('Identities')}</h2>
        <span className="grow" />
        <Button icon="plus" onClick={() => setEditing(NEW)}>
          {t('Add identity')}
        </Button>
      </div>
      {identities.length === 0 ? (
        <Empty icon="user" title={t('No identity yet')}>
          {t('An identity is a name and an address you write as.')}
        </Empty>
      ) : (
        <ul className="cards">
          {identities.map((one) => (
            <li key={one.id} aria-label={one.address}>
              <div className="grow">
                <b>{one.name || one.address}</b>
                <p className="mono">{one.address}</p>
                <p className="quiet">
                  <Icon name="route" />{' '}
                  {one.routeId === null
                    ? t('Straight to the recipients’ servers')
                    : t('Through {routeName}', { routeName: one.routeName })}
                </p>
              </div>
              <Button onClick={() => setEditing(one)}>{t('Change')}</Button>
              <IconButton
                icon="trash"
                label={t('Remove {address}', { address: one.address })}
                onClick={() => void act(t('Removing the identity'), () => api.identity.remove({ id: one.id }))}
              />
            </li>
          ))}
        </ul>
      )}
      {editing === null ? null : <IdentityDialog first={editing} onClose={() => setEditing(null)} />}
    </>
  )
}

function IdentityDialog({ first, onClose }: { first: Editing; onClose: () => void }) {
  const routes = useLive('routes', () => api.route.list())
  const [form, setForm] = useState(first)
  const checked = useCheckedLanguages()
  const { folders } = useEngine()
  const options = [
    { value: '', label: t('Straight to the recipients’ servers') },
    ...(routes.at === 'ready'
      ? routes.value.map((route) => ({
          value: `${route.id}`,
          label: t('Through {host}:{port}', { host: route.host, port: route.port }),
        }))
      : []),
  ]
  return (
    <FormDialog
      title={first.id === undefined ? t('Add an identity') : t('Change the identity')}
      action={t('Save')}
      onSave={() =>
        api.identity.save({
          name: form.name.trim(),
          address: form.address.trim(),
          routeId: form.routeId,
          replyTo: form.replyTo.trim(),
          signature: form.signature,
          signsAnswers: form.signsAnswers,
          language: form.language,
          sentFolderId: form.sentFolderId,
          ...(form.id === undefined ? {} : { id: form.id }),
        })
      }
      onClose={onClose}
    >
      {(problem) => (
        <>
          <Field
            label={t('Name')}
            value={form.name}
            autoComplete="name"
            onChange={(name) => setForm({ ...form, name })}
          />
          <Field
            label={t('Mail address')}
            inputMode="email"
            spellCheck={false}
            value={form.address}
            autoComplete="email"
            problem={problem}
            onChange={(address) => setForm({ ...form, address })}
          />
          <Select
            label={t('How its mail leaves')}
            value={form.routeId === null ? '' : `${form.routeId}`}
            options={options}
            onChange={(value) => setForm({ ...form, routeId: value === '' ? null : Number(value) })}
          />
          <Select
            label={t('Copies of what it sends')}
            value={form.sentFolderId === null ? '' : `${form.sentFolderId}`}
            options={[
              { value: '', label: t('In Sent of the account with this address, or of this computer') },
              ...(folders.at === 'ready' ? folders.value : [])
                .filter(({ role, owner }) => owner?.kind !== 'user' && !['drafts', 'junk', 'trash'].includes(role))
                .map((folder) => ({
                  value: `${folder.id}`,
                  label: `${folderName(folder)}, ${folder.owner?.name ?? t('on this computer')}`,
                })),
            ]}
            onChange={(value) => setForm({ ...form, sentFolderId: value === '' ? null : Number(value) })}
          />
          <Field
            label={t('Answers go to')}
            inputMode="email"
            spellCheck={false}
            value={form.replyTo}
            hint={t('Nothing here: to the mail address.')}
            onChange={(replyTo) => setForm({ ...form, replyTo })}
          />
          <div className="labelled">
            <label className="label" htmlFor="identity-signature">
              {t('Signature')}
            </label>
            <textarea
              id="identity-signature"
              className="textarea"
              rows={3}
              dir="auto"
              maxLength={10_000}
              value={form.signature}
              onChange={(event) => setForm({ ...form, signature: event.target.value })}
            />
          </div>
          <Check
            label={t('The signature stands below answers, too')}
            checked={form.signsAnswers}
            onChange={(signsAnswers) => setForm({ ...form, signsAnswers })}
          />
          <Select
            label={t('Writes in')}
            value={form.language}
            options={[
              { value: '', label: t('The language of the window') },
              ...textLanguages(checked, form.language || null).map(([value, label]) => ({ value, label })),
            ]}
            onChange={(language) => setForm({ ...form, language })}
          />
        </>
      )}
    </FormDialog>
  )
}
