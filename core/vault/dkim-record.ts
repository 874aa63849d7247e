import type { DkimAlgorithm, DkimKey } from '../model/dkim-key.ts'

/** The text of a key's TXT record (RFC 6376 §3.6.1; RFC 8463 §4). */
export function formatKeyRecord({ algorithm, publicKey }: Pick<DkimKey, 'algorithm' | 'publicKey'>): string {
  return `v=DKIM1; k=${kindOf(algorithm)}; p=${publicKey}`
}

/** A text as zone files have it: strings of at most 255 bytes (RFC 1035 §3.3.14) in quotes. */
export function formatZoneText(text: string): string {
  return (text.match(/.{1,255}/g) ?? ['']).map((part) => `"${part}"`).join(' ')
}

const kindOf = (algorithm: DkimAlgorithm) => (algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519')

/**
 * Whether one of the TXT records at a key's name says the key, so that a verifier takes what we sign: the same public key, and
 * nothing that forbids mail or SHA-256 (RFC 6376 §3.6.1).
 */
export function namesKey(records: readonly string[], key: Pick<DkimKey, 'algorithm' | 'publicKey'>): boolean {
  return records.some((record) => {
    const tags = tagsOf(record)
    const allows = (tag: string, value: string) => {
      const listed = tags?.get(tag)
      return listed === undefined || listed.split(':').some((one) => one === '*' || one === value)
    }
    return (
      tags !== undefined &&
      (tags.get('v') ?? 'DKIM1') === 'DKIM1' &&
      (tags.get('k') ?? 'rsa') === kindOf(key.algorithm) &&
      tags.get('p') === key.publicKey &&
      allows('h', 'sha256') &&
      allows('s', 'email')
    )
  })
}

/** Tags of a record without any blanks; undefined where a tag stands twice, which makes it no record (RFC 6376 §3.2). */
function tagsOf(record: string): ReadonlyMap<string, string> | undefined {
  const tags = new Map<string, string>()
  for (const part of record.split(';')) {
    const equals = part.indexOf('=')
    if (equals < 0) continue
    const name = part.slice(0, equals).trim()
    if (tags.has(name)) return undefined
    tags.set(name, part.slice(equals + 1).replace(/[ \t\r\n]/g, ''))
  }
  return tags
}
