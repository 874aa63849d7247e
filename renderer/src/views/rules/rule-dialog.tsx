import { useState } from 'react'
import type { RuleScope } from '../../../../core/model/rule.ts'
import type { RuleView } from '../../../../core/rpc/rules-contract.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Select } from '../../parts/field.tsx'
import { useEngine } from '../../state/engine.tsx'
import { ActionRows } from './action-rows.tsx'
import { ConditionRows } from './condition-rows.tsx'
import { asGroup, conditionAbout, isDone, isWhole } from './rule-form.ts'
import { RunResults } from './run-results.tsx'
import { useRun } from './use-run.ts'
import { t } from '../../words/words.ts'

/** Makes or changes a rule, and shows what it would do with the mail that is here before it does anything. */
export function RuleDialog({ first, onClose }: { readonly first: RuleView | null; readonly onClose: () => void }) {
  const { accounts } = useEngine()
  const [name, setName] = useState(first?.name ?? '')
  const [scope, setScope] = useState<RuleScope>(first?.scope ?? { kind: 'all' })
  const [condition, setCondition] = useState(
    first === null ? { kind: 'all' as const, of: [conditionAbout('from')], not: false } : asGroup(first.condition),
  )
  const [actions, setActions] = useState<RuleView['actions']>(
    first?.actions ?? [{ do: 'move', to: { kind: 'role', role: 'archive' } }],
  )
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const dry = useRun()
  const isRule = isWhole(condition) && condition.of.length > 0 && actions.length > 0 && actions.every(isDone)
  const rule = {
    scope,
    condition: condition.of.length === 1 && !condition.not ? condition.of[0]! : condition,
    actions: [...actions],
  }
  const save = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await api.rules.save({
        ...(first === null ? {} : { id: first.id }),
        name: name.trim(),
        enabled: first?.enabled ?? true,
        ...rule,
      })
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  const tryIt = () =>
    dry.run((signal) =>
      api.rules.dryRun({ ruleIds: null, over: { kind: 'query', text: '' }, sends: true, rule }, { signal }),
    )
  return (
    <Dialog
      title={first === null ? t('Add a rule') : t('Change {name}', { name: first.name })}
      isOpen
      wide
      onClose={onClose}
    >
      <form
        className="rule-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isRule && name.trim() !== '' && !busy) void save()
        }}
      >
        <div className="rule-body">
          <div className="rule-row top">
            <Field label={t('Name')} className="grow" value={name} autoComplete="off" onChange={setName} />
            <Select
              label={t('For mail of')}
              value={scope.kind === 'account' ? `account ${scope.accountId}` : scope.kind}
              options={[
                { value: 'all', label: t('every account') },
                ...accounts.map((account) => ({ value: `account ${account.id}` as const, label: account.name })),
                { value: 'person', label: t('this computer alone') },
                ...(scope.kind === 'user' ? [{ value: 'user', label: t('a local user') }] : []),
              ]}
              onChange={(value) =>
                setScope(
                  value.startsWith('account ')
                    ? { kind: 'account', accountId: Number(value.slice('account '.length)) }
                    : value === 'person'
                      ? { kind: 'person' }
                      : value === 'user' && scope.kind === 'user'
                        ? scope
                        : { kind: 'all' },
                )
              }
            />
          </div>
          <ConditionRows group={condition} onChange={setCondition} />
          <ActionRows actions={actions} onChange={(next) => setActions([...next])} />
          {dry.progress.at === 'idle' ? null : <RunResults run={dry.progress} isDry />}
        </div>
        <footer>
          <span className="grow danger" role="alert">
            {problem}
          </span>
          <Button
            icon="play"
            disabled={!isRule || dry.progress.at === 'running'}
            onClick={() => void tryIt()}
            title={t('Shows what it would do with the mail that is here, and does nothing')}
          >
            {dry.progress.at === 'running' ? t('Trying') : t('Try it on all mail')}
          </Button>
          <Button kind="plain" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button kind="primary" submit disabled={!isRule || name.trim() === '' || busy}>
            {busy ? t('Working') : t('Save')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
