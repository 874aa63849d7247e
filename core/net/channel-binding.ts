import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { BindingName } from '../wire/scram.ts'

/** RFC 9266 §4.2. */
const EXPORTER_LABEL = 'EXPORTER-Channel-Binding'
const EXPORTER_BYTES = 32

/** Signature algorithms by the DER of their object identifiers, and the hash RFC 5929 §4.1 makes of each. */
const HASHES: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption: MD5 and SHA-1 give way to SHA-256
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010e': 'sha224',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}

/** What ties a login to the TLS connection it is said over, by name. Of the server's side: the certificate is our own. */
export function channelBindings(socket: TLSSocket): ReadonlyMap<BindingName, Uint8Array> {
  const bindings = new Map<BindingName, Uint8Array>()
  // RFC 9266 §3: before TLS 1.3 it takes extended master secrets to be safe, and Node does not say whether they are used.
  if (socket.getProtocol() === 'TLSv1.3')
    bindings.set('tls-exporter', socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0)))
  const endPoint = endPointBinding(socket.getX509Certificate()?.raw)
  if (endPoint !== undefined) bindings.set('tls-server-end-point', endPoint)
  return bindings
}

/**
 * The hash of a certificate by the hash it is signed with (RFC 5929 §4.1). Undefined where that names none (Ed25519), or
 * several (RSASSA-PSS): the binding is not defined there.
 */
export function endPointBinding(certificate: Uint8Array | undefined): Uint8Array | undefined {
  const algorithm = certificate && signatureAlgorithm(certificate)
  const hash = algorithm === undefined ? undefined : HASHES[algorithm]
  return hash === undefined || certificate === undefined ? undefined : createHash(hash).update(certificate).digest()
}

/** The object identifier of `Certificate.signatureAlgorithm` (RFC 5280 §4.1) as hexadecimal digits. */
function signatureAlgorithm(der: Uint8Array): string | undefined {
  const certificate = element(der, 0)
  const signed = certificate && element(der, certificate.at)
  const algorithm = signed && element(der, signed.end)
  const identifier = algorithm && element(der, algorithm.at)
  return identifier && Buffer.from(der.subarray(identifier.at, identifier.end)).toString('hex')
}

/** Where the content of the DER element at that place begins and ends. */
function element(der: Uint8Array, from: number): { readonly at: number; readonly end: number } | undefined {
  const first = der[from + 1]
  if (first === undefined) return undefined
  if (first < 0x80) return { at: from + 2, end: from + 2 + first }
  const size = first & 0x7f
  let length = 0
  for (let i = 0; i < size; i++) length = length * 256 + (der[from + 2 + i] ?? 0)
  const at = from + 2 + size
  return size > 4 || at + length > der.length ? undefined : { at, end: at + length }
}
