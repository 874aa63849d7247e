import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import type { TlsFacts } from '../model/transcript.ts'

/** For the handshake, which nobody types. */
const HANDSHAKE_MS = 60_000

/** Our key and certificate, made once for all sessions. */
export interface ServerTls {
  readonly context: SecureContext
  readonly subject: string
  readonly fingerprint256: string
}

/** Reads key and certificate for a service. Throws when they are none. */
export function serverTls(pem: { readonly key: string; readonly cert: string }): ServerTls {
  const certificate = new X509Certificate(pem.cert)
  return {
    // TLS 1.2 is the oldest that RFC 8996 leaves.
    context: createSecureContext({ ...pem, minVersion: 'TLSv1.2' }),
    subject: certificate.subject.replaceAll('\n', ', '),
    fingerprint256: certificate.fingerprint256,
  }
}

/**
 * Our side of the handshake over a socket that may be half-open. `secured` is called once TLS stands; where it does not come to
 * that, `left` is called and the socket destroyed, or the socket says its own error.
 */
export function acceptTls(
  plain: Socket,
  tls: ServerTls,
  clock: Clock,
  on: { secured(): void; left(by: 'C' | 'us', why: string): void },
): TLSSocket {
  plain.on('error', () => {}) // What goes wrong below is heard of above.
  // What came too early goes into the handshake and breaks it; nothing of it reaches the session (RFC 3207 §4.2).
  const socket = new TLSSocket(plain, { isServer: true, secureContext: tls.context })
  const leave = (by: 'C' | 'us', why: string) => {
    on.left(by, why)
    socket.destroy()
  }
  // Half-open sockets do not close by themselves, and what ends before it is secure never gets any further.
  const onEnd = () => leave('C', 'the client closed the connection before TLS stood')
  const cancel = clock.after(HANDSHAKE_MS, () => leave('us', 'no TLS handshake came'))
  socket.once('end', onEnd)
  socket.once('close', cancel)
  socket.once('secure', () => {
    cancel()
    socket.off('end', onEnd)
    on.secured()
  })
  return socket
}

/** The client shows no certificate, so the facts tell of ours. */
export function serverTlsFacts(socket: TLSSocket, tls: ServerTls): TlsFacts {
  const { name, standardName } = socket.getCipher()
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: standardName ?? name,
    trusted: true,
    subject: tls.subject,
    fingerprint256: tls.fingerprint256,
  }
}
