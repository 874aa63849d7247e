import type { ReactNode } from 'react'
import { api } from '../../bridge/client.ts'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { formatRoute } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'
import { t, tx } from '../../words/words.ts'
import { SettingRow } from './setting-row.tsx'

interface Props {
  readonly title: string
  readonly lead: ReactNode
  /** What the keys of these settings begin with. */
  readonly rooms: readonly string[]
}

/** A page of the settings of some rooms, with a sentence of what they are about. */
function SomeSettings({ title, lead, rooms }: Props) {
  const settings = useLive('settings', () => api.app.settings(), { changes: api.app.changes })
  return (
    <>
      <div className="panel-head">
        <h2>{title}</h2>
      </div>
      <p className="lead">{lead}</p>
      <Load live={settings} what={t('the settings')} again={settings.again}>
        {(list) => (
          <section className="setting-group" aria-label={title}>
            {list
              .filter(({ key }) => rooms.some((room) => key.startsWith(room)))
              .map((setting) => (
                <SettingRow
                  key={`${setting.key} ${JSON.stringify(setting.value)}`}
                  setting={setting}
                  onDone={settings.again}
                />
              ))}
          </section>
        )}
      </Load>
    </>
  )
}

/** What the protocol log records, and how long it keeps it. */
export function LogSettings() {
  return (
    <SomeSettings
      title={t('Log')}
      rooms={['log.']}
      lead={tx(
        'Every session with another server is recorded as it was said, without passwords and without the messages themselves. <a>Open the log</a>',
        {
          a: (words) => (
            <a href={formatRoute({ view: 'log', sessionId: null, seq: null, of: null })}>
              <Icon name="wire" /> {words}
            </a>
          ),
        },
      )}
    />
  )
}

/** What others get to know of whoever reads mail here. */
export function Privacy() {
  return (
    <SomeSettings
      title={t('Privacy')}
      rooms={['privacy.', 'discovery.', 'preflight.', 'updates.']}
      lead={tx(
        'Nothing is fetched for a message unless you ask: its sender does not learn that you read it. Whom Posthorn asks by itself stands here. <a>How mail is kept on this computer</a>',
        { a: (words) => <a href={formatRoute({ view: 'settings', page: 'protection' })}>{words}</a> },
      )}
    />
  )
}
