import { constants } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { isIP, type Socket } from 'node:net'
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  getCACertificates,
  type ConnectionOptions,
  type DetailedPeerCertificate,
  type SecureContext,
  type SecureContextOptions,
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
  /** PEM: authorities in place of all others. */
  readonly authorities?: string
  /**
   * `strict`: an untrusted certificate ends the handshake. `opportunistic`: only for delivery to an MX without a policy, see
   * `secure`.
   */
  readonly verify: 'strict' | 'opportunistic'
  /**
   * `reduced`: a small hello for servers and boxes before them that break on a large one or on what they do not know: TLS 1.2 only, one
   * group, six ciphers, no ticket. Verification is the same.
   */
  readonly hello?: 'full' | 'reduced'
  readonly timeoutMs?: number
}
/** A secured socket with what is known of it, or why there is none. */
export type Secured =
  | { readonly ok: true; readonly socket: TLSSocket; readonly facts: TlsFacts }
  | { readonly ok: false; readonly reason: string }

/** Contexts of one state of the authorities' file: `key` says which. */
let kept: { readonly key: string; readonly full: SecureContext; reduced?: SecureContext } | undefined

/** Both kinds of certificate with and without forward secrecy, the mandatory one of TLS 1.2 (RFC 5246 §9) last. */
const REDUCED_CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
  'AES128-SHA',
].join(':')
const REDUCED: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  ciphers: REDUCED_CIPHERS,
  ecdhCurve: 'prime256v1',
  secureOptions: constants.SSL_OP_NO_TICKET,
}

/**
 * Client context that trusts the default authorities and those of `caFile`. Kept until the file changes. Throws
 * `settings.unreadable` when the file cannot be read or holds no certificate.
 */
export function clientContext(caFile: string, hello: 'full' | 'reduced' = 'full'): SecureContext {
  try {
    const key = caFile === '' ? '' : `${caFile}\n${statSync(caFile).mtimeMs}`
    if (kept?.key !== key) kept = { key, full: createSecureContext(authoritiesOf(caFile)) }
    if (hello === 'full') return kept.full
    kept.reduced ??= createSecureContext({ ...REDUCED, ...authoritiesOf(caFile) })
    return kept.reduced
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

/** Said without `ca`, Node trusts its default set; with it, only what is listed. */
function authoritiesOf(caFile: string): SecureContextOptions {
  return caFile === '' ? {} : { ca: [...getCACertificates('default'), ...certificatesOf(caFile)] }
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
        secureContext:
          target.authorities === undefined
            ? clientContext(target.caFile, target.hello)
            : createSecureContext({ ...(target.hello === 'reduced' && REDUCED), ca: target.authorities }),
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
    const onSecure = () => settle({ ok: true, socket: secured, facts: factsOf(secured, target.host) })
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

/** What encrypts a secured client socket, whether its certificate was trusted, and whether it is for `host`. */
export function factsOf(socket: TLSSocket, host: string): TlsFacts {
  const certificate = socket.getPeerCertificate(true)
  const cipher = socket.getCipher()
  const distrust = socket.authorizationError
  const { subject = {} } = certificate as Partial<typeof certificate>
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: cipher.standardName ?? cipher.name,
    trusted: socket.authorized,
    ...(socket.authorized ? {} : { distrust: distrust instanceof Error ? distrust.message : String(distrust) }),
    subject: subjectOf(subject),
    fingerprint256: certificate.fingerprint256 ?? '',
    chain: chainOf(certificate),
    // Looked at here as well: where the chain is not trusted, nobody has compared names.
    nameFits: 'raw' in certificate && checkServerIdentity(host, certificate) === undefined,
    ...namesOf(certificate),
  }
}

/** Names of a certificate that are told of; there may be thousands. */
const MOST_NAMES = 50
const LONGEST_NAME = 255

/** What a certificate is for, and until when; nothing where the other end has shown none. */
function namesOf({ subjectaltname = '', valid_to: until }: Partial<DetailedPeerCertificate>) {
  const names = [...subjectaltname.slice(0, 100_000).matchAll(/(?:DNS|IP Address):([^,\s"]+)/g)]
  const validToMs = Date.parse(until ?? '')
  return {
    ...(names.length === 0
      ? {}
      : { names: names.slice(0, MOST_NAMES).map(([, name = '']) => name.slice(0, LONGEST_NAME)) }),
    ...(Number.isFinite(validToMs) && { validToMs }),
  }
}

/** Certificates of a chain that are told of; an attacker's may be long. */
const LONGEST_CHAIN = 10
const LONGEST_SUBJECT = 300

/** Subjects from the server's own certificate up to the last that is known. */
function chainOf(certificate: DetailedPeerCertificate): string[] {
  const subjects: string[] = []
  const seen = new Set<string>()
  for (let one: DetailedPeerCertificate | undefined = certificate; one; one = one.issuerCertificate) {
    // An authority is its own issuer.
    if (!('raw' in one) || seen.has(one.fingerprint256) || subjects.length === LONGEST_CHAIN) break
    seen.add(one.fingerprint256)
    subjects.push(subjectOf(one.subject))
  }
  return subjects
}

function subjectOf(subject: Readonly<Record<string, string | string[] | undefined>>): string {
  const text = Object.entries(subject)
    .map(([key, value]) => `${key}=${[value].flat().join('+')}`)
    .join(', ')
  return text.length > LONGEST_SUBJECT ? `${text.slice(0, LONGEST_SUBJECT)}…` : text
}
