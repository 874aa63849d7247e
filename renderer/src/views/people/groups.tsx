import { useState } from 'react'
import type { ContactGroupView } from '../../../../core/rpc/reading-contract.ts'
import { api } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { MenuButton } from '../../parts/menu.tsx'
import { act } from '../../state/act.ts'
import { formatRoute, go } from '../../state/route.ts'
import { t } from '../../words/words.ts'

interface Props {
  readonly groups: readonly ContactGroupView[]
  readonly current: number | null
  readonly onWrite: (group: ContactGroupView) => void
}

/** The groups: everybody, and those under a name. */
export function Groups({ groups, current, onWrite }: Props) {
  const [naming, setNaming] = useState<ContactGroupView | 'new' | null>(null)
  const [doomed, setDoomed] = useState<ContactGroupView | null>(null)
  const to = (groupId: number | null) => formatRoute({ view: 'people', groupId, contactId: null })
  return (
    <nav className="groups" aria-label={t('Groups of people')}>
      <ul>
        <li>
          <a href={to(null)} aria-current={current === null ? 'page' : undefined}>
            <Icon name="users" /> <span className="grow clip">{t('All people')}</span>
          </a>
        </li>
        {groups.map((group) => (
          <li key={group.id}>
            <a href={to(group.id)} aria-current={current === group.id ? 'page' : undefined}>
              <Icon name="tag" />{' '}
              <span className="grow clip" dir="auto">
                {group.name}
              </span>
              <span className="quiet num">{group.members}</span>
            </a>
            <MenuButton
              label={t('More about {group}', { group: group.name })}
              icon="more"
              entries={[
                { id: 'write', label: t('Write to all of them'), icon: 'draft', run: () => onWrite(group) },
                { id: 'rename', label: t('Rename…'), icon: 'settings', run: () => setNaming(group) },
                { id: 'remove', label: t('Remove the group…'), icon: 'trash', run: () => setDoomed(group) },
              ]}
            />
          </li>
        ))}
      </ul>
      <Button kind="plain" icon="plus" onClick={() => setNaming('new')}>
        {t('Add a group')}
      </Button>
      {naming === null ? null : (
        <GroupDialog first={naming === 'new' ? undefined : naming} onClose={() => setNaming(null)} />
      )}
      <Confirm
        title={t('Remove the group {group}?', { group: doomed?.name ?? '' })}
        isOpen={doomed !== null}
        action={t('Remove')}
        danger
        onClose={() => setDoomed(null)}
        onConfirm={() => {
          if (doomed === null) return
          void act(t('Removing the group'), () => api.contact.groups.remove({ id: doomed.id }))
          if (current === doomed.id) go({ view: 'people', groupId: null, contactId: null })
        }}
      >
        <p>{t('The people in it stay.')}</p>
      </Confirm>
    </nav>
  )
}

function GroupDialog({ first, onClose }: { first: ContactGroupView | undefined; onClose: () => void }) {
  const [name, setName] = useState(first?.name ?? '')
  return (
    <FormDialog
      title={first === undefined ? t('Add a group') : t('Rename the group')}
      action={t('Save')}
      isReady={name.trim() !== ''}
      onSave={() => api.contact.groups.save({ ...(first === undefined ? {} : { id: first.id }), name: name.trim() })}
      onClose={onClose}
    >
      {(problem) => (
        <Field label={t('Name')} value={name} maxLength={60} autoComplete="off" problem={problem} onChange={setName} />
      )}
    </FormDialog>
  )
}

/** Puts the people chosen into groups, and takes them out. */
export function Membership({
  ids,
  inAll,
  groups,
}: {
  readonly ids: readonly number[]
  /** The groups every one of them is in. */
  readonly inAll: ReadonlySet<number>
  readonly groups: readonly ContactGroupView[]
}) {
  if (groups.length === 0) return null
  return (
    <fieldset className="membership">
      <legend className="label">{t('Groups')}</legend>
      {groups.map((group) => (
        <label key={group.id} className="check">
          <input
            type="checkbox"
            checked={inAll.has(group.id)}
            onChange={(event) =>
              void act(t('Changing the group'), () =>
                api.contact.groups.set({ groupId: group.id, ids: [...ids], member: event.target.checked }),
              )
            }
          />
          <span dir="auto">{group.name}</span>
        </label>
      ))}
    </fieldset>
  )
}
