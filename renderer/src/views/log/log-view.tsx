import { useEffect, useRef, useState } from 'react'
import type { SessionView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { useOffers } from '../../commands/offers.ts'
import { keyOf } from '../../commands/bindings.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { MenuButton } from '../../parts/menu.tsx'
import { act } from '../../state/act.ts'
import { getMail } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { go, INBOX, type Route } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { visible } from '../../format/wire-text.ts'
import { Mistake } from '../mail/search-view.tsx'
import { DiffPane } from './diff-pane.tsx'
import { ExplainDialog } from './explain-dialog.tsx'
import { FileView } from './file-view.tsx'
import { ManyPane } from './many-pane.tsx'
import { LARGEST_FILE_BYTES, readOpened, type OpenedFile } from './open-file.ts'
import { QueryBar } from './query-bar.tsx'
import { SessionPane } from './session-pane.tsx'
import { UseDialog } from './use-dialog.tsx'
import { useLogFind } from './use-log-find.ts'
import { SessionList } from './session-list.tsx'
import { useSessions, type Filter } from './use-sessions.ts'
import { t } from '../../words/words.ts'

const NONE: ReadonlySet<number> = new Set()

type LogRoute = Extract<Route, { view: 'log' }>

/** The protocol log: every session, and what was said in it. */
export function LogView({ route }: { readonly route: LogRoute }) {
  const { status, accounts } = useEngine()
  const [protocol, setProtocol] = useState<Filter['protocol']>(null)
  const [problemsOnly, setProblemsOnly] = useState(false)
  const [accountId, setAccountId] = useState<number | null>(null)
  const [query, setQuery] = useState('')
  const [open, setOpen] = useState<'clear' | 'use' | 'explain' | null>(null)
  const [file, setFile] = useState<OpenedFile | null>(null)
  const input = useRef<HTMLInputElement>(null)
  /** Sessions beside the open one that were picked, too. */
  const [picked, setPicked] = useState<ReadonlySet<number>>(NONE)
  /** The list as it was when it was paused. */
  const [held, setHeld] = useState<readonly SessionView[] | null>(null)
  const nowMs = useNow(status.liveSessions > 0 ? 1000 : 30_000)
  const of = route.of
  const live = useSessions({
    protocol,
    problemsOnly,
    entryId: of !== null && 'entryId' in of ? of.entryId : null,
    messageId: of !== null && 'messageId' in of ? of.messageId : null,
    accountId,
  })
  const asked = query.trim()
  const found = useLogFind(asked)
  const isFinding = asked !== ''
  const listed = held ?? (live.at === 'ready' ? live.value.sessions : [])
  // The list hears of each change; what was found is as it was then.
  const sessions = isFinding
    ? found.hits.map(({ session }) => listed.find(({ id }) => id === session.id) ?? session)
    : listed
  const first = sessions[0]?.id
  const filtered = isFinding || protocol !== null || problemsOnly || accountId !== null || of !== null
  useEffect(() => {
    if (first === undefined) return
    // What is found first is opened; a session that a link led to stays open.
    const isThere = !isFinding || sessions.some(({ id }) => id === route.sessionId)
    if (route.sessionId === null || !isThere) go({ ...route, sessionId: first, seq: null }, 'quietly')
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the list is new at each event, its first session is not
  }, [route, first, isFinding])
  /** Another filter shows other sessions: the first of them is opened. */
  const forget = () => go({ ...route, sessionId: null, seq: null }, 'quietly')
  const clear = async () => {
    const done = await act(t('Clearing the log'), () => api.log.clear())
    if (done === undefined) return
    go({ view: 'log', sessionId: null, seq: null, of: null }, 'quietly')
    live.again()
    setHeld(null)
    toast(t('{sessions, plural, one {# session} other {# sessions}} removed.', { sessions: done.sessions }), {
      icon: 'trash',
    })
  }
  const openFile = async (from: File) => {
    const opened =
      from.size > LARGEST_FILE_BYTES
        ? { error: t('It is larger than such files are.') }
        : readOpened(from.name, await from.text())
    if ('error' in opened)
      toast(t('“{name}” cannot be opened. {error}', { name: from.name, error: opened.error }), { icon: 'alert' })
    else setFile(opened)
  }
  // A list that is still being read is none to be looked at for long.
  const pause = () => setHeld(held === null && live.at === 'ready' ? listed : null)
  useOffers({
    'log-open': () => input.current?.click(),
    'log-explain': () => setOpen('explain'),
    'log-clear': () => setOpen('clear'),
    'log-pause': pause,
  })
  const chosen = route.sessionId !== null && picked.has(route.sessionId) ? [...picked].toSorted((a, b) => a - b) : []
  const [older, newer] = chosen

  return (
    <main className="page log" aria-label={t('Protocol log')}>
      <header className="page-head">
        <IconButton
          icon="left"
          label={t('Back to mail')}
          {...(keyOf('log') === undefined ? {} : { keys: keyOf('log')! })}
          onClick={() => go(INBOX)}
        />
        <h1>{t('Protocol log')}</h1>
        {status.liveSessions === 0 ? null : <span className="live">{t('Live')}</span>}
        <span className="quiet num clip grow">
          {t(
            '{count, plural, =0 {No session open.} one {# session open.} other {# sessions open.}} Secrets are never stored.',
            { count: status.liveSessions },
          )}
        </span>
        <Button kind="plain" icon="terminal" onClick={() => go({ view: 'console', id: null, from: null })}>
          {t('Guided console')}
        </Button>
        <Button kind="plain" icon="server" onClick={() => go({ view: 'lab', entryId: null })}>
          {t('Rehearsal lab')}
        </Button>
        <Button kind="plain" icon={held === null ? 'pause' : 'play'} aria-pressed={held !== null} onClick={pause}>
          {held === null ? t('Pause') : t('Go on')}
        </Button>
        <Button kind="plain" icon="question" onClick={() => setOpen('explain')}>
          {t('What does it mean?')}
        </Button>
        <MenuButton
          label={t('More')}
          icon="more"
          entries={[
            { id: 'open', label: t('Open a file…'), icon: 'file', run: () => input.current?.click() },
            { id: 'use', label: t('What is kept'), icon: 'layers', run: () => setOpen('use') },
            { id: 'clear', label: t('Clear the log…'), icon: 'trash', run: () => setOpen('clear') },
          ]}
        />
        <input
          ref={input}
          type="file"
          hidden
          aria-label={t('Sessions in a file')}
          accept=".json,.txt,.eml,application/json,text/plain,message/rfc822"
          onChange={({ currentTarget: box }) => {
            const [one] = box.files ?? []
            if (one !== undefined) void openFile(one)
            box.value = ''
          }}
        />
      </header>
      {file !== null ? (
        <FileView file={file} onClose={() => setFile(null)} />
      ) : (
        <>
          <div className="filters" role="toolbar" aria-label={t('Filter sessions')}>
            {([null, 'smtp', 'pop3', 'imap'] as const).map((one) => (
              <button
                key={one}
                type="button"
                className="chip"
                aria-pressed={protocol === one}
                onClick={() => {
                  setProtocol(one)
                  forget()
                }}
              >
                {one === null ? t('All') : one.toUpperCase()}
              </button>
            ))}
            <span className="bar-gap" />
            <button
              type="button"
              className="chip"
              aria-pressed={problemsOnly}
              onClick={() => {
                setProblemsOnly(!problemsOnly)
                forget()
              }}
            >
              <Icon name="alert" />
              {t('Only problems')}
            </button>
            {accounts.length === 0 ? null : (
              <select
                className="chip"
                aria-label={t('Account')}
                data-on={accountId !== null || undefined}
                value={accountId ?? ''}
                onChange={({ target: { value } }) => {
                  setAccountId(value === '' ? null : Number(value))
                  forget()
                }}
              >
                <option value="">{t('Any account')}</option>
                {accounts.map(({ id, user, host }) => (
                  <option key={id} value={id}>
                    {visible(user.includes('@') ? user : `${user}, ${host}`)}
                  </option>
                ))}
              </select>
            )}
            {of === null ? null : (
              <button type="button" className="chip" aria-pressed onClick={() => go({ ...route, of: null })}>
                <Icon name="sent" />
                {t('This message')}
                <Icon name="x" />
              </button>
            )}
            <QueryBar text={query} onText={setQuery} />
            {found.problem === null ? null : <Mistake query={asked} problem={found.problem} />}
          </div>
          <Load live={live} what={t('the log')} again={live.again}>
            {() =>
              sessions.length === 0 ? (
                filtered ? (
                  <Empty icon="filter" title={t('No such session')}>
                    {isFinding
                      ? found.isRunning
                        ? t('Looking.')
                        : t('No session that is kept has this.')
                      : of === null
                        ? t('No session is left with this filter.')
                        : t('No session of this message is kept.')}
                  </Empty>
                ) : (
                  <Empty
                    icon="wire"
                    title={t('No session yet')}
                    actions={
                      accounts.length === 0 ? undefined : (
                        <Button icon="refresh" onClick={() => void getMail(true)}>
                          {t('Get mail')}
                        </Button>
                      )
                    }
                  >
                    {t('Each connection appears here the moment it opens.')}
                  </Empty>
                )
              ) : (
                <div className="split">
                  <SessionList
                    accounts={accounts}
                    sessions={sessions}
                    multiple
                    picked={{
                      active: route.sessionId,
                      selected: chosen.length > 1 || route.sessionId === null ? picked : new Set([route.sessionId]),
                    }}
                    nowMs={nowMs}
                    onPick={({ active, selected }) => {
                      setPicked(selected)
                      if (active !== null) go({ ...route, sessionId: active, seq: null }, 'quietly')
                    }}
                    onNearEnd={isFinding ? found.loadMore : live.more}
                  />
                  {route.sessionId === null ? (
                    <section className="detail" />
                  ) : chosen.length === 2 && older !== undefined && newer !== undefined ? (
                    <DiffPane
                      ids={[older, newer]}
                      onLine={(sessionId, seq) => {
                        setPicked(NONE)
                        go({ ...route, sessionId, seq }, 'quietly')
                      }}
                    />
                  ) : chosen.length > 2 ? (
                    <ManyPane ids={chosen} />
                  ) : (
                    <SessionPane
                      key={route.sessionId}
                      id={route.sessionId}
                      seq={route.seq}
                      hit={isFinding ? found.hits.find(({ session }) => session.id === route.sessionId) : undefined}
                      onLine={(seq) => go({ ...route, seq }, 'quietly')}
                    />
                  )}
                </div>
              )
            }
          </Load>
        </>
      )}
      <Confirm
        title={t('Clear the protocol log?')}
        isOpen={open === 'clear'}
        action={t('Clear')}
        danger
        onClose={() => setOpen(null)}
        onConfirm={() => void clear()}
      >
        <p>{t('Every session that has ended is removed for good. Mail and queue stay as they are.')}</p>
      </Confirm>
      {open === 'use' ? <UseDialog onClose={() => setOpen(null)} /> : null}
      {open === 'explain' ? <ExplainDialog first="" onClose={() => setOpen(null)} /> : null}
    </main>
  )
}
