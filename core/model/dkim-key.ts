/** Algorithms we sign with: RFC 6376 §3.3.1 with the key lengths of RFC 8301, and RFC 8463. */
export const DKIM_ALGORITHMS = ['rsa-sha256', 'ed25519-sha256'] as const
export type DkimAlgorithm = (typeof DKIM_ALGORITHMS)[number]

/** A key that signs for a domain, its public half. */
export interface DkimKey {
  readonly id: number
  readonly domain: string
  readonly selector: string
  readonly algorithm: DkimAlgorithm
  /** As the record's `p=` has it: base64 of the SubjectPublicKeyInfo (RSA) or of the 32 bytes (Ed25519). */
  readonly publicKey: string
  readonly isActive: boolean
  /** What DNS said the last time. */
  readonly published: 'unchecked' | 'published' | 'missing' | 'different'
  readonly checkedMs: number | null
  readonly createdMs: number
}

/** Where verifiers look for the key: `selector._domainkey.domain` (RFC 6376 §3.6.2.1). */
export const dkimName = ({ selector, domain }: Pick<DkimKey, 'selector' | 'domain'>): string =>
  `${selector}._domainkey.${domain}`
