import { useState } from 'react'
import { api } from '../../bridge/client.ts'
import { shell } from '../../bridge/shell.ts'
import { Button } from '../../parts/button.tsx'
import { Check, Field, Select } from '../../parts/field.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { useLive } from '../../state/use-live.ts'
import { writeMailHere } from '../../state/use-desktop.ts'
import { t } from '../../words/words.ts'

const changes = { changes: api.app.changes }

/** How the application lives on its desktop. Only there: a browser has none of it. */
export function Desktop() {
  const live = useLive(
    'desktop',
    async () => {
      const settings = await api.app.settings()
      const of = (key: string) => settings.find((one) => one.key === `desktop.${key}`)?.value
      return { of, view: await shell?.about() }
    },
    changes,
  )
  const set = (key: string, value: unknown) =>
    void act(t('Changing the setting'), () => api.app.setSetting({ key: `desktop.${key}`, value })).then(live.again)
  return (
    <>
      <div className="panel-head">
        <h2>{t('Desktop')}</h2>
        <span className="grow" />
        {live.at === 'ready' && live.value.view?.writesMail === false ? (
          <Button onClick={() => void writeMailHere().then(live.again)}>{t('Open mail links here')}</Button>
        ) : null}
      </div>
      <Load live={live} what={t('the settings')} again={live.again}>
        {({ of, view }) => (
          <div className="fields">
            {view?.hasTray === true && view.platform !== 'darwin' ? (
              <Select
                label={t('Closing the last window')}
                className="half"
                value={closingOf(of('closing'))}
                options={[
                  { value: 'ask', label: t('asks once') },
                  { value: 'tray', label: t('keeps Posthorn running in the tray') },
                  { value: 'quit', label: t('quits') },
                ]}
                onChange={(value) => set('closing', value)}
              />
            ) : null}
            <div className="all">
              <Check
                label={t('Start when I sign in')}
                hint={t('Without a window: mail is sent and fetched from the beginning.')}
                checked={of('startAtLogin') === true}
                onChange={(on) => set('startAtLogin', on)}
              />
              <Check
                label={t('Tell of new mail')}
                hint={t('With buttons to answer, to archive and to mark as read, where the system has them.')}
                checked={of('notify') === true}
                onChange={(on) => set('notify', on)}
              />
              <Check
                label={t('Show author and subject there')}
                hint={t('They can be read on a locked screen, too.')}
                checked={of('notifyWords') === true}
                onChange={(on) => set('notifyWords', on)}
              />
              <Check
                label={t('Number of unread messages at the icon')}
                hint={t('Where the system shows one.')}
                checked={of('badge') === true}
                onChange={(on) => set('badge', on)}
              />
            </div>
            <Text
              key={`quiet ${String(of('quietHours'))}`}
              label={t('Quiet hours')}
              hint={t('Two times such as 22:00-07:00; nothing is told of then.')}
              value={String(of('quietHours') ?? '')}
              onDone={(value) => set('quietHours', value)}
            />
            {view === undefined || view.spellLanguages.length === 0 ? null : (
              <Text
                key={`spell ${String(of('spellLanguages'))}`}
                className="all"
                label={t('Check spelling in')}
                hint={t(
                  'Languages with commas between, such as en-GB, de; none for no check. Their dictionaries are fetched once from Google. For windows opened from then on.',
                )}
                value={listOf(of('spellLanguages')).join(', ')}
                onDone={(value) =>
                  set(
                    'spellLanguages',
                    value
                      .split(',')
                      .map((one) => one.trim())
                      .filter((one) => one !== ''),
                  )
                }
              />
            )}
          </div>
        )}
      </Load>
    </>
  )
}

const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
const closingOf = (value: unknown) => (['ask', 'tray', 'quit'] as const).find((one) => one === value) ?? 'ask'

interface TextProps {
  readonly label: string
  readonly hint: string
  readonly value: string
  readonly className?: string
  readonly onDone: (value: string) => void
}

/** A field that is kept when it is left, or by Enter. */
function Text({ label, hint, value, className = 'half', onDone }: TextProps) {
  const [typed, setTyped] = useState(value)
  const keep = () => (typed.trim() === value ? undefined : onDone(typed.trim()))
  return (
    <Field
      label={label}
      hint={hint}
      value={typed}
      className={className}
      onChange={setTyped}
      onBlur={keep}
      onKeyDown={(event) => (event.key === 'Enter' ? keep() : undefined)}
    />
  )
}
