import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { isFault } from '../base/fault.ts'
import type { ServerTls } from '../net/server-tls.ts'
import { serveSmtp } from '../net/smtp-server-driver.ts'
import type { ServedSession } from '../net/smtp-server-terms.ts'
import type { Settings } from '../settings.ts'
import type { Recorder } from '../transcript/sink.ts'
import { listen } from './listen.ts'
import { ownName, submissionPolicy, type PolicyOptions } from './submission-policy.ts'
import { networkTest } from './trusted.ts'
import { TurnedAway } from './turned-away.ts'

export interface SubmissionOptions extends PolicyOptions {
  readonly settings: Pick<
    Settings,
    | 'submission.host'
    | 'submission.port'
    | 'submission.tlsPort'
    | 'submission.allowClearTextLogin'
    | 'submission.trustedAddresses'
    | 'submission.maxConnections'
    | 'submission.maxPerClient'
    | 'relay.ehloName'
    | 'local.domains'
  >
  readonly recorder: Recorder
  /** Key and certificate as they are now. */
  readonly tls: () => ServerTls
  /** Hears in words why one of two listeners is not there. */
  readonly onTrouble?: (words: string) => void
}
/** Where a listener is. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}
/** The submission server while it listens. */
export interface SubmissionServer {
  /** Offers STARTTLS; null where the setting says off. */
  readonly plain: Endpoint | null
  /** Begins with TLS (RFC 8314 §3.3); null where the setting says off, or its port was taken. */
  readonly tls: Endpoint | null
  /** Takes no more clients, says goodbye to those there at their next command, and waits for them, but not for ever. */
  close(): Promise<void>
}

/** 50 MiB: about twice what the large providers take. */
export const MOST_MESSAGE_BYTES = 52_428_800
const MOST_RECIPIENTS = 1000
/** Lines over the 998 octets of RFC 5321 §4.5.3.1.6 are encoded by whoever accepts the message; none needs this many. */
const LONGEST_LINE_BYTES = 1_048_576
const LIMITS = { messageBytes: MOST_MESSAGE_BYTES, headBytes: 102_400, lineBytes: LONGEST_LINE_BYTES }
/** After this a session that is not done when we close is cut. */
const CLOSE_MS = 10_000

/**
 * Opens the submission server (RFC 6409), on one port or two. Throws `listen.taken` when its port cannot be had; of two, a
 * taken port for TLS only is said and done without.
 */
export async function startSubmission(options: SubmissionOptions): Promise<SubmissionServer> {
  const { settings, clock, recorder } = options
  const isTrusted = networkTest(settings['submission.trustedAddresses'])
  const allowsClearLogin = settings['submission.allowClearTextLogin']
  const policyOf = submissionPolicy(options)
  const terms = {
    name: ownName(settings['relay.ehloName']) ?? 'posthorn',
    messageBytes: MOST_MESSAGE_BYTES,
    recipients: MOST_RECIPIENTS,
  }
  // Both listeners share all of this.
  const sessions = new Set<ServedSession>()
  const perClient = new Map<string, number>()
  const turnedAway = new TurnedAway(clock, recorder)
  let isClosing = false

  const onSocket = (socket: Socket, isSecureFromStart: boolean) => {
    const peer = socket.remoteAddress ?? ''
    const fromPeer = perClient.get(peer) ?? 0
    const isFull =
      sessions.size >= settings['submission.maxConnections'] || fromPeer >= settings['submission.maxPerClient']
    if (isFull || isClosing) return turnedAway.add(socket, isSecureFromStart)
    perClient.set(peer, fromPeer + 1)
    const client = {
      isTrusted: isTrusted(peer),
      isSecureFromStart,
      // Nobody but the system's owner reads what stays on this computer.
      allowsClearLogin: allowsClearLogin && isLoopback(peer),
    }
    const serving = { terms, limits: LIMITS, tls: options.tls(), policy: policyOf(peer), recorder, clock }
    const session = serveSmtp(socket, client, serving, () => {
      sessions.delete(session)
      const left = (perClient.get(peer) ?? 1) - 1
      if (left > 0) perClient.set(peer, left)
      else perClient.delete(peer)
    })
    sessions.add(session)
  }

  const servers: Server[] = []
  const open = async (port: number | null, isTls: boolean): Promise<Endpoint | null> => {
    if (port === null) return null
    const opened = await listen(settings['submission.host'], port, (socket) => onSocket(socket, isTls))
    servers.push(opened.server)
    return { host: opened.host, port: opened.port }
  }
  const plain = await open(settings['submission.port'], false)
  const tls = await open(settings['submission.tlsPort'], true).catch((error: unknown) => {
    if (plain === null || !isFault(error, 'listen.taken')) throw error
    options.onTrouble?.(error.message)
    return null
  })

  return {
    plain,
    tls,
    async close() {
      if (isClosing) return
      isClosing = true
      const closed = Promise.all(servers.map((server) => once(server, 'close')))
      for (const server of servers) server.close()
      for (const session of sessions) session.drain()
      turnedAway.close()
      const cancel = clock.after(CLOSE_MS, () => {
        for (const session of sessions) session.destroy('shutting down')
      })
      await closed
      cancel()
    },
  }
}

const isLoopback = (address: string) => /^(?:::1|(?:::ffff:)?127\.\d+\.\d+\.\d+)$/i.test(address)
