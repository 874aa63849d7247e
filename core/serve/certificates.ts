import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import { fileWords, isFault } from '../base/fault.ts'
import { serverTls, type ServerTls } from '../net/server-tls.ts'
import type { Settings } from '../settings.ts'

/** Key and certificate as PEM; the certificate may have its chain behind it. */
export interface KeyAndCertificate {
  readonly key: string
  readonly cert: string
}
/** What is known of the certificate that the servers show. */
export interface CertificateFacts {
  readonly from: 'own' | 'file'
  readonly subject: string
  readonly fingerprint256: string
  readonly names: string[]
  readonly notAfterMs: number
  /** Why the file that the settings name is not what is shown, or should not be; null when nothing is wrong. */
  readonly trouble: string | null
}
/** The certificate of all our servers, as it is at each moment. */
export interface Certificates {
  /** For the next handshake. */
  readonly current: () => ServerTls
  readonly facts: () => CertificateFacts
  /** The certificate as PEM, for programs that are to trust it. */
  readonly pem: () => string
}

/** Files are looked at again after this, however many handshakes there are. */
const LOOK_EVERY_MS = 1000
/** The own certificate is asked for again when it has less than this left; whoever makes it, renews it earlier. */
const RENEW_MS = 60 * 86_400_000
/** No certificate with its chain is longer; a device or a disk image is no certificate. */
const LONGEST_FILE_BYTES = 1024 * 1024
/** A handshake must not try again and again what failed. */
const RETRY_MS = 60_000

interface Held {
  readonly pem: KeyAndCertificate
  readonly from: 'own' | 'file'
  readonly tls: ServerTls
  readonly read: X509Certificate
}

/**
 * Opens the certificate for our servers: the user's own files where settings name them, else the one of this installation.
 * Both are followed while we run. A file that cannot be used leaves the certificate before it in place, and is said once.
 * `own` makes or finds the installation's certificate for the chosen name, and renews it in time.
 */
export async function openCertificates(deps: {
  readonly settings: () => Pick<Settings, 'tls.name' | 'tls.certificateFile' | 'tls.keyFile'>
  readonly own: (chosenName: string) => Promise<KeyAndCertificate>
  readonly clock: Clock
  /** A line for the log, and a sentence for the person. */
  readonly log: (line: string) => void
  readonly onChange: () => void
}): Promise<Certificates> {
  const { settings, clock } = deps
  let ownName = settings()['tls.name']
  let own = hold(await deps.own(ownName), 'own')
  let fromFile: Held | undefined
  let trouble: string | null = null
  let triedStamp: string | undefined
  let lookedAtMs = -Infinity
  let askedOwnAtMs = -Infinity
  let isAsking = false

  const say = (words: string | null) => {
    if (words === trouble) return
    trouble = words
    if (words !== null) deps.log(`certificate: ${words}`)
    deps.onChange()
  }
  const followFile = () => {
    const { 'tls.certificateFile': certificateFile, 'tls.keyFile': keyFile } = settings()
    if (certificateFile === '') {
      if (fromFile !== undefined) deps.onChange()
      fromFile = triedStamp = undefined
      return say(null)
    }
    const paths = keyFile === '' ? [certificateFile] : [certificateFile, keyFile]
    const stamp = paths.map(stampOf).join('\n')
    if (stamp === triedStamp) {
      if (fromFile !== undefined && trouble === null) say(whyOutdated(fromFile, clock.nowMs()))
      return
    }
    triedStamp = stamp
    try {
      fromFile = readFiles(certificateFile, keyFile)
      deps.log(`certificate: "${certificateFile}" is used from now on`)
      deps.onChange()
      say(whyOutdated(fromFile, clock.nowMs()))
    } catch (error) {
      say(
        `${reasonOfFile(error)}; ${fromFile === undefined ? "Posthorn's own certificate" : 'the one before it'} is used`,
      )
    }
  }
  const followOwn = () => {
    const nowMs = clock.monotonicMs()
    const name = settings()['tls.name']
    const isDue = name !== ownName || Date.parse(own.read.validTo) - clock.nowMs() < RENEW_MS
    if (!isDue || isAsking || nowMs - askedOwnAtMs < RETRY_MS) return
    isAsking = true
    deps
      .own(name)
      .then((pem) => {
        own = hold(pem, 'own')
        ownName = name
        deps.onChange()
      })
      .catch((error: unknown) => {
        askedOwnAtMs = clock.monotonicMs()
        deps.log(`certificate: make it anew: ${isFault(error) ? error.message : String(error)}`)
      })
      .finally(() => (isAsking = false))
  }
  const held = (): Held => {
    const nowMs = clock.monotonicMs()
    if (nowMs - lookedAtMs >= LOOK_EVERY_MS) {
      lookedAtMs = nowMs
      followFile()
      followOwn()
    }
    return fromFile ?? own
  }
  held()
  return {
    current: () => held().tls,
    pem: () => held().pem.cert,
    facts() {
      const { from, tls, read } = held()
      return {
        from,
        subject: tls.subject,
        fingerprint256: tls.fingerprint256,
        names: namesOf(read),
        notAfterMs: Date.parse(read.validTo),
        trouble,
      }
    },
  }
}

