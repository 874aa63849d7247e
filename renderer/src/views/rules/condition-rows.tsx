import { AUTH_METHODS, AUTH_RESULTS, type RuleCondition, type RuleSource } from '../../../../core/model/rule.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { useEngine } from '../../state/engine.tsx'
import { conditionAbout, isGroup, subjectOf, SUBJECTS, testOptions, type Group, type Single } from './rule-form.ts'
import { Pick, Text } from './row-fields.tsx'
import { t, told } from '../../words/words.ts'

interface GroupProps {
  readonly group: Group
  /** A group in a group has no groups of its own. */
  readonly isInner?: boolean
  readonly onChange: (group: Group) => void
  readonly onRemove?: () => void
}

/** The conditions of a rule, a row each; any number of them may stand together in a group of their own. */
export function ConditionRows({ group, isInner = false, onChange, onRemove }: GroupProps) {
  const set = (at: number, next: RuleCondition) =>
    onChange({ ...group, of: group.of.map((one, n) => (n === at ? next : one)) })
  const drop = (at: number) => onChange({ ...group, of: group.of.filter((_, n) => n !== at) })
  const add = (condition: RuleCondition) => onChange({ ...group, of: [...group.of, condition] })
  return (
    <fieldset className="conditions" data-inner={isInner || undefined}>
      <legend className="sr">{isInner ? t('Conditions of a group') : t('Conditions')}</legend>
      <div className="rule-row">
        <Pick
          label={isInner ? t('Of the group') : t('Which conditions have to be met')}
          value={`${group.not ? '!' : ''}${group.kind}`}
          options={[
            { value: 'all', label: t('All of these') },
            { value: 'any', label: t('Any of these') },
            { value: '!any', label: t('None of these') },
            { value: '!all', label: t('Not all of these') },
          ]}
          onChange={(value) =>
            onChange({ ...group, not: value.startsWith('!'), kind: value.endsWith('any') ? 'any' : 'all' })
          }
        />
        {onRemove === undefined ? null : <IconButton icon="x" label={t('Remove the group')} onClick={onRemove} />}
      </div>
      {group.of.map((one, at) =>
        isGroup(one) ? (
          <ConditionRows
            // Rows have no name but their place.
            // eslint-disable-next-line react/no-array-index-key
            key={at}
            isInner
            group={one}
            onChange={(next) => set(at, next)}
            onRemove={() => drop(at)}
          />
        ) : (
          <Row
            // eslint-disable-next-line react/no-array-index-key
            key={at}
            place={at + 1}
            condition={one}
            onChange={(next) => set(at, next)}
            onRemove={() => drop(at)}
          />
        ),
      )}
      <div className="rule-row">
        <Button icon="plus" onClick={() => add(conditionAbout('from'))}>
          {t('Condition')}
        </Button>
        {isInner ? null : (
          <Button
            kind="plain"
            icon="layers"
            onClick={() => add({ kind: 'any', of: [conditionAbout('from')], not: false })}
          >
            {t('Group')}
          </Button>
        )}
      </div>
    </fieldset>
  )
}

interface RowProps {
  readonly place: number
  readonly condition: Single
  readonly onChange: (condition: Single) => void
  readonly onRemove: () => void
}

function Row({ place, condition, onChange, onRemove }: RowProps) {
  return (
    <div className="rule-row" role="group" aria-label={t('Condition {place}', { place })}>
      <Pick
        label={t('What')}
        value={subjectOf(condition)}
        options={SUBJECTS.map(([value, words]) => ({ value, label: told(words) }))}
        onChange={(subject) => onChange(conditionAbout(subject, condition))}
      />
      <Rest condition={condition} onChange={onChange} />
      <IconButton icon="x" label={t('Remove the condition')} onClick={onRemove} />
    </div>
  )
}

/** `yes` or its opposite, for what is only there or not. */
function Whether({
  condition,
  yes,
  no,
  onChange,
}: {
  readonly condition: Single
  readonly yes: string
  readonly no: string
  readonly onChange: (condition: Single) => void
}) {
  return (
    <Pick
      label={t('Whether')}
      value={condition.not ? 'no' : 'yes'}
      options={[
        { value: 'yes', label: yes },
        { value: 'no', label: no },
      ]}
      onChange={(value) => onChange({ ...condition, not: value === 'no' })}
    />
  )
}

const wholeIn = (text: string, most: number) => Math.min(most, Number(text.replace(/\D/g, '').slice(0, 12)) || 0)

