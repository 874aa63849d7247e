import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { isFault } from '../base/fault.ts'
import type { ServerTls } from '../net/server-tls.ts'
import { serveSmtp } from '../net/smtp-server-driver.ts'
import type { Settings } from '../settings.ts'
import type { Recorder } from '../transcript/sink.ts'
import { isLoopback, networkOf } from './client-network.ts'
import { Clients } from './clients.ts'
import { listen } from './listen.ts'
import { ownName, submissionPolicy, type PolicyOptions } from './submission-policy.ts'
import { networkTest } from './trusted.ts'

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
  // Both listeners share them.
  const clients = new Clients({ recorder, clock }, () => ({
    inAll: settings['submission.maxConnections'],
    perClient: settings['submission.maxPerClient'],
  }))

  const onSocket = (socket: Socket, isSecureFromStart: boolean) => {
    const peer = socket.remoteAddress ?? ''
    const client = {
      isTrusted: isTrusted(peer),
      isSecureFromStart,
      // Nobody but the system's owner reads what stays on this computer.
      allowsClearLogin: allowsClearLogin && isLoopback(peer),
    }
    const serve = (onEnd: () => void) => {
      const serving = { terms, limits: LIMITS, tls: options.tls(), policy: policyOf(peer), recorder, clock }
      return serveSmtp(socket, client, serving, onEnd)
    }
    clients.take(socket, networkOf(peer, 32), serve, isSecureFromStart)
  }

  const servers: Server[] = []
  let closed: Promise<void> | undefined
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
      closed ??= leave()
      await closed
    },
  }

  async function leave(): Promise<void> {
    const all = Promise.all(servers.map((server) => once(server, 'close')))
    for (const server of servers) server.close()
    const stopWaiting = clients.leave()
    await all
    stopWaiting()
  }
}
