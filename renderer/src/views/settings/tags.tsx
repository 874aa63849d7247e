import { useState } from 'react'
import type { TagView } from '../../../../core/rpc/reading-contract.ts'
import { api } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Field, Select } from '../../parts/field.tsx'
import { Load } from '../../parts/load.tsx'
import { TagChip } from '../../parts/tag-chip.tsx'
import { act } from '../../state/act.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

const NEW: Omit<TagView, 'id'> = { name: '', colour: '#2f7d5b', number: null }

/** The tags there are: name, colour and key of each. */
export function Tags() {
  const tags = useLive('tags', () => api.tag.list(), { changes: api.tag.changes })
  const [editing, setEditing] = useState<(Omit<TagView, 'id'> & { id?: number }) | null>(null)
  const [doomed, setDoomed] = useState<TagView | null>(null)
  return (
    <>
      <div className="panel-head">
        <h2>{t('Tags')}</h2>
        <span className="grow" />
        <Button icon="plus" onClick={() => setEditing(NEW)}>
          {t('Add tag')}
        </Button>
      </div>
      <p className="quiet lead">
        {t('A tag marks messages of any folder. Its key puts it on the chosen message, and off.')}
      </p>
      <Load live={tags} what={t('the tags')} again={tags.again}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="tag" title={t('No tag yet')} />
          ) : (
            <ul className="cards">
              {list.map((tag) => (
                <li key={tag.id} aria-label={tag.name}>
                  <p className="grow">
                    <TagChip tag={tag} /> {tag.number === null ? null : <kbd>{tag.number}</kbd>}
                  </p>
                  <Button onClick={() => setEditing(tag)}>{t('Change')}</Button>
                  <IconButton
                    icon="trash"
                    label={t('Remove {name}', { name: tag.name })}
                    onClick={() => setDoomed(tag)}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Load>
      {editing === null ? null : <TagDialog first={editing} onClose={() => setEditing(null)} />}
      <Confirm
        title={t('Remove the tag {name}?', { name: doomed?.name ?? '' })}
        isOpen={doomed !== null}
        action={t('Remove')}
        danger
        onClose={() => setDoomed(null)}
        onConfirm={() =>
          doomed === null ? undefined : void act(t('Removing the tag'), () => api.tag.remove({ id: doomed.id }))
        }
      >
        <p>{t('It is taken off every message. The messages stay.')}</p>
      </Confirm>
    </>
  )
}

function TagDialog({ first, onClose }: { first: Omit<TagView, 'id'> & { id?: number }; onClose: () => void }) {
  const [form, setForm] = useState(first)
  return (
    <FormDialog
      title={first.id === undefined ? t('Add a tag') : t('Change the tag')}
      action={t('Save')}
      isReady={form.name.trim() !== ''}
      onSave={() => api.tag.save({ ...form, name: form.name.trim() })}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <div className="fields">
            <Field
              label={t('Name')}
              className="all"
              value={form.name}
              autoComplete="off"
              problem={problem}
              onChange={(name) => setForm({ ...form, name })}
            />
            <Field
              label={t('Colour')}
              className="half"
              type="color"
              value={form.colour}
              onChange={(colour) => setForm({ ...form, colour })}
            />
            <Select
              label={t('Key')}
              className="half"
              value={`${form.number ?? ''}`}
              options={[
                { value: '', label: t('None') },
                ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => ({ value: `${n}`, label: `${n}` })),
              ]}
              onChange={(value) => setForm({ ...form, number: value === '' ? null : Number(value) })}
            />
          </div>
        </>
      )}
    </FormDialog>
  )
}