function Rest({ condition, onChange }: Omit<RowProps, 'place' | 'onRemove'>) {
  const { tags, accounts } = useEngine()
  switch (condition.kind) {
    case 'address':
    case 'subject':
    case 'body':
    case 'list':
    case 'header': {
      const mayExist = condition.kind === 'list' || condition.kind === 'header'
      const setTest = (value: string) => {
        const not = value.startsWith('!')
        const test = value.replace('!', '')
        onChange({ ...condition, not, test } as Single)
      }
      return (
        <>
          {condition.kind === 'header' ? (
            <Text
              label={t('Name of the field')}
              value={condition.name}
              onChange={(name) => onChange({ ...condition, name })}
            />
          ) : null}
          <Pick
            label={t('How')}
            value={`${condition.not ? '!' : ''}${condition.test}`}
            options={testOptions(mayExist)}
            onChange={setTest}
          />
          {condition.test === 'exists' ? null : (
            <Text
              label={t('Words')}
              grow
              value={condition.value}
              onChange={(value) => onChange({ ...condition, value })}
            />
          )}
        </>
      )
    }
    case 'size':
      return (
        <>
          <Pick
            label={t('How')}
            value={condition.than}
            options={[
              { value: 'larger', label: t('is larger than') },
              { value: 'smaller', label: t('is smaller than') },
            ]}
            onChange={(than) => onChange({ ...condition, than, not: false })}
          />
          <Text
            label={t('Kilobytes')}
            unit={t('kB')}
            value={`${Math.round(condition.bytes / 1000)}`}
            onChange={(text) => onChange({ ...condition, bytes: wholeIn(text, 10_000_000_000) * 1000 })}
          />
        </>
      )
    case 'age':
      return (
        <>
          <Pick
            label={t('How')}
            value={condition.than}
            options={[
              { value: 'older', label: t('is older than') },
              { value: 'newer', label: t('is newer than') },
            ]}
            onChange={(than) => onChange({ ...condition, than, not: false })}
          />
          <Text
            label={t('Days')}
            unit={t('days')}
            value={`${condition.days}`}
            onChange={(text) => onChange({ ...condition, days: wholeIn(text, 100_000) })}
          />
        </>
      )
    case 'contact':
      return (
        <Whether
          condition={condition}
          yes={t('is in my contacts')}
          no={t('is not in my contacts')}
          onChange={onChange}
        />
      )
    case 'junk':
      return (
        <Whether
          condition={condition}
          yes={t('looks like what I put there')}
          no={t('does not look like it')}
          onChange={onChange}
        />
      )
    case 'attachment':
      return <Whether condition={condition} yes={t('is there')} no={t('is not there')} onChange={onChange} />
    case 'tag':
      return (
        <>
          <Whether condition={condition} yes={t('is on it')} no={t('is not on it')} onChange={onChange} />
          <Pick
            label={t('Tag')}
            value={`${condition.tagId}`}
            options={[
              ...(tags.some(({ id }) => id === condition.tagId)
                ? []
                : [{ value: `${condition.tagId}`, label: t('Choose') }]),
              ...tags.map(({ id, name }) => ({ value: `${id}`, label: name })),
            ]}
            onChange={(id) => onChange({ ...condition, tagId: Number(id) })}
          />
        </>
      )
    case 'auth':
      return (
        <>
          <Pick
            label={t('Method')}
            value={condition.method}
            options={AUTH_METHODS.map((value) => ({ value, label: value.toUpperCase() }))}
            onChange={(method) => onChange({ ...condition, method })}
          />
          <Whether condition={condition} yes={t('says')} no={t('does not say')} onChange={onChange} />
          <Pick
            label={t('Result')}
            value={condition.result}
            options={AUTH_RESULTS.map((value) => ({ value, label: value }))}
            onChange={(result) => onChange({ ...condition, result })}
          />
        </>
      )
    case 'came-by':
      return (
        <>
          <Whether condition={condition} yes={t('is')} no={t('is not')} onChange={onChange} />
          <Pick
            label={t('Account')}
            value={sourceKey(condition.source)}
            options={[
              { value: 'person', label: t('mail to this computer') },
              ...accounts.map(({ id, name }) => ({ value: `account ${id}`, label: name })),
              ...(condition.source.kind === 'user'
                ? [{ value: sourceKey(condition.source), label: t('a local user') }]
                : []),
            ]}
            onChange={(value) => onChange({ ...condition, source: sourceOf(value, condition.source) })}
          />
        </>
      )
  }
}
const sourceKey = (source: RuleSource) =>
  source.kind === 'account'
    ? `account ${source.accountId}`
    : source.kind === 'user'
      ? `user ${source.userId}`
      : 'person'
const sourceOf = (key: string, before: RuleSource): RuleSource =>
  key === 'person'
    ? { kind: 'person' }
    : key.startsWith('account ')
      ? { kind: 'account', accountId: Number(key.slice('account '.length)) }
      : before
