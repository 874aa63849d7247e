import { useState } from 'react'
import type { RuleView } from '../../../../core/rpc/rules-contract.ts'
import { api } from '../../bridge/client.ts'
import { ago } from '../../format/time.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Check, Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { MenuButton } from '../../parts/menu.tsx'
import { act } from '../../state/act.ts'
import { saveText } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { useLive } from '../../state/use-live.ts'
import { JunkSection } from '../rules/junk-section.tsx'
import { RuleDialog } from '../rules/rule-dialog.tsx'
import { RunDialog } from '../rules/run-dialog.tsx'
import { t, told } from '../../words/words.ts'

const changes = { changes: api.rules.changes }
type Open =
  | { readonly what: 'edit'; readonly rule: RuleView | null }
  | { readonly what: 'run'; readonly rule: RuleView | null }
  | { readonly what: 'import' | 'trust' }

/** The rules that sort mail, first to last. */
export function Rules() {
  const rules = useLive('mail rules', () => api.rules.list(), changes)
  const { accounts } = useEngine()
  const [open, setOpen] = useState<Open | null>(null)
  const [doomed, setDoomed] = useState<RuleView | null>(null)
  const close = () => setOpen(null)
  const list = rules.at === 'ready' ? rules.value : []
  const save = () =>
    void act(t('Exporting the rules'), async () => saveText((await api.rules.export()).json, 'posthorn-rules.json'))
  return (
    <>
      <div className="panel-head">
        <h2>{t('Rules')}</h2>
        <span className="grow" />
        {list.length === 0 ? null : (
          <Button icon="play" onClick={() => setOpen({ what: 'run', rule: null })}>
            {t('Run over mail')}
          </Button>
        )}
        <Button icon="plus" onClick={() => setOpen({ what: 'edit', rule: null })}>
          {t('Add rule')}
        </Button>
        <MenuButton
          label={t('More about rules')}
          icon="more"
          entries={[
            { id: 'export', label: t('Save all rules as a file'), icon: 'download', run: save },
            {
              id: 'import',
              label: t('Take rules from a file…'),
              icon: 'external',
              run: () => setOpen({ what: 'import' }),
            },
            ...(accounts.length === 0
              ? []
              : [
                  {
                    id: 'trust',
                    label: t('Whose word about senders counts…'),
                    icon: 'shield' as const,
                    run: () => setOpen({ what: 'trust' }),
                  },
                ]),
          ]}
        />
      </div>
      <p className="quiet lead">
        {t(
          'Each message that arrives is asked these questions from the first rule to the last, on this computer. What a rule did stands at the message.',
        )}
      </p>
      <Load live={rules} what={t('the rules')} again={rules.again}>
        {() =>
          list.length === 0 ? (
            <Empty icon="filter" title={t('No rule yet')}>
              {t('A rule moves, tags, forwards or answers mail by itself. Before it does, it shows what it would do.')}
            </Empty>
          ) : (
            <ol className="cards">
              {list.map((rule, at) => (
                <RuleCard
                  key={rule.id}
                  rule={rule}
                  at={at}
                  of={list.length}
                  onEdit={() => setOpen({ what: 'edit', rule })}
                  onRun={() => setOpen({ what: 'run', rule })}
                  onRemove={() => setDoomed(rule)}
                />
              ))}
            </ol>
          )
        }
      </Load>
      <JunkSection rules={list} />
      {open?.what === 'edit' ? <RuleDialog first={open.rule} onClose={close} /> : null}
      {open?.what === 'run' ? <RunDialog rule={open.rule} onClose={close} /> : null}
      {open?.what === 'import' ? <ImportRules onClose={close} /> : null}
      {open?.what === 'trust' ? <Trust onClose={close} /> : null}
      <Confirm
        title={t('Remove {name}?', { name: doomed?.name ?? '' })}
        isOpen={doomed !== null}
        action={t('Remove')}
        danger
        onClose={() => setDoomed(null)}
        onConfirm={() =>
          doomed === null ? undefined : void act(t('Removing the rule'), () => api.rules.remove({ id: doomed.id }))
        }
      >
        <p>{t('Mail that comes from now on is not asked by it. What it did stays done.')}</p>
      </Confirm>
    </>
  )
}

interface CardProps {
  readonly rule: RuleView
  readonly at: number
  readonly of: number
  readonly onEdit: () => void
  readonly onRun: () => void
  readonly onRemove: () => void
}

