import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIpAddress } from '../net/address.ts'
import { selfSigned, type Certificate } from './certificate.ts'
import type { Vault } from './vault.ts'

/** Names every certificate of ours has; a chosen one comes on top. */
const ALWAYS = ['localhost', '127.0.0.1', '::1']
/** A certificate is made anew when it has less than this left, so that one never ends while a server runs. */
const RENEW_MS = 60 * 86_400_000
const KEPT_AS = ['tls', 'submission'] as const

/**
 * Key and certificate of this installation's own servers, for this computer and for `chosenName` where that is not empty: made
 * once, and made anew before they end and when the name is another. The key stays the same then: programs that pin it, such as
 * curl with --pinnedpubkey, go on without a question, and it has never left the encrypted store.
 */
export async function ownCertificate(
  vault: Pick<Vault, 'getSecret' | 'putSecret'>,
  chosenName: string,
  nowMs: number,
): Promise<Certificate> {
  const names = chosenName === '' ? ALWAYS : [...ALWAYS, ...(ALWAYS.includes(chosenName) ? [] : [chosenName])]
  const kept = toCertificate(vault.getSecret(...KEPT_AS))
  if (kept !== undefined && kept.notAfterMs - nowMs > RENEW_MS && isFor(kept, names)) return kept
  const fresh = selfSigned(names, kept === undefined ? { nowMs } : { nowMs, key: kept.key })
  await vault.putSecret(...KEPT_AS, fresh.key + fresh.cert)
  return fresh
}

/** Whether a certificate is for these names and no others. */
function isFor({ cert }: Certificate, names: readonly string[]): boolean {
  const read = new X509Certificate(cert)
  const count = read.subjectAltName?.split(', ').length ?? 0
  return (
    count === names.length &&
    names.every((name) => (isIpAddress(name) ? read.checkIP(name) : read.checkHost(name, { wildcards: false })))
  )
}

/** Key and certificate from the PEM text they are kept as; undefined when it holds none. */
function toCertificate(pem: string | undefined): Certificate | undefined {
  const parts = /^(-----BEGIN PRIVATE KEY-----[^]+-----END PRIVATE KEY-----\n)(-----BEGIN CERTIFICATE-----[^]+)$/.exec(
    pem ?? '',
  )
  const [, key, cert] = parts ?? []
  if (key === undefined || cert === undefined) return undefined
  try {
    createPrivateKey(key)
    const { fingerprint256, validTo } = new X509Certificate(cert)
    return { key, cert, fingerprint256, notAfterMs: Date.parse(validTo) }
  } catch {
    return undefined // What nobody can serve with is made anew.
  }
}
