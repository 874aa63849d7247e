import { readFileSync, statSync } from 'node:fs'
import { isIP, type Socket } from 'node:net'
import {
  connect,
  createSecureContext,
  getCACertificates,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { systemClock, type Clock } from '../base/clock.ts'
import { Fault, reasonOf } from '../base/fault.ts'
import type { TlsFacts } from '../model/transcript.ts'

/** Time for a TLS handshake. */
export const HANDSHAKE_TIMEOUT_MS = 60_000

export interface TlsTarget {
  /** Name (or IP literal) the certificate must be for. */
  readonly host: string
  /** Extra authorities, as a PEM file; '' for none. */
  readonly caFile: string
  /**
   * `strict`: an untrusted certificate ends the handshake. `opportunistic`: only for delivery to an MX without a policy, see
   * `secure`.
   */
  readonly verify: 'strict' | 'opportunistic'
  readonly timeoutMs?: number
}
/** A secured socket with what is known of it, or why there is none. */
export type Secured =
  | { readonly ok: true; readonly socket: TLSSocket; readonly facts: TlsFacts }
  | { readonly ok: false; readonly reason: string }

const contexts = new Map<string, SecureContext>()

/**
 * Client context that trusts the default authorities and those of `caFile`. Kept until the file changes. Throws
 * `settings.unreadable` when the file cannot be read or holds no certificate.
 */
export function clientContext(caFile: string): SecureContext {
  try {
    const key = caFile === '' ? '' : `${caFile}\n${statSync(caFile).mtimeMs}`
    const known = contexts.get(key)
    if (known) return known
    // Said without `ca`, Node trusts its default set; with it, only what is listed.
    const context =
      caFile === ''
        ? createSecureContext()
        : createSecureContext({ ca: [...getCACertificates('default'), ...certificatesOf(caFile)] })
    contexts.clear()
    contexts.set(key, context)
    return context
  } catch (error) {
    const reason = reasonOf(error)
    throw new Fault(
      'settings.unreadable',
      `read the authorities of relay.caFile at "${caFile}": ${reason}`,
      { path: caFile, reason },
      error,
    )
  }
}

function certificatesOf(caFile: string): string[] {
  const found = readFileSync(caFile, 'latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!found) throw new Error('it holds no PEM certificate')
  return found
}

/**
 * Does the TLS handshake of a client on a connected socket. Never throws for what the peer does.
 *
 * With `opportunistic` (RFC 7435 §3) the certificate is verified all the same and the verdict stands in the facts, but an
 * untrusted one does not end the session: the alternative would be to send the same mail in clear text.
 */
export function secure(socket: Socket, target: TlsTarget, clock: Clock = systemClock): Promise<Secured> {
  return new Promise((resolve) => {
    let options: ConnectionOptions
    try {
      options = {
        socket,
        host: target.host,
        secureContext: clientContext(target.caFile),
        rejectUnauthorized: target.verify === 'strict',
        // An IP address is no server name (RFC 6066 §3); the certificate is then checked against `host`.
        ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
      }
    } catch (error) {
      resolve({ ok: false, reason: reasonOf(error) })
      return
    }
    const timeoutMs = target.timeoutMs ?? HANDSHAKE_TIMEOUT_MS
    const secured = connect(options)
    const settle = (result: Secured) => {
      cancel()
      secured.removeListener('secureConnect', onSecure)
      secured.removeListener('close', onClose)
      if (result.ok) secured.removeListener('error', onError)
      else secured.destroy()
      resolve(result)
    }
    const onSecure = () => settle({ ok: true, socket: secured, facts: factsOf(secured) })
    const onError = (error: NodeJS.ErrnoException) => settle({ ok: false, reason: wordsOf(error) })
    const onClose = () => settle({ ok: false, reason: 'the other end closed the connection during the handshake' })
    const cancel = clock.after(timeoutMs, () => settle({ ok: false, reason: `no handshake within ${timeoutMs} ms` }))
    secured.once('secureConnect', onSecure)
    secured.on('error', onError)
    secured.once('close', onClose)
  })
}

/** OpenSSL's own words: its error message carries a thread number and a source line that help nobody. */
function wordsOf(error: NodeJS.ErrnoException & { reason?: string }): string {
  return error.reason ?? (error.code === undefined ? error.message : `${error.code}: ${error.message.split('\n')[0]}`)
}

/** What encrypts a secured client socket, and whether its certificate was trusted. */
export function factsOf(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate()
  const cipher = socket.getCipher()
  const distrust = socket.authorizationError
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: cipher.standardName ?? cipher.name,
    trusted: socket.authorized,
    ...(socket.authorized ? {} : { distrust: distrust instanceof Error ? distrust.message : String(distrust) }),
    subject: subjectOf(certificate.subject),
    fingerprint256: certificate.fingerprint256 ?? '',
  }
}

function subjectOf(subject: Readonly<Record<string, string | string[] | undefined>> | undefined): string {
  return Object.entries(subject ?? {})
    .map(([key, value]) => `${key}=${[value].flat().join('+')}`)
    .join(', ')
}
