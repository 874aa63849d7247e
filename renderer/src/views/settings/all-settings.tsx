import { api } from '../../bridge/client.ts'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { useLive } from '../../state/use-live.ts'
import { formatRoute } from '../../state/route.ts'
import { PAGE, pageFits, PAGES } from './setting-pages.ts'
import { fits, settingSearch } from './setting-search.ts'
import { SettingRow, type Setting } from './setting-row.tsx'
import { said, t, told } from '../../words/words.ts'

const ROOM: Readonly<Record<string, string>> = {
  submission: said('Submission server'),
  tls: said('Certificate of the servers here'),
  inbound: said('Mail from other servers'),
  pop3: said('POP3 server'),
  dns: said('Name servers'),
  relay: said('Delivery'),
  preflight: said('Look at the network'),
  local: said('Local mail'),
  rules: said('Rules'),
  junk: said('Junk'),
  queue: said('Queue'),
  pace: said('Pace'),
  retry: said('Tries'),
  discovery: said('Finding an account’s servers'),
  oauth: said('Sign-in at providers'),
  console: said('Console'),
  lab: said('Rehearsal lab'),
  log: said('Protocol log'),
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
