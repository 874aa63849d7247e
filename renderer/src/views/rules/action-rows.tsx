import { RULE_ROLES, type RuleAction, type RuleFolder } from '../../../../core/model/rule.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { useEngine } from '../../state/engine.tsx'
import { actionOf, DEEDS } from './rule-form.ts'
import { Pick, Text } from './row-fields.tsx'
import { t, told } from '../../words/words.ts'
import { folderName, roleName } from '../../format/folder-name.ts'

interface Props {
  readonly actions: readonly RuleAction[]
  readonly onChange: (actions: readonly RuleAction[]) => void
}

/** What a rule does, a row each, in order. */
export function ActionRows({ actions, onChange }: Props) {
  const { tags } = useEngine()
  const set = (at: number, next: RuleAction) => onChange(actions.map((one, n) => (n === at ? next : one)))
  return (
    <fieldset className="conditions">
      <legend className="label">{t('Then')}</legend>
      {actions.map((action, at) => (
        // Rows have no name but their place.
        // eslint-disable-next-line react/no-array-index-key
        <div key={at} className="rule-row" role="group" aria-label={t('Action {place}', { place: at + 1 })}>
          <Pick
            label={t('What')}
            value={action.do}
            options={DEEDS.map(([value, words]) => ({ value, label: told(words) }))}
            onChange={(deed) => set(at, actionOf(deed, tags[0]?.id ?? 0))}
          />
          <Rest action={action} onChange={(next) => set(at, next)} />
          <IconButton
            icon="x"
            label={t('Remove the action')}
            onClick={() => onChange(actions.filter((_, n) => n !== at))}
          />
        </div>
      ))}
      <div className="rule-row">
        <Button icon="plus" onClick={() => onChange([...actions, { do: 'star' }])}>
          {t('Action')}
        </Button>
      </div>
    </fieldset>
  )
}

function Rest({ action, onChange }: { readonly action: RuleAction; readonly onChange: (next: RuleAction) => void }) {
  const { tags, folders } = useEngine()
  switch (action.do) {
    case 'move':
    case 'copy':
      return (
        <Pick
          label={t('Folder')}
          value={folderKey(action.to)}
          options={[
            ...RULE_ROLES.map((role) => ({
              value: `role ${role}`,
              label: t('{folder} of its account', { folder: roleName(role) }),
            })),
            ...(folders.at === 'ready'
              ? folders.value
                  .filter(({ role }) => role !== 'drafts')
                  .map((folder) => ({
                    value: `folder ${folder.id}`,
                    label: `${folderName(folder)}, ${folder.owner?.name ?? t('on this computer')}`,
                  }))
              : []),
          ]}
          onChange={(key) => onChange({ ...action, to: folderOf(key) })}
        />
      )
    case 'tag':
    case 'untag':
      return (
        <Pick
          label={t('Tag')}
          value={`${action.tagId}`}
          options={[
            ...(tags.some(({ id }) => id === action.tagId)
              ? []
              : [{ value: `${action.tagId}`, label: t('No tag yet') }]),
            ...tags.map(({ id, name }) => ({ value: `${id}`, label: name })),
          ]}
          onChange={(id) => onChange({ ...action, tagId: Number(id) })}
        />
      )
    case 'forward':
    case 'redirect':
      return (
        <>
          <Text
            label={t('Addresses')}
            grow
            placeholder={t('kim@elsewhere.example')}
            value={action.to.join(', ')}
            onChange={(text) => onChange({ ...action, to: text === '' ? [] : text.split(/,\s*/) })}
          />
          {action.do === 'redirect' ? null : (
            <Pick
              label={t('How')}
              value={action.as}
              options={[
                { value: 'attachment', label: t('as an attachment') },
                { value: 'inline', label: t('in the text') },
              ]}
              onChange={(as) => onChange({ ...action, as })}
            />
          )}
        </>
      )
    case 'reply':
      return (
        <div className="reply grow">
          <Text
            label={t('Subject')}
            placeholder={t('Auto: and the subject of the message')}
            value={action.subject}
            onChange={(subject) => onChange({ ...action, subject })}
          />
          <textarea
            className="textarea"
            aria-label={t('Text of the answer')}
            rows={4}
            value={action.text}
            onChange={(event) => onChange({ ...action, text: event.target.value })}
          />
          <Text
            label={t('Days between two answers to the same person')}
            unit={t('days between two answers to one person')}
            value={`${action.everyDays}`}
            onChange={(text) =>
              onChange({ ...action, everyDays: Math.max(1, Math.min(365, Number(text.replace(/\D/g, '')) || 1)) })
            }
          />
        </div>
      )
    default:
      return <span className="grow" />
  }
}

const folderKey = (to: RuleFolder) => (to.kind === 'role' ? `role ${to.role}` : `folder ${to.folderId}`)
const folderOf = (key: string): RuleFolder => {
  const role = RULE_ROLES.find((one) => key === `role ${one}`)
  return role === undefined ? { kind: 'folder', folderId: Number(key.replace('folder ', '')) } : { kind: 'role', role }
}
