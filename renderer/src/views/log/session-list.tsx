import { useMemo } from 'react'
import type { AccountView, SessionView } from '../../../../core/rpc/views.ts'
import { size } from '../../format/size.ts'
import { clockSeconds, dayHeading, took } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import type { IconName } from '../../parts/icons.ts'
import { useDensity } from '../../state/look.ts'
import { VirtualListbox, type ListItem, type Picked } from '../../parts/virtual-listbox.tsx'
import { said, t, told } from '../../words/words.ts'

const STATE: Readonly<Record<SessionView['state'], { icon: IconName; tone: string; word: string }>> = {
  live: { icon: 'dot-on', tone: 'ok', word: said('open now') },
  ok: { icon: 'ok', tone: 'ok', word: said('went well') },
  deferred: { icon: 'clock', tone: 'warn', word: said('put off') },
  failed: { icon: 'fail', tone: 'danger', word: said('failed') },
  aborted: { icon: 'alert', tone: 'warn', word: said('broke off') },
}

/** The colour of a worst reply: a deferral heals itself, a refusal needs a person. */
function toneOf({ worst, state }: SessionView): string {
  if (worst === 'unknown') return 'unknown'
  if (worst.startsWith('4') || state === 'deferred') return 'warn'
  if (/^5|^-ERR/.test(worst) || state === 'failed') return 'danger'
  return state === 'aborted' ? 'warn' : ''
}

const WAYS = {
  out: { mark: '→', word: said('outgoing') },
  in: { mark: '←', word: said('incoming') },
  local: { mark: '⇄', word: said('local: from this computer') },
} as const

/** Who called whom; a program on this very computer is no stranger. */
function wayOf({ side, address }: SessionView): keyof typeof WAYS {
  if (side === 'client') return 'out'
  return /^(?:127\.|\[::1\]|\[::ffff:127\.|::1)/.test(address) ? 'local' : 'in'
}

/** What the address says beside the name of the other end: all of it, or the port where the name is the address. */
function addressBeside({ peer, address }: SessionView): string {
  const [, host = '', port = ''] = /^\[?(.*?)\]?(:\d{1,5})?$/.exec(address) ?? []
  return visible(host === peer ? port : address)
}

/** Sessions with a heading for each day but today. */
function itemsOf(sessions: readonly SessionView[], nowMs: number): ListItem<SessionView>[] {
  const items: ListItem<SessionView>[] = []
  let heading = dayHeading(nowMs, nowMs)
  for (const session of sessions) {
    const day = dayHeading(session.startedMs, nowMs)
    if (day !== heading) {
      heading = day
      items.push({ kind: 'heading', key: `${day} ${session.id}`, text: day })
    }
    items.push({ kind: 'option', key: session.id, value: session })
  }
  return items
}

interface Props {
  readonly sessions: readonly SessionView[]
  readonly picked: Picked
  readonly nowMs: number
  readonly onPick: (picked: Picked) => void
  /** Whether more than one can be picked, to be compared and shared. */
  readonly multiple?: boolean
  readonly onNearEnd: () => void
  /** Whose names stand at their sessions. */
  readonly accounts?: readonly Account[]
}
type Account = Pick<AccountView, 'id' | 'user'>
const NOBODY: readonly Account[] = []

/** Pure: one row for each connection, newest first. */
export function SessionList(props: Props) {
  const { sessions, picked, nowMs, multiple = false, onPick, onNearEnd, accounts = NOBODY } = props
  const items = useMemo(() => itemsOf(sessions, nowMs), [sessions, nowMs])
  const density = useDensity()
  return (
    <section className="sessions" aria-label={t('Sessions')}>
      <div className="sess-row heads" aria-hidden>
        <span />
        <span>{t('Time')}</span>
        <span>{t('Wire')}</span>
        <span>{t('Peer')}</span>
        <span>{t('Worst')}</span>
        <span className="r">{t('Msg')}</span>
        <span className="r">{t('Bytes')}</span>
        <span className="r">{t('Took')}</span>
      </div>
      <VirtualListbox
        label={t('Sessions')}
        items={items}
        total={sessions.length}
        rowPx={Math.max(24, Math.round(28 * density))}
        multiple={multiple}
        picked={picked}
        onPick={onPick}
        onNearEnd={onNearEnd}
      >
        {(session) => (
          <Row session={session} nowMs={nowMs} account={accounts.find(({ id }) => id === session.accountId)} />
        )}
      </VirtualListbox>
    </section>
  )
}

interface RowProps {
  readonly session: SessionView
  readonly nowMs: number
  readonly account: Account | undefined
}

function Row({ session, nowMs, account }: RowProps) {
  const way = WAYS[wayOf(session)]
  const { icon, tone, word } = STATE[session.state]
  const duration = took((session.endedMs ?? nowMs) - session.startedMs)
  return (
    <div className="sess-row">
      <span className={`st ${tone}`} title={told(word)}>
        <Icon name={icon} />
        <span className="sr">{told(word)}</span>
      </span>
      <span className="num">{clockSeconds(session.startedMs)}</span>
      <span>
        {session.protocol.toUpperCase()}{' '}
        <span className="quiet" title={told(way.word)}>
          <span aria-hidden>{way.mark}</span>
          <span className="sr">{told(way.word)}</span>
        </span>
        {session.tls ? <Icon name="lock" className="tls" label={t('encrypted')} /> : null}
      </span>
      <span className="clip" title={visible(session.address)}>
        {account === undefined ? null : (
          <>
            <bdi>{visible(account.user)}</bdi>{' '}
          </>
        )}
        <bdi className={account === undefined ? '' : 'quiet'}>{visible(session.peer)}</bdi>{' '}
        <bdi className="quiet num">{addressBeside(session)}</bdi>
      </span>
      <span className={`rep mono ${toneOf(session)}`}>{visible(session.worst)}</span>
      <span className="r num">{session.messages === 0 ? '' : session.messages}</span>
      <span className="r num quiet">{size(session.bytesIn + session.bytesOut)}</span>
      <span className={`r num ${session.state === 'live' ? 'ok' : ''}`}>
        {session.state === 'live' ? t('live') : duration}
      </span>
    </div>
  )
}
