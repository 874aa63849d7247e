import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { dkimName, type DkimAlgorithm, type DkimKey } from '../model/dkim-key.ts'
import type { Resolver } from '../net/dns.ts'
import { DKIM_SECRET, getDkimKey, listDkimKeys } from '../store/dkim-key.ts'
import { getSecret } from '../store/secret.ts'
import type { Store } from '../store/types.ts'
import { namesKey } from './dkim-record.ts'

/** A key that signs, both halves ready for use. */
export interface ReadyKey extends DkimKey {
  readonly privateKey: KeyObject
  readonly publicKeyObject: KeyObject
}
export interface DkimKeysDeps {
  readonly store: Store
  readonly resolver: Resolver
  readonly clock: Clock
}

/** RFC 8301 §3.2: signers should use at least 2048 bits; more does not fit into one DNS answer everywhere. */
const RSA_BITS = 2048
const generate = {
  'rsa-sha256': () => promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS }),
  'ed25519-sha256': () => promisify(generateKeyPair)('ed25519'),
}
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** RFC 8410 §4: what stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo. */
const ED25519_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

/** Keys that sign mail: made here, kept here, and checked against DNS. Private halves never leave but to sign. */
export class DkimKeys {
  readonly #deps: DkimKeysDeps
  /** By domain. Read again after each change, so that unsigned mail costs one look into a map. */
  #active: Map<string, ReadyKey[]> | undefined

  constructor(deps: DkimKeysDeps) {
    this.#deps = deps
  }

  list(): DkimKey[] {
    return listDkimKeys(this.#deps.store.read)
  }

  /** Keys that sign for a domain; empty for most. */
  activeFor(domain: string): readonly ReadyKey[] {
    this.#active ??= this.#load()
    return this.#active.get(domain) ?? []
  }

  /** Makes a key pair, off the main thread. Throws `address.invalid` for a selector that is none, and `conflict`. */
  async make(domain: string, algorithm: DkimAlgorithm, selector: string | undefined): Promise<DkimKey> {
    const name = selector?.trim().toLowerCase() ?? this.#freeSelector(domain, algorithm)
    if (!name.split('.').every((label) => LABEL.test(label)))
      throw new Fault('address.invalid', `make a DKIM key: "${name}" is no selector`, {
        value: name,
        reason: 'letters, digits and hyphens only',
      })
    const { publicKey, privateKey } = await generate[algorithm]()
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    return this.#changed(
      this.#deps.store.write('dkim.add', {
        domain,
        selector: name,
        algorithm,
        // RFC 8463 §4.2: the bare 32 bytes.
        publicKey: (algorithm === 'rsa-sha256' ? spki : spki.subarray(-32)).toString('base64'),
        privateKey: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      }),
    )
  }

  /**
   * Asks DNS for the key's record. A key whose record was not there before and is now signs from then on; one that somebody switched
   * off stays off. Throws `not-found`, and `conflict` where DNS does not answer.
   */
  async check(id: number): Promise<DkimKey> {
    const key = this.#require(id)
    const lookup = await this.#deps.resolver.lookup(dkimName(key), 'TXT', { isFresh: true })
    // No answer is no news: only DNS itself can say that a record is gone.
    if (lookup.kind === 'SERVFAIL' || lookup.kind === 'TIMEOUT')
      throw new Fault('conflict', `ask DNS for ${dkimName(key)}: ${lookup.reason ?? lookup.kind}`, {
        what: 'DNS',
        reason: lookup.reason ?? lookup.kind,
      })
    const found = lookup.kind === 'found' ? (namesKey(lookup.records, key) ? 'published' : 'different') : 'missing'
    const activate = found === 'published' && key.published !== 'published'
    return this.#changed(this.#deps.store.write('dkim.checked', { id, published: found, activate }))
  }

  /** Throws `not-found`, and `conflict` for a key that is to sign and was not found in DNS. */
  async setActive(id: number, active: boolean): Promise<DkimKey> {
    const key = this.#require(id)
    if (active && key.published !== 'published')
      throw new Fault('conflict', `sign with the DKIM key ${dkimName(key)}: its record was not found in DNS`, {
        what: 'DKIM key',
        reason: 'not published',
      })
    return this.#changed(this.#deps.store.write('dkim.setActive', { id, active }))
  }

  /** Throws `not-found`. */
  async remove(id: number): Promise<void> {
    await this.#changed(this.#deps.store.write('dkim.remove', { id }))
  }

  #require(id: number): DkimKey {
    const key = getDkimKey(this.#deps.store.read, id)
    if (key) return key
    throw new Fault('not-found', `find DKIM key ${id}: there is none`, { what: 'DKIM key', id: String(id) })
  }

  async #changed<T>(written: Promise<T>): Promise<T> {
    try {
      return await written
    } finally {
      this.#active = undefined
    }
  }

  /** `ph202611`, `ph202611e` for Ed25519, with a number where that is taken. */
  #freeSelector(domain: string, algorithm: DkimAlgorithm): string {
    const month = new Date(this.#deps.clock.nowMs()).toISOString().slice(0, 7).replace('-', '')
    const name = `ph${month}${algorithm === 'rsa-sha256' ? '' : 'e'}`
    const taken = new Set(this.list().flatMap((key) => (key.domain === domain ? [key.selector] : [])))
    for (let n = 1; ; n++) {
      const selector = n === 1 ? name : `${name}-${n}`
      if (!taken.has(selector)) return selector
    }
  }

  #load(): Map<string, ReadyKey[]> {
    const active = new Map<string, ReadyKey[]>()
    for (const key of this.list()) {
      const secret = key.isActive ? getSecret(this.#deps.store.read, DKIM_SECRET, String(key.id)) : undefined
      if (secret === undefined) continue
      const ready: ReadyKey = {
        ...key,
        privateKey: createPrivateKey(Buffer.from(secret)),
        publicKeyObject: publicKeyOf(key),
      }
      active.set(key.domain, [...(active.get(key.domain) ?? []), ready])
    }
    return active
  }
}

/** A public key from its record's text: what is checked with it holds for everybody who reads DNS. */
export function publicKeyOf({ algorithm, publicKey }: Pick<DkimKey, 'algorithm' | 'publicKey'>): KeyObject {
  const bytes = Buffer.from(publicKey, 'base64')
  const spki = algorithm === 'rsa-sha256' ? bytes : Buffer.concat([ED25519_HEAD, bytes])
  return createPublicKey({ key: spki, format: 'der', type: 'spki' })
}
