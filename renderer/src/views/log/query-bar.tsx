import { useState } from 'react'
import type { SavedLogQueryView } from '../../../../core/rpc/log-contract.ts'
import { api } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Check, Field } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { act } from '../../state/act.ts'
import { toast } from '../../state/toasts.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'
import { whole } from '../../format/size.ts'

const changes = { changes: api.log.saved.changes }

interface Props {
  readonly text: string
  readonly onText: (text: string) => void
}

/** Where the log is asked, and the questions that were kept. */
export function QueryBar({ text, onText }: Props) {
  const saved = useLive('saved log queries', () => api.log.saved.list(), changes)
  const [keeps, setKeeps] = useState(false)
  const list = saved.at === 'ready' ? saved.value : []
  return (
    <div className="query-bar">
      <div className="field" data-kind="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label={t('Find in the log')}
          placeholder={t('verb:RCPT code:5xx host:mx.example ms:>2000 "words"')}
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={(event) => onText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onText('')
          }}
        />
        {text === '' ? null : <IconButton icon="x" label={t('Show all sessions')} onClick={() => onText('')} />}
      </div>
      {text.trim() === '' ? null : (
        <Button kind="plain" icon="star" onClick={() => setKeeps(true)}>
          {t('Keep')}
        </Button>
      )}
      {list.map((query) => (
        <Kept key={query.id} query={query} isOpen={query.text === text} onText={onText} />
      ))}
      {keeps ? <KeepDialog text={text.trim()} onClose={() => setKeeps(false)} /> : null}
    </div>
  )
}

interface KeptProps {
  readonly query: SavedLogQueryView
  readonly isOpen: boolean
  readonly onText: (text: string) => void
}

function Kept({ query, isOpen, onText }: KeptProps) {
  const { id, name, notify, found } = query
  return (
    <span className="kept-query">
      <button
        type="button"
        className="chip"
        aria-pressed={isOpen}
        title={query.text}
        onClick={() => onText(query.text)}
      >
        {notify ? <Icon name="bell" label={t('Tells of new ones')} /> : null}
        {name}
        {notify && found > 0 ? <span className="count">{whole(found)}</span> : null}
      </button>
      <IconButton
        icon="x"
        label={t('Forget {name}', { name })}
        onClick={() => void act(t('Forgetting the query'), () => api.log.saved.remove({ id }))}
      />
    </span>
  )
}

function KeepDialog({ text, onClose }: { readonly text: string; readonly onClose: () => void }) {
  const [name, setName] = useState(text.slice(0, 60))
  const [notify, setNotify] = useState(false)
  const save = async () => {
    await api.log.saved.save({ name: name.trim(), text, notify })
    const values = { name: name.trim() }
    toast(notify ? t('You are told when “{name}” finds a new session.', values) : t('“{name}” is kept.', values), {
      icon: notify ? 'bell' : 'star',
    })
  }
  return (
    <FormDialog
      title={t('Keep this question')}
      action={t('Keep')}
      isReady={name.trim() !== ''}
      onSave={save}
      onClose={onClose}
    >
      <Field label={t('Name')} value={name} autoComplete="off" onChange={setName} />
      <Check
        label={t('Tell me of new sessions that it finds')}
        hint={t('As each session ends it is held against it.')}
        checked={notify}
        onChange={setNotify}
      />
    </FormDialog>
  )
}
