import type { Socket } from 'node:net'
import type { ServerTls } from '../net/server-tls.ts'
import { serveSmtp } from '../net/smtp-server-driver.ts'
import type { Settings } from '../settings.ts'
import type { Recorder } from '../transcript/sink.ts'
import { isLoopback, networkOf } from './client-network.ts'
import { Clients } from './clients.ts'
import { listenTwice, type TwoPorts } from './listen-twice.ts'
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
  /** A listener came, or cannot be there for another reason than before. */
  readonly onListeners?: () => void
}
/** The submission server while it listens. */
export type SubmissionServer = TwoPorts

/** 50 MiB: about twice what the large providers take. */
export const MOST_MESSAGE_BYTES = 52_428_800
const MOST_RECIPIENTS = 1000
/** Lines over the 998 octets of RFC 5321 §4.5.3.1.6 are encoded by whoever accepts the message; none needs this many. */
const LONGEST_LINE_BYTES = 1_048_576
const LIMITS = { messageBytes: MOST_MESSAGE_BYTES, headBytes: 102_400, lineBytes: LONGEST_LINE_BYTES }

/**
 * Opens the submission server (RFC 6409), on one port or two. A port that cannot be had is among its troubles, and tried again.
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

  return listenTwice({
    host: settings['submission.host'],
    plainPort: settings['submission.port'],
    tlsPort: settings['submission.tlsPort'],
    clock,
    clients,
    onSocket,
    onChange: options.onListeners,
  })
}
