import { useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { useLive } from '../../state/use-live.ts'
import { formatRoute } from '../../state/route.ts'
import { PAGE, pageFits, PAGES } from './setting-pages.ts'
import { fits, settingSearch } from './setting-search.ts'
import { formatValue, parseValue } from './setting-value.ts'
import { said, t, told } from '../../words/words.ts'

type Setting = Awaited<ReturnType<typeof api.app.settings>>[number]

/** What the numbers of settings count. */
const UNITS: Readonly<Record<string, string>> = { seconds: said('seconds'), connections: said('connections') }

const ROOM: Readonly<Record<string, string>> = {
  submission: said('Submission server'),
  inbound: said('Mail from other servers'),
  pop3: said('POP3 server'),
  dns: said('Name servers'),
  relay: said('Delivery'),
  local: said('Local mail'),
  queue: said('Queue'),
  retry: said('Tries'),
  ui: said('Window'),
  privacy: said('Privacy'),
  compose: said('Writing'),
  look: said('Appearance'),
  keys: said('Keys'),
  desktop: said('Desktop'),
  updates: said('Newer versions'),
}

/** Every setting with its sentence and what is allowed, by room. */
export function AllSettings() {
  const settings = useLive('settings', () => api.app.settings(), { changes: api.app.changes })
  return (
    <>
      <div className="panel-head">
        <h2>{t('All settings')}</h2>
      </div>
      <Load live={settings} what={t('the settings')} again={settings.again}>
        {(list) => <Rooms list={list} again={settings.again} />}
      </Load>
    </>
  )
}

const roomOf = ({ key }: Setting) => key.split('.')[0] ?? ''

function Rooms({ list, again }: { readonly list: readonly Setting[]; readonly again: () => void }) {
  const typed = settingSearch.use()
  const found = list.filter((setting) => fits(typed, setting, ROOM[roomOf(setting)] ?? roomOf(setting)))
  return (
    <>
      <p className="quiet num" role="status">
        {typed === ''
          ? t('{count, plural, one {# setting} other {# settings}}', { count: list.length })
          : t('{count, plural, one {# setting has} other {# settings have}} “{typed}”', { count: found.length, typed })}
      </p>
      <Pages typed={typed} />
      {[...Map.groupBy(found, roomOf)].map(([room, group]) => (
        <section key={room} className="setting-group" aria-label={told(ROOM[room] ?? room)}>
          <h3>{told(ROOM[room] ?? room)}</h3>
          {group.map((setting) => (
            <SettingRow key={`${setting.key} ${JSON.stringify(setting.value)}`} setting={setting} onDone={again} />
          ))}
        </section>
      ))}
    </>
  )
}

/** Pages where what is looked for is set. */
function Pages({ typed }: { readonly typed: string }) {
  const pages = PAGES.filter((page) => page !== 'settings' && pageFits(typed, page))
  if (pages.length === 0) return null
  return (
    <nav className="pages-found" aria-label={t('Pages about it')}>
      {pages.map((page) => (
        <a key={page} href={formatRoute({ view: 'settings', page })}>
          <Icon name={PAGE[page].icon} /> {told(PAGE[page].title)}
        </a>
      ))}
    </nav>
  )
}

function SettingRow({ setting, onDone }: { setting: Setting; onDone: () => void }) {
  const { key, about, value, allowed, unit, needsRestart, fromFile } = setting
  const [typed, setTyped] = useState(() => formatValue(value))
  const [problem, setProblem] = useState<string>()
  const isDefault = JSON.stringify(value) === JSON.stringify(setting.default)
  const isLocked = fromFile
  const id = `setting-${key}`
  const isFlag = typeof setting.default === 'boolean'
  const save = async (next: unknown) => {
    setProblem(undefined)
    try {
      await api.app.setSetting({ key, value: next })
      onDone()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  const isChanged = typed !== formatValue(value)
  return (
    <form
      className="setting"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isFlag) void save(parseValue(typed, setting.default))
      }}
    >
      <label htmlFor={id}>
        <span className="mono key">{key}</span>
        <span>{told(about)}</span>
        <span className="quiet below">
          {isFlag ? '' : t('Allowed: {allowed}.', { allowed })}
          {unit === null || unit === 'port' ? '' : t(' In {unit}.', { unit: told(UNITS[unit] ?? unit) })}
          {needsRestart ? t(' Takes effect at the next start.') : ''}
          {fromFile ? t(' Set by the settings file.') : ''}
        </span>
        {problem === undefined ? null : (
          <span className="danger below" role="alert">
            <Icon name="alert" /> {problem}
          </span>
        )}
      </label>
      <div className="value">
        {isFlag ? (
          <input
            id={id}
            type="checkbox"
            className="switch"
            checked={value === true}
            disabled={isLocked}
            onChange={(event) => void save(event.target.checked)}
          />
        ) : (
          <>
            <div className="field">
              <input
                id={id}
                value={typed}
                disabled={isLocked}
                spellCheck={false}
                autoComplete="off"
                onChange={(event) => setTyped(event.target.value)}
              />
            </div>
            {isChanged ? (
              <Button submit kind="primary">
                {t('Save')}
              </Button>
            ) : null}
          </>
        )}
        {isDefault || isLocked ? null : (
          <Button
            kind="plain"
            onClick={() => void save(setting.default)}
            title={t('Back to {default}', { default: formatValue(setting.default) })}
          >
            {t('Default')}
          </Button>
        )}
      </div>
    </form>
  )
}
