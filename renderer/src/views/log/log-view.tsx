import { useEffect, useState } from 'react'
import type { LogHit } from '../../../../core/rpc/log-contract.ts'
import type { SessionView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { count, size } from '../../format/size.ts'
import { clockSeconds, took } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { keyOf } from '../../commands/bindings.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { copyText, getMail } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { go, INBOX, type Route } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { Mistake } from '../mail/search-view.tsx'
import { Dialogue } from './dialogue.tsx'
import { ExplainDialog } from './explain-dialog.tsx'
import { Places } from './places.tsx'
import { QueryBar } from './query-bar.tsx'
import { ShareDialog } from './share-dialog.tsx'
import { TimingPane } from './timing-pane.tsx'
import { UseDialog } from './use-dialog.tsx'
import { useLogFind } from './use-log-find.ts'
import { SessionList } from './session-list.tsx'
import { useDialogue } from './use-dialogue.ts'
import { useSessions, type Filter } from './use-sessions.ts'
import { t } from '../../words/words.ts'

type LogRoute = Extract<Route, { view: 'log' }>

/** The protocol log: every session, and what was said in it. */
export function LogView({ route }: { readonly route: LogRoute }) {
  const { status, accounts } = useEngine()
  const [protocol, setProtocol] = useState<Filter['protocol']>(null)
  const [problemsOnly, setProblemsOnly] = useState(false)
  const [query, setQuery] = useState('')
  const [open, setOpen] = useState<'clear' | 'use' | 'explain' | null>(null)
  const nowMs = useNow(status.liveSessions > 0 ? 1000 : 30_000)
  const of = route.of
  const live = useSessions({
    protocol,
    problemsOnly,
    entryId: of !== null && 'entryId' in of ? of.entryId : null,
    messageId: of !== null && 'messageId' in of ? of.messageId : null,
  })
  const asked = query.trim()
  const found = useLogFind(asked)
  const isFinding = asked !== ''
  const listed = live.at === 'ready' ? live.value.sessions : []
  // The list hears of each change; what was found is as it was then.
  const sessions = isFinding
    ? found.hits.map(({ session }) => listed.find(({ id }) => id === session.id) ?? session)
    : listed
  const first = sessions[0]?.id
  const filtered = isFinding || protocol !== null || problemsOnly || of !== null
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
    const done = await act('Clearing the log', () => api.log.clear())
    if (done === undefined) return
    go({ view: 'log', sessionId: null, seq: null, of: null }, 'quietly')
    live.again()
    toast(`${count(done.sessions, 'session')} removed.`, { icon: 'trash' })
  }

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
        <Button kind="plain" icon="question" onClick={() => setOpen('explain')}>
          {t('What does it mean?')}
        </Button>
        <Button kind="plain" icon="layers" onClick={() => setOpen('use')}>
          {t('What is kept')}
        </Button>
        <Button kind="plain" icon="trash" onClick={() => setOpen('clear')}>
          {t('Clear')}
        </Button>
      </header>
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
                sessions={sessions}
                selected={route.sessionId}
                nowMs={nowMs}
                onSelect={(sessionId) => go({ ...route, sessionId, seq: null }, 'quietly')}
                onNearEnd={isFinding ? found.loadMore : live.more}
              />
              {route.sessionId === null ? (
                <section className="detail" />
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

interface PaneProps {
  readonly id: number
  readonly seq: number | null
  /** What a query found in it. */
  readonly hit: LogHit | undefined
  readonly onLine: (seq: number) => void
}

function SessionPane({ id, seq, hit, onLine }: PaneProps) {
  const { head, events } = useDialogue(id)
  const [shows, setShows] = useState<'dialogue' | 'timing'>('dialogue')
  return (
    <section className="detail" aria-label={t('Session')}>
      <Load live={head} what={t('the session')} again={head.again}>
        {({ session, links }) => {
          const entryId = links.find((link) => link.entryId !== null)?.entryId ?? null
          const messageIds = links.flatMap((link) => link.messageId ?? [])
          return (
            <>
              <SessionHead
                session={session}
                lines={events.length}
                entryId={entryId}
                messageId={messageIds[0] ?? null}
                shows={shows}
                onShow={setShows}
              />
              {hit === undefined ? null : <Places hit={hit} onLine={onLine} />}
              {shows === 'timing' ? (
                <TimingPane
                  events={events}
                  onLine={(line) => {
                    setShows('dialogue')
                    onLine(line)
                  }}
                />
              ) : (
                <Dialogue
                  session={session}
                  events={events}
                  seq={seq}
                  onMessage={(messageId) => go({ view: 'mail', folderId: null, messageId })}
                  onEntry={(one) => go({ view: 'queue', entryId: one, recipientId: null })}
                />
              )}
            </>
          )
        }}
      </Load>
    </section>
  )
}

interface HeadProps {
  readonly session: SessionView
  readonly lines: number
  readonly entryId: number | null
  readonly messageId: number | null
  readonly shows: 'dialogue' | 'timing'
  readonly onShow: (what: 'dialogue' | 'timing') => void
}

function SessionHead({ session, lines, entryId, messageId, shows, onShow }: HeadProps) {
  const [shares, setShares] = useState(false)
  const text = () => act('Reading the dialogue', () => api.log.export({ id: session.id }))
  return (
    <header>
      <Icon name={session.side === 'client' ? 'to' : 'from'} className="quiet" />
      <h2 className="clip">
        <bdi>{visible(session.peer)}</bdi>
      </h2>
      <span className="quiet num clip">
        {session.protocol.toUpperCase()} {session.side === 'client' ? t('to') : t('from')}{' '}
        <bdi>{visible(session.address)}</bdi>, {clockSeconds(session.startedMs)}
        {session.endedMs === null ? '' : `, ${took(session.endedMs - session.startedMs)}`}, {count(lines, 'line')},{' '}
        {size(session.bytesIn + session.bytesOut)}
      </span>
      <span className="grow" />
      {entryId === null ? null : (
        <IconButton
          icon="queue"
          label={t('Show in queue')}
          onClick={() => go({ view: 'queue', entryId, recipientId: null })}
        />
      )}
      {messageId === null ? null : (
        <IconButton
          icon="inbox"
          label={t('Open the message')}
          onClick={() => go({ view: 'mail', folderId: null, messageId })}
        />
      )}
      <IconButton
        icon="copy"
        label={t('Copy the dialogue')}
        onClick={() => void text().then((one) => (one ? copyText(one.text, 'The dialogue') : undefined))}
      />
      <IconButton
        icon="clock"
        label={t('Timing')}
        aria-pressed={shows === 'timing'}
        onClick={() => onShow(shows === 'timing' ? 'dialogue' : 'timing')}
      />
      <IconButton icon="download" label={t('Export the dialogue')} onClick={() => setShares(true)} />
      {shares ? <ShareDialog ids={[session.id]} onClose={() => setShares(false)} /> : null}
    </header>
  )
}
