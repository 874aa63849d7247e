import { useState } from 'react'
import type { RuleView } from '../../../../core/rpc/rules-contract.ts'
import { api } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Check, Field, Select } from '../../parts/field.tsx'
import { useEngine } from '../../state/engine.tsx'
import { RunResults } from './run-results.tsx'
import { useRun } from './use-run.ts'
import { t } from '../../words/words.ts'
import { folderName } from '../../format/folder-name.ts'

/** Runs rules over mail that is here: first what they would do, then in earnest. `rule` null: all that are on. */
export function RunDialog({ rule, onClose }: { readonly rule: RuleView | null; readonly onClose: () => void }) {
  const { folders } = useEngine()
  const list = folders.at === 'ready' ? folders.value : []
  const [over, setOver] = useState(`${list.find(({ role }) => role === 'inbox')?.id ?? 'query'}`)
  const [query, setQuery] = useState('')
  const [sends, setSends] = useState(false)
  const [isDry, setIsDry] = useState(true)
  const { progress: state, run, stop } = useRun()
  const input = {
    ruleIds: rule === null ? null : [rule.id],
    over:
      over === 'query'
        ? { kind: 'query' as const, text: query.trim() }
        : { kind: 'folder' as const, folderId: Number(over) },
    sends,
  }
  const begin = (dry: boolean) => {
    setIsDry(dry)
    void run((signal) => (dry ? api.rules.dryRun(input, { signal }) : api.rules.run(input, { signal })))
  }
  const isRunning = state.at === 'running'
  return (
    <Dialog
      title={rule === null ? t('Run the rules') : t('Run {name}', { name: rule.name })}
      isOpen
      wide
      onClose={onClose}
    >
      <div className="rule-body">
        <Select
          label={t('Over')}
          value={over}
          options={[
            ...list
              .filter(({ role }) => role !== 'drafts')
              .map((folder) => ({
                value: `${folder.id}`,
                label: `${folderName(folder)}, ${folder.owner?.name ?? t('on this computer')}`,
              })),
            { value: 'query', label: t('what a search finds') },
          ]}
          onChange={setOver}
        />
        {over === 'query' ? (
          <Field
            label={t('Search')}
            value={query}
            placeholder={t('is:unread after:2026-01-01')}
            spellCheck={false}
            autoComplete="off"
            onChange={setQuery}
          />
        ) : null}
        <Check
          label={t('Forward and redirect, too')}
          hint={t('Answers are only ever given to mail that arrives.')}
          checked={sends}
          onChange={setSends}
        />
        <RunResults run={state} isDry={isDry} />
      </div>
      <footer>
        <span className="grow quiet">
          {state.at === 'ended' ? (isDry ? t('Nothing was done yet.') : t('Done.')) : ''}
        </span>
        {isRunning ? (
          <Button icon="pause" onClick={stop}>
            {t('Stop')}
          </Button>
        ) : (
          <Button icon="eye" onClick={() => begin(true)}>
            {t('Show what it would do')}
          </Button>
        )}
        <Button kind="primary" icon="play" disabled={isRunning} onClick={() => begin(false)}>
          {t('Run')}
        </Button>
      </footer>
    </Dialog>
  )
}
