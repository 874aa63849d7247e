import { useEffect, useRef, useState } from 'react'
import { api } from '../../bridge/client.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { getMail, fetching } from '../../state/actions.ts'
import { act } from '../../state/act.ts'
import { useEngine } from '../../state/engine.tsx'
import { go, useRoute } from '../../state/route.ts'
import { look, useLook } from '../../state/look.ts'
import { useLive } from '../../state/use-live.ts'
import { compose } from '../compose/composer.ts'
import { AccountDialog } from '../account/account-dialog.tsx'
import { findingAccount } from '../account/finding.ts'
import { ComposePanel } from '../compose/compose-panel.tsx'
import { ConsoleView } from '../console/console-view.tsx'
import { DraftsView } from '../compose/drafts-view.tsx'
import { useDrafts } from '../compose/use-drafts.ts'
import { useAlerts } from '../log/use-alerts.ts'
import { LabView } from '../lab/lab-view.tsx'
import { LogView } from '../log/log-view.tsx'
import { Folders } from '../mail/folders.tsx'
import { moveTo, putTag } from '../mail/mail-actions.ts'
import { MailView } from '../mail/mail-view.tsx'
import { SearchView } from '../mail/search-view.tsx'
import { SnoozedView } from '../mail/snoozed-view.tsx'
import { PeopleView } from '../people/people-view.tsx'
import { QueueView } from '../queue/queue-view.tsx'
import { SettingsView } from '../settings/settings-view.tsx'
import { TraceView } from '../trace/trace-view.tsx'
import { Banners } from './banners.tsx'
import { SearchField } from './search-field.tsx'
import { KeysDialog } from './keys-dialog.tsx'
import { Palette } from '../../commands/palette.tsx'
import { keyOf } from '../../commands/bindings.ts'
import { useKeys } from '../../commands/use-keys.ts'
import { StatusBar } from './status-bar.tsx'
import { useViewFocus } from './view-focus.ts'
import { useShellCommands } from './use-shell-commands.ts'
import { useDesktop } from '../../state/use-desktop.ts'
import { said, t, told } from '../../words/words.ts'

const searchChanges = { changes: api.search.changes }
const mailChanges = { changes: api.mail.changes }

/** The window: title bar, folders, the view, status bar. */
export function Shell() {
  const route = useRoute()
  const { status, folders, accounts, tags } = useEngine()
  const drafts = useDrafts()
  const { unifiedInbox } = look.use()
  const finding = findingAccount.use()
  const searches = useLive('searches', () => api.search.saved.list(), searchChanges)
  const snoozed = useLive('snoozed count', () => api.mail.snoozed({ after: null, limit: 1 }), mailChanges)
  const busy = fetching.use()
  const [keys, setKeys] = useState(false)
  const [finds, setFinds] = useState(false)
  const search = useRef<HTMLInputElement>(null)
  useKeys()
  useLook()
  useAlerts()
  useShellCommands({
    route,
    showKeys: () => setKeys(true),
    findCommand: () => setFinds(true),
    // All of it, so that typing begins anew.
    focusSearch: () => search.current?.select(),
  })
  useDesktop()
  useViewFocus(route.view)
  const firstInbox = folders.at === 'ready' ? folders.value.find(({ role }) => role === 'inbox') : undefined
  useEffect(() => {
    // Without the unified inbox there is always one of the real ones.
    if (!unifiedInbox && firstInbox !== undefined && route.view === 'mail' && route.folderId === null)
      go({ view: 'mail', folderId: firstInbox.id, messageId: route.messageId }, 'quietly')
  }, [unifiedInbox, firstInbox, route])
  useEffect(() => {
    document.title = `${told(TITLE[route.view])} – Posthorn`
  }, [route.view])

  return (
    <div className="window">
      <header className="titlebar">
        <a className="brand" href="#/mail/all">
          <img src={new URL('../../../../resources/icon.svg', import.meta.url).href} alt="" width={20} height={20} />
          Posthorn
        </a>
        <SearchField asked={route.view === 'search' ? route.text : ''} input={search} />
        <div className="title-end">
          <Button kind="plain" icon="refresh" disabled={busy} onClick={() => void getMail(accounts.length > 0)}>
            {busy ? t('Getting mail') : t('Get mail')}
          </Button>
          <Button
            kind="plain"
            icon="wire"
            aria-pressed={route.view === 'log'}
            title={t('Protocol log ({key})', { key: keyOf('log') ?? t('no key') })}
            onClick={() => go({ view: 'log', sessionId: null, seq: null, of: null })}
          >
            {t('Protocol log')}
          </Button>
          <IconButton
            icon="settings"
            label={t('Settings')}
            {...(keyOf('settings') === undefined ? {} : { keys: keyOf('settings')! })}
            aria-pressed={route.view === 'settings'}
            onClick={() => go({ view: 'settings', page: 'accounts' })}
          />
        </div>
      </header>
      <Banners />
      <div className="panes" data-view={route.view}>
        {WIDE.has(route.view) ? null : (
          <Folders
            folders={folders.at === 'ready' ? folders.value : []}
            route={route}
            waiting={status.waiting}
            drafts={drafts.at === 'ready' ? drafts.value.length : 0}
            snoozed={snoozed.at === 'ready' ? snoozed.value.total : 0}
            tags={tags}
            unified={unifiedInbox}
            searches={searches.at === 'ready' ? searches.value : []}
            onForget={({ id }) => void act(t('Forgetting the search'), () => api.search.saved.remove({ id }))}
            onCompose={() => compose()}
            onMove={(ids, folder) => void moveTo(ids, folder)}
            onTag={(ids, tag) => void putTag(ids, tag.id)}
          />
        )}
        {route.view === 'mail' ? <MailView key={`${route.folderId}`} route={route} /> : null}
        {route.view === 'search' ? <SearchView route={route} /> : null}
        {route.view === 'snoozed' ? <SnoozedView route={route} /> : null}
        {route.view === 'people' ? <PeopleView key={`${route.groupId}`} route={route} /> : null}
        {route.view === 'drafts' ? <DraftsView drafts={drafts} /> : null}
        {route.view === 'queue' ? <QueueView route={route} /> : null}
        {route.view === 'log' ? <LogView route={route} /> : null}
        {route.view === 'trace' ? <TraceView route={route} /> : null}
        {route.view === 'console' ? <ConsoleView route={route} /> : null}
        {route.view === 'lab' ? <LabView route={route} /> : null}
        {route.view === 'settings' ? <SettingsView page={route.page} /> : null}
      </div>
      <StatusBar />
      <ComposePanel />
      {finding === null ? null : <AccountDialog first={finding} onClose={() => findingAccount.set(null)} />}
      <Palette isOpen={finds} onClose={() => setFinds(false)} />
      <KeysDialog isOpen={keys} onClose={() => setKeys(false)} />
    </div>
  )
}

/** Views that have the whole width. */
const WIDE: ReadonlySet<string> = new Set(['log', 'console', 'lab'])

const TITLE = {
  mail: said('Mail'),
  search: said('Search'),
  snoozed: said('Snoozed'),
  drafts: said('Drafts'),
  people: said('People'),
  queue: said('Queue'),
  log: said('Protocol log'),
  trace: said('Delivery trace'),
  console: said('Guided console'),
  lab: said('Rehearsal lab'),
  settings: said('Settings'),
} as const
