import { useCallback, useState, type ReactNode } from 'react'
import type { LogHit } from '../../../../core/rpc/log-contract.ts'
import type { EventView, SessionView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { useOffers } from '../../commands/offers.ts'
import { size } from '../../format/size.ts'
import { clockSeconds, took } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { IconButton } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Load } from '../../parts/load.tsx'
import { act } from '../../state/act.ts'
import { copyText } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { go } from '../../state/route.ts'
import { t } from '../../words/words.ts'
import { Dialogue } from './dialogue.tsx'
import { ExplainDialog } from './explain-dialog.tsx'
import { Places } from './places.tsx'
import { ShareDialog } from './share-dialog.tsx'
import { TimingPane } from './timing-pane.tsx'
import { TlsPane } from './tls-pane.tsx'
import { useDialogue } from './use-dialogue.ts'
import { useFirstEvents } from './use-first-events.ts'

export type Shows = 'dialogue' | 'bytes' | 'timing' | 'tls'

interface PaneProps {
  readonly id: number
  readonly seq: number | null
  /** What a query found in it. */
  readonly hit: LogHit | undefined
  readonly onLine: (seq: number) => void
}

/** Of a long session so many lines are copied at once. */
const MOST_COPIED = 20_000
/** Events read at once. */
const READ = 1000

/** One session of the log: what was said, how long it took, and what encrypted it. */
export function SessionPane({ id, seq, hit, onLine }: PaneProps) {
  const { head, events, pages, total, look } = useDialogue(id)
  const [shows, setShows] = useState<Shows>('dialogue')
  const [asks, setAsks] = useState<string | null>(null)
  const first = useFirstEvents(id, { events, pages, total })
  const fetch = useCallback(
    async (fromSeq: number, toSeq: number) => {
      const found: EventView[] = []
      const end = Math.min(toSeq, fromSeq + MOST_COPIED - 1)
      for (let next = fromSeq; next <= end;) {
        const some = await api.log.events({ id, fromSeq: next, limit: Math.min(READ, end - next + 1) })
        found.push(...some)
        const last = some.at(-1)
        if (last === undefined) break
        next = last.seq + 1
      }
      return found
    },
    [id],
  )
  const toLine = (line: number) => {
    setShows('dialogue')
    onLine(line)
  }
  return (
    <section className="detail" aria-label={t('Session')}>
      <Load live={head} what={t('the session')} again={head.again}>
        {({ session, links }) => {
          const entryId = links.find((link) => link.entryId !== null)?.entryId ?? null
          const messageId = links.find((link) => link.messageId !== null)?.messageId ?? null
          return (
            <>
              <SessionHead session={session} lines={total} shows={shows} onShow={setShows}>
                <Doors session={session} seq={seq} entryId={entryId} messageId={messageId} />
              </SessionHead>
              {hit === undefined ? null : <Places hit={hit} onLine={onLine} />}
              {shows === 'timing' ? (
                <TimingPane first={first} onLine={toLine} />
              ) : shows === 'tls' ? (
                <TlsPane session={session} onLine={toLine} />
              ) : (
                <Dialogue
                  session={session}
                  read={{ events, pages, total }}
                  look={look}
                  fetch={fetch}
                  seq={seq}
                  showsBytes={shows === 'bytes'}
                  onExplain={setAsks}
                  onMessage={(one) => go({ view: 'mail', folderId: null, messageId: one })}
                  onEntry={(one) => go({ view: 'queue', entryId: one, recipientId: null })}
                />
              )}
              {asks === null ? null : <ExplainDialog first={asks} onClose={() => setAsks(null)} />}
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
  readonly shows: Shows
  readonly onShow: (what: Shows) => void
  readonly children?: ReactNode
}

/** Who was spoken with, and the ways to look at it. */
export function SessionHead({ session, lines, shows, onShow, children }: HeadProps) {
  const { accounts } = useEngine()
  const account = session.accountId === null ? undefined : accounts.find(({ id }) => id === session.accountId)
  const toggle = (what: Shows) => onShow(shows === what ? 'dialogue' : what)
  useOffers({
    'log-bytes': () => toggle('bytes'),
    'log-timing': () => toggle('timing'),
    'log-tls': () => toggle('tls'),
  })
  const facts = [
    session.side === 'client'
      ? t('{protocol} to {address}', { protocol: session.protocol.toUpperCase(), address: visible(session.address) })
      : t('{protocol} from {address}', { protocol: session.protocol.toUpperCase(), address: visible(session.address) }),
    ...(account === undefined ? [] : [t('signs in as {user}', { user: visible(account.user) })]),
    clockSeconds(session.startedMs),
    ...(session.endedMs === null ? [] : [took(session.endedMs - session.startedMs)]),
    t('{lines, plural, one {# line} other {# lines}}', { lines }),
    size(session.bytesIn + session.bytesOut),
  ]
  return (
    <header>
      <Icon name={session.side === 'client' ? 'to' : 'from'} className="quiet" />
      <h2 className="clip">
        <bdi>{visible(session.peer)}</bdi>
      </h2>
      <span className="quiet num clip">
        <bdi>{facts.join(', ')}</bdi>
      </span>
      <span className="grow" />
      <IconButton icon="code" label={t('Bytes')} aria-pressed={shows === 'bytes'} onClick={() => toggle('bytes')} />
      <IconButton icon="clock" label={t('Timing')} aria-pressed={shows === 'timing'} onClick={() => toggle('timing')} />
      <IconButton icon="lock" label={t('TLS')} aria-pressed={shows === 'tls'} onClick={() => toggle('tls')} />
      {children}
    </header>
  )
}

interface DoorsProps {
  /** The line that is looked at. */
  readonly seq: number | null
  readonly session: SessionView
  readonly entryId: number | null
  readonly messageId: number | null
}

/** Where a session leads to, and out of the program. */
function Doors({ session, seq, entryId, messageId }: DoorsProps) {
  const [shares, setShares] = useState(false)
  const text = () => act(t('Reading the dialogue'), () => api.log.export({ id: session.id }))
  const trace =
    entryId !== null
      ? () => go({ view: 'trace', of: { entryId, recipientId: null } })
      : messageId !== null
        ? () => go({ view: 'trace', of: { messageId } })
        : undefined
  const again =
    session.protocol === 'imap'
      ? undefined
      : () => go({ view: 'console', id: null, from: { sessionId: session.id, seq } })
  useOffers({
    ...(trace === undefined ? {} : { trace }),
    ...(again === undefined ? {} : { 'log-again': again }),
    'log-share': () => setShares(true),
  })
  return (
    <>
      {trace === undefined ? null : <IconButton icon="route" label={t('Delivery trace')} onClick={trace} />}
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
        onClick={() => void text().then((one) => (one ? copyText(one.text, t('The dialogue')) : undefined))}
      />
      {again === undefined ? null : <IconButton icon="terminal" label={t('Start from this session')} onClick={again} />}
      <IconButton icon="download" label={t('Export the dialogue')} onClick={() => setShares(true)} />
      {shares ? <ShareDialog ids={[session.id]} onClose={() => setShares(false)} /> : null}
    </>
  )
}
