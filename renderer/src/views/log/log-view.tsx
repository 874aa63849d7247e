import { useEffect, useState } from 'react'
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
import { copyText, getMail, saveText } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { useNow } from '../../state/now.ts'
import { go, INBOX, type Route } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { Dialogue } from './dialogue.tsx'
import { SessionList } from './session-list.tsx'
import { useDialogue } from './use-dialogue.ts'
import { useSessions, type Filter } from './use-sessions.ts'

type LogRoute = Extract<Route, { view: 'log' }>

/** The protocol log: every session, and what was said in it. */
export function LogView({ route }: { readonly route: LogRoute }) {
  const { status, accounts } = useEngine()
  const [protocol, setProtocol] = useState<Filter['protocol']>(null)
  const [problemsOnly, setProblemsOnly] = useState(false)
  const [asks, setAsks] = useState(false)
  const nowMs = useNow(status.liveSessions > 0 ? 1000 : 30_000)
  const of = route.of
  const live = useSessions({
    protocol,
    problemsOnly,
    entryId: of !== null && 'entryId' in of ? of.entryId : null,
    messageId: of !== null && 'messageId' in of ? of.messageId : null,
  })
  const sessions = live.at === 'ready' ? live.value.sessions : []
  const first = sessions[0]?.id
  const filtered = protocol !== null || problemsOnly || of !== null
  useEffect(() => {
    if (route.sessionId === null && first !== undefined) go({ ...route, sessionId: first }, 'quietly')
  }, [route, first])
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
    <main className="page log" aria-label="Protocol log">
      <header className="page-head">
        <IconButton
          icon="left"
          label="Back to mail"
          {...(keyOf('log') === undefined ? {} : { keys: keyOf('log')! })}
          onClick={() => go(INBOX)}
        />
        <h1>Protocol log</h1>
        {status.liveSessions === 0 ? null : <span className="live">Live</span>}
        <span className="quiet num clip grow">
          {status.liveSessions === 0 ? 'No session open' : `${count(status.liveSessions, 'session')} open`}. Secrets are
          never stored.
        </span>
        <Button kind="plain" icon="trash" onClick={() => setAsks(true)}>
          Clear
        </Button>
      </header>
      <div className="filters" role="toolbar" aria-label="Filter sessions">
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
            {one === null ? 'All' : one.toUpperCase()}
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
          Only problems
        </button>
        {of === null ? null : (
          <button type="button" className="chip" aria-pressed onClick={() => go({ ...route, of: null })}>
            <Icon name="sent" />
            This message
            <Icon name="x" />
          </button>
        )}
      </div>
      <Load live={live} what="the log" again={live.again}>
        {() =>
          sessions.length === 0 ? (
            filtered ? (
              <Empty icon="filter" title="No such session">
                {of === null ? 'No session is left with this filter.' : 'No session of this message is kept.'}
              </Empty>
            ) : (
              <Empty
                icon="wire"
                title="No session yet"
                actions={
                  accounts.length === 0 ? undefined : (
                    <Button icon="refresh" onClick={() => void getMail(true)}>
                      Get mail
                    </Button>
                  )
                }
              >
                Each connection appears here the moment it opens.
              </Empty>
            )
          ) : (
            <div className="split">
              <SessionList
                sessions={sessions}
                selected={route.sessionId}
                nowMs={nowMs}
                onSelect={(sessionId) => go({ ...route, sessionId, seq: null }, 'quietly')}
                onNearEnd={live.more}
              />
              {route.sessionId === null ? (
                <section className="detail" />
              ) : (
                <SessionPane key={route.sessionId} id={route.sessionId} seq={route.seq} />
              )}
            </div>
          )
        }
      </Load>
      <Confirm
        title="Clear the protocol log?"
        isOpen={asks}
        action="Clear"
        danger
        onClose={() => setAsks(false)}
        onConfirm={() => void clear()}
      >
        <p>Every session that has ended is removed for good. Mail and queue stay as they are.</p>
      </Confirm>
    </main>
  )
}

function SessionPane({ id, seq }: { readonly id: number; readonly seq: number | null }) {
  const { head, events } = useDialogue(id)
  return (
    <section className="detail" aria-label="Session">
      <Load live={head} what="the session" again={head.again}>
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
              />
              <Dialogue
                session={session}
                events={events}
                seq={seq}
                onMessage={(messageId) => go({ view: 'mail', folderId: null, messageId })}
                onEntry={(one) => go({ view: 'queue', entryId: one, recipientId: null })}
              />
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
}

function SessionHead({ session, lines, entryId, messageId }: HeadProps) {
  const text = () => act('Reading the dialogue', () => api.log.export({ id: session.id }))
  const name = `${session.protocol}-${session.peer.replace(/[^\w.-]+/g, '_').slice(0, 80)}-${session.id}.txt`
  return (
    <header>
      <Icon name={session.side === 'client' ? 'to' : 'from'} className="quiet" />
      <h2 className="clip">
        <bdi>{visible(session.peer)}</bdi>
      </h2>
      <span className="quiet num clip">
        {session.protocol.toUpperCase()} {session.side === 'client' ? 'to' : 'from'}{' '}
        <bdi>{visible(session.address)}</bdi>, {clockSeconds(session.startedMs)}
        {session.endedMs === null ? '' : `, ${took(session.endedMs - session.startedMs)}`}, {count(lines, 'line')},{' '}
        {size(session.bytesIn + session.bytesOut)}
      </span>
      <span className="grow" />
      {entryId === null ? null : (
        <IconButton
          icon="queue"
          label="Show in queue"
          onClick={() => go({ view: 'queue', entryId, recipientId: null })}
        />
      )}
      {messageId === null ? null : (
        <IconButton
          icon="inbox"
          label="Open the message"
          onClick={() => go({ view: 'mail', folderId: null, messageId })}
        />
      )}
      <IconButton
        icon="copy"
        label="Copy the dialogue"
        onClick={() => void text().then((one) => (one ? copyText(one.text, 'The dialogue') : undefined))}
      />
      <IconButton
        icon="download"
        label="Export the dialogue"
        onClick={() => void text().then((one) => (one ? saveText(one.text, name) : undefined))}
      />
    </header>
  )
}
