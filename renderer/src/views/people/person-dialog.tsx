import { useId, useState } from 'react'
import type { ContactView } from '../../../../core/rpc/reading-contract.ts'
import { api } from '../../bridge/client.ts'
import { Field } from '../../parts/field.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { t } from '../../words/words.ts'

interface Props {
  readonly first: ContactView | undefined
  readonly onSaved: (id: number) => void
  readonly onClose: () => void
}

/** Writes somebody down, or changes what is known of them. */
export function PersonDialog({ first, onSaved, onClose }: Props) {
  const noteId = useId()
  const [form, setForm] = useState({
    name: first?.name ?? '',
    address: first?.address ?? '',
    organisation: first?.organisation ?? '',
    phone: first?.phone ?? '',
    note: first?.note ?? '',
  })
  const set = (key: keyof typeof form) => (value: string) => setForm({ ...form, [key]: value })
  return (
    <FormDialog
      title={first === undefined ? t('Add a person') : t('Change what is known')}
      action={t('Save')}
      isReady={form.address.trim() !== ''}
      onSave={async () => {
        const { name, address, ...details } = form
        const saved = await api.contact.save({
          ...(first === undefined ? {} : { id: first.id }),
          name: name.trim(),
          address: address.trim(),
          details,
        })
        onSaved(saved.id)
      }}
      onClose={onClose}
    >
      {(problem) => (
        <div className="fields">
          <Field label={t('Name')} className="all" value={form.name} maxLength={200} onChange={set('name')} />
          <Field
            label={t('Mail address')}
            className="all"
            value={form.address}
            maxLength={320}
            spellCheck={false}
            problem={problem}
            onChange={set('address')}
          />
          <Field
            label={t('Organisation')}
            className="half"
            value={form.organisation}
            maxLength={200}
            onChange={set('organisation')}
          />
          <Field label={t('Phone')} className="half" value={form.phone} maxLength={100} onChange={set('phone')} />
          <div className="labelled all">
            <label className="label" htmlFor={noteId}>
              {t('Note')}
            </label>
            <textarea
              id={noteId}
              className="textarea"
              rows={3}
              maxLength={2000}
              value={form.note}
              onChange={(event) => set('note')(event.target.value)}
            />
          </div>
        </div>
      )}
    </FormDialog>
  )
}