function RuleCard({ rule, at, of, onEdit, onRun, onRemove }: CardProps) {
  const nowMs = useNow(60_000)
  const { id, name, enabled } = rule
  const move = (to: number) => void act(t('Moving the rule'), () => api.rules.reorder({ id, to }))
  return (
    <li aria-label={name}>
      <input
        type="checkbox"
        className="switch"
        aria-label={t('{name} is on', { name })}
        checked={enabled}
        onChange={(event) =>
          void act(t('Changing the rule'), () => api.rules.setEnabled({ id, enabled: event.target.checked }))
        }
      />
      <div className="grow rule">
        <b>{name}</b>
        <p className="mono">{rule.conditionText}</p>
        <p className="mono">→ {rule.actionsText}</p>
        <p className="quiet num">
          {rule.matches === 0
            ? t('No message has fitted it yet.')
            : rule.lastMatchMs === null
              ? t('{count, plural, one {# message} other {# messages}}.', { count: rule.matches })
              : t('{count, plural, one {# message} other {# messages}}, the last {when}.', {
                  count: rule.matches,
                  when: ago(rule.lastMatchMs, nowMs),
                })}
        </p>
        {rule.trouble === null ? null : (
          <p className="notice warn">
            <Icon name="alert" /> <span>{told(rule.trouble)}</span>
          </p>
        )}
      </div>
      <IconButton icon="up" label={t('Move {name} up', { name })} disabled={at === 0} onClick={() => move(at - 1)} />
      <IconButton
        icon="down"
        label={t('Move {name} down', { name })}
        disabled={at === of - 1}
        onClick={() => move(at + 1)}
      />
      <Button onClick={onEdit} aria-label={t('Change {name}', { name })}>
        {t('Change')}
      </Button>
      <MenuButton
        label={t('More about {name}', { name })}
        icon="more"
        entries={[
          { id: 'run', label: t('Run over mail…'), icon: 'play', run: onRun },
          { id: 'remove', label: t('Remove…'), icon: 'trash', run: onRemove },
        ]}
      />
    </li>
  )
}

function ImportRules({ onClose }: { readonly onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null)
  const [replace, setReplace] = useState(false)
  const save = async () => {
    if (file === null) return
    await api.rules.import({ json: await file.text(), replace })
  }
  return (
    <FormDialog
      title={t('Take rules from a file')}
      action={t('Take them')}
      isReady={file !== null}
      onSave={save}
      onClose={onClose}
    >
      <div className="drop">
        <input
          type="file"
          accept=".json,application/json"
          aria-label={t('File with rules')}
          onChange={(event) => setFile(event.target.files?.[0] ?? null)}
        />
      </div>
      <Check
        label={t('In place of the rules there are')}
        hint={t('Otherwise they come behind them.')}
        checked={replace}
        onChange={setReplace}
      />
    </FormDialog>
  )
}

/** Which server's findings about senders an account believes: the one that takes its mail in. */
function Trust({ onClose }: { readonly onClose: () => void }) {
  const { accounts } = useEngine()
  const trusted = useLive('trusted', () => api.rules.trusted())
  return (
    <Load live={trusted} what={t('the accounts')} again={trusted.again}>
      {(known) => (
        <TrustForm
          rows={accounts.map((account) => ({
            id: account.id,
            name: account.name,
            authservId: known.find(({ accountId }) => accountId === account.id)?.authservId ?? '',
          }))}
          onClose={onClose}
        />
      )}
    </Load>
  )
}

interface TrustRow {
  readonly id: number
  readonly name: string
  readonly authservId: string
}

function TrustForm({ rows, onClose }: { readonly rows: readonly TrustRow[]; readonly onClose: () => void }) {
  const [form, setForm] = useState(rows)
  const save = async () => {
    for (const { id, authservId } of form)
      if (authservId !== rows.find((one) => one.id === id)?.authservId)
        await api.rules.setTrusted({ accountId: id, authservId: authservId.trim() || null })
  }
  return (
    <FormDialog title={t('Whose word about senders counts')} action={t('Save')} onSave={save} onClose={onClose}>
      <p>
        {t(
          'A server that takes mail in writes what it found out about the sender into the field Authentication-Results, with its own name first. Anybody can write that field; rules believe it only from the name given here.',
        )}
      </p>
      {form.map(({ id, name, authservId }) => (
        <Field
          key={id}
          label={name}
          value={authservId}
          placeholder={t('mx.example.org')}
          spellCheck={false}
          autoComplete="off"
          onChange={(value) => setForm(form.map((one) => (one.id === id ? { ...one, authservId: value } : one)))}
        />
      ))}
    </FormDialog>
  )
}
