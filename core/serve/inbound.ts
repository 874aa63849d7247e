import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { ReverseName } from '../net/reverse.ts'
import type { ServerTls } from '../net/server-tls.ts'
import { serveSmtp } from '../net/smtp-server-driver.ts'
import type { ServedSession } from '../net/smtp-server-terms.ts'
import type { Settings } from '../settings.ts'
import type { Recorder } from '../transcript/sink.ts'
import { reply } from '../wire/smtp/server-reply.ts'
import { networkOf, plainAddress } from './client-network.ts'
import { Clients } from './clients.ts'
import { inboundPolicy, ownName, type InboundPolicyDeps } from './inbound-policy.ts'
import { keepListening, type Listener } from './listen-again.ts'
import type { LoginOf } from './login.ts'
import { Rate } from './rate.ts'
import { networkTest } from './trusted.ts'

/** What the inbound server is started with. */
export interface InboundOptions extends Omit<InboundPolicyDeps, 'settings' | 'takeMessage' | 'login'> {
  readonly settings: () => Settings
  readonly recorder: Recorder
  readonly clock: Clock
  readonly tls: () => ServerTls
  readonly login: LoginOf
  /** Looked up for the transcript, and never waited for. */
  readonly reverseName: ReverseName
  /** The listener came, or cannot be there for another reason than before. */
  readonly onListeners?: () => void
}
/** The inbound server while it listens, or tries to. */
export interface InboundServer extends Pick<Listener, 'endpoint' | 'trouble'> {
  /** Takes no more clients, says goodbye to those there at their next command, and waits for them, but not for ever. */
  close(): Promise<void>
}

/** 50 MiB, as the submission server takes. */
const MOST_MESSAGE_BYTES = 52_428_800
const MOST_RECIPIENTS = 1000
const LIMITS = { messageBytes: MOST_MESSAGE_BYTES, headBytes: 102_400, lineBytes: 998 }

const TOO_FAST = reply(421, '4.7.0', 'too many connections in a minute, try again later')

/**
 * Opens the server that takes mail from other servers for our own domains (RFC 5321). A port that cannot be had is its trouble,
 * and tried again.
 */
export async function startInbound(options: InboundOptions): Promise<InboundServer> {
  const { settings, clock, recorder, reverseName } = options
  const first = settings()
  const isTrusted = networkTest([...first['inbound.trustedAddresses'], ...first['submission.trustedAddresses']])
  const connections = new Rate(clock, () => settings()['inbound.connectionsPerMinute'])
  const messages = new Rate(clock, () => settings()['inbound.messagesPerMinute'])
  const clients = new Clients({ recorder, clock }, () => ({
    inAll: settings()['inbound.maxConnections'],
    perClient: settings()['inbound.maxPerClient'],
  }))

  const serve = (socket: Socket, peer: string, onEnd: () => void): ServedSession => {
    const network = networkOf(peer, 32)
    const trusted = isTrusted(peer)
    const delayMs = settings()['inbound.delaySeconds'] * 1000
    const note = (text: string) => session.note(text)
    const policy = inboundPolicy(
      { ...options, takeMessage: () => messages.take(network), login: options.login(peer) },
      { peer: plainAddress(peer), isTrusted: trusted, note },
    )
    const session = serveSmtp(
      socket,
      { isTrusted: trusted, greetingDelayMs: trusted ? 0 : delayMs },
      {
        terms: {
          name: ownName(settings()),
          kind: 'inbound',
          messageBytes: MOST_MESSAGE_BYTES,
          recipients: MOST_RECIPIENTS,
          requiresLogin: false,
          offersLogin: true,
          longestHoldSeconds: 0,
        },
        limits: LIMITS,
        tls: options.tls(),
        policy,
        recorder,
        clock,
      },
      onEnd,
    )
    if (trusted) note('a trusted network: no delay, no greylisting, no rate')
    // It may have left by the time the name is known; then there is nobody to note it for.
    void reverseName(peer).then(note, () => {})
    return session
  }

  const onSocket = (socket: Socket) => {
    const peer = socket.remoteAddress ?? ''
    const client = networkOf(peer, 32)
    if (!isTrusted(peer) && !connections.take(client)) return clients.turnAway(socket, TOO_FAST)
    clients.take(socket, client, (onEnd) => serve(socket, peer, onEnd))
  }
  const listener = await keepListening({
    host: first['inbound.host'],
    port: first['inbound.port'] ?? 0,
    clock,
    onSocket,
    onChange: options.onListeners,
  })
  let closed: Promise<void> | undefined
  return {
    get endpoint() {
      return listener.endpoint
    },
    get trouble() {
      return listener.trouble
    },
    async close() {
      closed ??= listener.close().then(clients.leave())
      await closed
    },
  }
}
