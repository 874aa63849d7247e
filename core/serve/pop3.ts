import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { servePop3 } from '../net/pop3-server-driver.ts'
import type { ServerTls } from '../net/server-tls.ts'
import type { Settings } from '../settings.ts'
import type { Recorder } from '../transcript/sink.ts'
import { isLoopback, networkOf } from './client-network.ts'
import { Clients } from './clients.ts'
import { listenTwice, type TwoPorts } from './listen-twice.ts'
import type { LoginOf } from './login.ts'
import { Maildrops, type MaildropDeps } from './pop3-maildrop.ts'

export interface Pop3Options extends MaildropDeps {
  readonly settings: Pick<
    Settings,
    | 'pop3.host'
    | 'pop3.port'
    | 'pop3.tlsPort'
    | 'pop3.maxConnections'
    | 'pop3.maxPerClient'
    | 'submission.allowClearTextLogin'
  >
  readonly recorder: Recorder
  readonly clock: Clock
  readonly loginOf: LoginOf
  /** Key and certificate as they are now. */
  readonly tls: () => ServerTls
  /** A listener came, or cannot be there for another reason than before. */
  readonly onListeners?: () => void
}
/** The POP3 server while it listens. */
export type Pop3Server = TwoPorts

/**
 * Opens the POP3 server (RFC 1939), on one port or two. A port that cannot be had is among its troubles, and tried again.
 */
export async function startPop3(options: Pop3Options): Promise<Pop3Server> {
  const { settings, clock, recorder } = options
  const maildrops = new Maildrops(options)
  // Both listeners share them.
  const clients = new Clients({ recorder, clock, protocol: 'pop3' }, () => ({
    inAll: settings['pop3.maxConnections'],
    perClient: settings['pop3.maxPerClient'],
  }))

  const onSocket = (socket: Socket, isSecureFromStart: boolean) => {
    const peer = socket.remoteAddress ?? ''
    const client = {
      isSecureFromStart,
      // Nobody but the system's owner reads what stays on this computer.
      allowsClearLogin: settings['submission.allowClearTextLogin'] && isLoopback(peer),
    }
    const serve = (onEnd: () => void) => {
      const session = options.loginOf(peer)
      const policy = {
        login: session.login,
        scramCredentials: session.scramCredentials,
        loginFailed: session.loginFailed,
        isNameKept: session.isNameKept,
        isStanding: session.isStanding,
        openMaildrop: ({ userId }: { readonly userId: number }) => maildrops.open(userId),
      }
      return servePop3(socket, client, { tls: options.tls(), policy, recorder, clock }, onEnd)
    }
    clients.take(socket, networkOf(peer, 32), serve, isSecureFromStart)
  }

  return listenTwice({
    host: settings['pop3.host'],
    plainPort: settings['pop3.port'],
    tlsPort: settings['pop3.tlsPort'],
    clock,
    clients,
    onSocket,
    onChange: options.onListeners,
  })
}
