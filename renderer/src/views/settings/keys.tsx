import { useEffect, useState } from 'react'
import {
  COMMANDS,
  COMMAND_GROUPS,
  isCommandId,
  KEY_SCHEMES,
  parseBinding,
  type CommandEntry,
  type CommandId,
  type KeyScheme,
} from '../../../../core/model/command-table.ts'
import { api } from '../../bridge/client.ts'
import { bindings, commandAt } from '../../commands/bindings.ts'
import { chordOf, showChord } from '../../commands/chord.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Select } from '../../parts/field.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useLive } from '../../state/use-live.ts'
import { said, t, told } from '../../words/words.ts'

const SCHEME: Readonly<Record<KeyScheme, string>> = {
  posthorn: 'Posthorn',
  thunderbird: 'Thunderbird',
  gmail: 'Gmail',
  off: said('No single letters'),
}
const IDS = Object.keys(COMMANDS).filter(isCommandId)
const changes = { changes: api.app.changes }

/** Which keys do what: a scheme, and keys of one's own. */
export function Keys() {
  const settings = useLive('settings', () => api.app.settings(), changes)
  return (
    <>
      <div className="panel-head">
        <h2>{t('Keys')}</h2>
      </div>
      <Load live={settings} what={t('the settings')} again={settings.again}>
        {(list) => {
          const scheme = list.find(({ key }) => key === 'keys.scheme')?.value
          const own = list.find(({ key }) => key === 'keys.own')?.value
          return (
            <KeyTable
              scheme={KEY_SCHEMES.find((one) => one === scheme) ?? 'posthorn'}
              own={Array.isArray(own) ? own.map(String) : []}
              onDone={settings.again}
            />
          )
        }}
      </Load>
    </>
  )
}

interface TableProps {
  readonly scheme: KeyScheme
  readonly own: readonly string[]
  readonly onDone: () => void
}

function KeyTable({ scheme, own, onDone }: TableProps) {
  const keys = bindings.use()
  const [asks, setAsks] = useState<CommandId | null>(null)
  const save = (key: string, value: unknown) =>
    void act(t('Changing the keys'), () => api.app.setSetting({ key, value })).then(onDone)
  const without = (id: CommandId) => own.filter((line) => parseBinding(line)?.id !== id)
  return (
    <>
      <div className="fields">
        <Select
          label={t('Keys as in')}
          className="half"
          value={scheme}
          options={KEY_SCHEMES.map((value) => ({ value, label: told(SCHEME[value]) }))}
          onChange={(value) => save('keys.scheme', value)}
        />
      </div>
      <p className="quiet">{t('Single letters act while you read, never while you type.')}</p>
      {COMMAND_GROUPS.map((group) => (
        <section key={group} className="setting-group" aria-label={told(group)}>
          <h3>{told(group)}</h3>
          <ul className="key-rows">
            {IDS.filter((id) => COMMANDS[id].group === group).map((id) => {
              const entry: CommandEntry = COMMANDS[id]
              const isOwn = own.some((line) => parseBinding(line)?.id === id)
              const chords = keys.get(id) ?? []
              return (
                <li key={id} aria-label={told(entry.label)}>
                  <span className="grow">{told(entry.label)}</span>
                  <span className="chords">
                    {chords.length === 0 ? <span className="quiet">{t('no key')}</span> : null}
                    {chords.map((chord) => (
                      <kbd key={chord}>{showChord(chord)}</kbd>
                    ))}
                  </span>
                  {isOwn ? (
                    <Button kind="plain" onClick={() => save('keys.own', without(id))}>
                      {t('As before')}
                    </Button>
                  ) : null}
                  <Button
                    onClick={() => setAsks(id)}
                    aria-label={t('Change the key of {label}', { label: told(entry.label) })}
                  >
                    {t('Change')}
                  </Button>
                </li>
              )
            })}
          </ul>
        </section>
      ))}
      {asks === null ? null : (
        <PressDialog
          id={asks}
          onPress={(chord) => save('keys.own', [...without(asks), `${asks}=${chord}`])}
          onClose={() => setAsks(null)}
        />
      )}
    </>
  )
}

interface PressProps {
  readonly id: CommandId
  /** '' for no key at all. */
  readonly onPress: (chord: string) => void
  readonly onClose: () => void
}

/** Waits for the key that somebody wants for a command. */
function PressDialog({ id, onPress, onClose }: PressProps) {
  const [chord, setChord] = useState<string>()
  const entry: CommandEntry = COMMANDS[id]
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const pressed = chordOf(event)
      // These four move in the dialog and leave it.
      if (pressed === undefined || ['Tab', 'Shift+Tab', 'Escape', 'Enter', 'Space'].includes(pressed)) return
      event.preventDefault()
      event.stopPropagation()
      setChord(pressed)
    }
    window.addEventListener('keydown', onKey, true)
    return () => window.removeEventListener('keydown', onKey, true)
  }, [])
  const other = chord === undefined ? undefined : commandAt(chord)
  const taken = other !== undefined && other !== id && isCommandId(other) ? told(COMMANDS[other].label) : undefined
  const done = (wanted: string) => {
    onClose()
    onPress(wanted)
  }
  return (
    <Dialog title={told(entry.label)} isOpen onClose={onClose}>
      <div className="dialog-body">
        <p>{t('Press the key for it.')}</p>
        <p className="pressed" role="status">
          {chord === undefined ? (
            <span className="quiet">{t('Nothing pressed yet')}</span>
          ) : (
            <kbd>{showChord(chord)}</kbd>
          )}
        </p>
        {taken === undefined ? null : <p>{t('It is the key of “{taken}” now, which loses it.', { taken })}</p>}
      </div>
      <footer>
        <Button kind="plain" onClick={() => done('')}>
          {t('No key')}
        </Button>
        <span className="grow" />
        <Button kind="plain" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button kind="primary" disabled={chord === undefined} onClick={() => done(chord ?? '')}>
          {t('Use this key')}
        </Button>
      </footer>
    </Dialog>
  )
}