function hold(pem: KeyAndCertificate, from: Held['from']): Held {
  return { pem, from, tls: serverTls(pem), read: new X509Certificate(pem.cert) }
}

/** What changes when a file does. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path)
    return `${path} ${ino} ${size} ${mtimeMs}`
  } catch (error) {
    return `${path} ${fileWords(error)}`
  }
}

/** Throws in words why key and certificate cannot be had from the files. */
function readFiles(certificateFile: string, keyFile: string): Held {
  const text = readPem(certificateFile)
  const cert = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.join('\n')
  if (cert === undefined) throw new Unusable(certificateFile, 'it holds no PEM certificate')
  const holder = keyFile === '' ? certificateFile : keyFile
  const keyText = keyFile === '' ? text : readPem(keyFile)
  const key = privateKeyOf(keyText)
  if (key === undefined) throw new Unusable(holder, 'it holds no PEM private key')
  if (key.includes('ENCRYPTED')) throw new Unusable(holder, 'its private key needs a passphrase; take that off')
  try {
    const read = new X509Certificate(cert)
    if (!read.checkPrivateKey(createPrivateKey(key)))
      throw new Unusable(holder, 'its key is not that of the certificate')
    return hold({ key, cert: `${cert}\n` }, 'file')
  } catch (error) {
    throw error instanceof Unusable
      ? error
      : new Unusable(certificateFile, 'OpenSSL cannot read its certificate or key')
  }
}

/** The first private key of a PEM file. Searched once: a file of beginnings without an end must not hold the program up. */
function privateKeyOf(text: string): string | undefined {
  const begin = /-----BEGIN ((?:[A-Z]{1,20} )?PRIVATE KEY)-----/.exec(text)
  if (begin === null) return undefined
  const mark = `-----END ${begin[1]}-----`
  const end = text.indexOf(mark, begin.index)
  return end < 0 ? undefined : text.slice(begin.index, end + mark.length)
}

function readPem(path: string): string {
  const file = statSync(path)
  // A pipe or a device would hold the whole program up.
  if (!file.isFile() || file.size > LONGEST_FILE_BYTES) throw new Unusable(path, 'it is no PEM file')
  return readFileSync(path, 'latin1')
}

class Unusable extends Error {
  constructor(path: string, reason: string) {
    super(`read the certificate from "${path}": ${reason}`)
  }
}
const reasonOfFile = (error: unknown) =>
  error instanceof Unusable || !(error instanceof Error && 'path' in error)
    ? String(error instanceof Error ? error.message : error)
    : `read the certificate from "${String(error.path)}": ${fileWords(error)}`

function whyOutdated({ read }: Held, nowMs: number): string | null {
  const endMs = Date.parse(read.validTo)
  if (endMs < nowMs)
    return `the certificate for "${namesOf(read).join(', ')}" ended on ${read.validTo}; programs refuse it`
  if (Date.parse(read.validFrom) > nowMs)
    return `the certificate begins on ${read.validFrom}; programs refuse it until then`
  return null
}

function namesOf(read: X509Certificate): string[] {
  return (read.subjectAltName?.split(', ') ?? []).map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
}
