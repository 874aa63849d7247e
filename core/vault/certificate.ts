import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'

/*
 * A self-signed certificate for our own servers, which programs of this computer trust by its fingerprint. X.509 (RFC 5280)
 * in DER, written here because Node can sign but not build one.
 */

export interface Certificate {
  /** PKCS #8, PEM. */
  readonly key: string
  /** PEM. */
  readonly cert: string
  readonly fingerprint256: string
  readonly notAfterMs: number
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Clients refuse leaf certificates that are valid for longer. */
const VALID_DAYS = 825

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const
/** GeneralName (RFC 5280 §4.2.1.6): context-specific, implicit. */
const DNS_NAME = 0x82
const IP_ADDRESS = 0x87

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content])
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content])
}

/** An object identifier's arcs, base 128, high bit on all but the last byte of each. */
function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const arcs = [first * 40 + second, ...rest]
  const bytes = arcs.flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return der(TAG.oid, Buffer.from(bytes))
}

/** RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from then on. */
function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
  const isLate = new Date(ms).getUTCFullYear() >= 2050
  return isLate ? der(TAG.generalizedTime, Buffer.from(digits)) : der(TAG.utcTime, Buffer.from(digits.slice(2)))
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  const isCritical = critical ? [der(TAG.boolean, Buffer.from([0xff]))] : []
  return der(TAG.sequence, oid(id), ...isCritical, der(TAG.octets, value))
}

/** An IP address as its 4 or 16 bytes; undefined for a host name. */
function addressBytes(name: string): Buffer | undefined {
  if (/^\d+(?:\.\d+){3}$/.test(name)) return Buffer.from(name.split('.').map(Number))
  if (!name.includes(':')) return undefined
  const [head = '', tail] = name.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function alternativeName(name: string): Buffer {
  const address = addressBytes(name)
  return address === undefined ? der(DNS_NAME, Buffer.from(name, 'ascii')) : der(IP_ADDRESS, address)
}

/** What a certificate is made with beyond its names. */
export interface CertificateWish {
  readonly nowMs?: number
  readonly days?: number
  /** A P-256 key as PEM, such as that of the certificate before; a new one where it is left out. */
  readonly key?: string
}

/** A certificate for host names and IP addresses, signed with its own key; the first name is its subject. Valid from an hour ago. */
export function selfSigned(
  names: readonly string[],
  { nowMs = Date.now(), days = VALID_DAYS, key }: CertificateWish = {},
): Certificate {
  const privateKey =
    key === undefined ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey : createPrivateKey(key)
  const publicKey = createPublicKey(privateKey)
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40 // positive, and without a leading zero byte
  const notAfterMs = nowMs + days * DAY_MS
  const ecdsaWithSha256 = der(TAG.sequence, oid('1.2.840.10045.4.3.2'))
  const commonName = der(TAG.sequence, oid('2.5.4.3'), der(TAG.utf8, Buffer.from(names[0] ?? 'localhost')))
  const subject = der(TAG.sequence, der(TAG.set, commonName))
  const extensions = der(
    TAG.sequence,
    extension('2.5.29.19', true, der(TAG.sequence)), // basicConstraints: no authority
    extension('2.5.29.15', true, der(TAG.bits, Buffer.from([7, 0x80]))), // keyUsage: digitalSignature
    extension('2.5.29.37', false, der(TAG.sequence, oid('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: serverAuth
    extension('2.5.29.17', false, der(TAG.sequence, ...names.map(alternativeName))),
  )
  const signedPart = der(
    TAG.sequence,
    der(0xa0, der(TAG.integer, Buffer.from([2]))), // version 3
    der(TAG.integer, serial),
    ecdsaWithSha256,
    subject, // its own issuer
    der(TAG.sequence, time(nowMs - HOUR_MS), time(notAfterMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = sign('sha256', signedPart, privateKey)
  const whole = der(TAG.sequence, signedPart, ecdsaWithSha256, der(TAG.bits, Buffer.from([0]), signature))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  const cert = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert,
    fingerprint256: new X509Certificate(cert).fingerprint256,
    notAfterMs,
  }
}
