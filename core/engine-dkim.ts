import { Changes } from './base/changes.ts'
import type { Cancel, Clock } from './base/clock.ts'
import { reasonOf } from './base/fault.ts'
import { RelaxedBodyHash } from './message/dkim-canonical.ts'
import { checkSignature, makeSignature } from './message/dkim.ts'
import { dkimName } from './model/dkim-key.ts'
import type { Cause } from './model/outcome.ts'
import type { Resolver } from './net/dns.ts'
import type { SignatureMade, SignerFor, ToSign } from './queue/sign.ts'
import type { Store } from './store/types.ts'
import { dkimHandlers } from './vault/dkim-handlers.ts'
import { DkimKeys, type ReadyKey } from './vault/dkim-keys.ts'

/** A signature is good for so long after the message may leave: longer than the queue tries, shorter than spam is of use. */
const VALID_MS = 14 * 86_400_000
const CHECK_EVERY_MS = 86_400_000
const FIRST_CHECK_MS = 60_000

export interface EngineDkim {
  readonly signerFor: SignerFor
  readonly handlers: ReturnType<typeof dkimHandlers>
  /** Sentences about keys that sign and are not found in DNS. */
  warnings(): string[]
  /** Looks once a day whether the keys that sign are still published. */
  start(): void
  close(): void
}

/** Wires keys, signing and their calls. */
export function openDkim(deps: {
  readonly store: Store
  readonly resolver: Resolver
  readonly clock: Clock
  readonly log: (line: string) => void
}): EngineDkim {
  const { clock, log } = deps
  const keys = new DkimKeys(deps)
  const changes = new Changes<number>()
  let cancel: Cancel = () => {}
  let isClosed = false
  const checkAll = async () => {
    for (const { id, isActive, domain } of keys.list()) {
      if (!isActive || isClosed) continue
      try {
        await keys.check(id)
        changes.emit(id)
      } catch (error) {
        // DNS out of reach says nothing of the key.
        log(`check the DKIM key of ${domain}: ${reasonOf(error)}`)
      }
    }
    if (!isClosed) cancel = clock.after(CHECK_EVERY_MS, () => void checkAll())
  }
  return {
    signerFor(domain) {
      const active = keys.activeFor(domain)
      return active.length === 0 ? undefined : (message) => sign(message, active, clock)
    },
    handlers: dkimHandlers({ keys, changes }),
    warnings: () =>
      keys
        .list()
        .filter((key) => key.isActive && key.published !== 'published')
        .map((key) => `Mail from ${key.domain} is held: the DKIM record ${dkimName(key)} ${WRONG[key.published]}.`),
    start() {
      cancel = clock.after(FIRST_CHECK_MS, () => void checkAll())
    },
    close() {
      isClosed = true
      cancel()
    },
  }
}

const WRONG = {
  unchecked: 'has not been looked for',
  missing: 'is not in DNS',
  different: 'holds another key',
  published: 'is in DNS',
} as const

/** Signs with every key and looks at each signature as its receiver will. */
async function sign(message: ToSign, keys: readonly ReadyKey[], clock: Clock): Promise<SignatureMade> {
  const hash = new RelaxedBodyHash()
  for await (const chunk of message.body) hash.push(chunk)
  const parts = { head: message.head, bodyHash: hash.digest() }
  const nowMs = clock.nowMs()
  const times = { nowMs, expiresMs: Math.max(nowMs, message.leavesByMs) + VALID_MS }
  let prefix = ''
  for (const key of keys) {
    const name = dkimName(key)
    if (key.published !== 'published') return hold(`the DKIM record ${name} ${WRONG[key.published]}`)
    const signature = makeSignature(parts, key, times)
    const wrong = checkSignature(signature, parts, key.publicKeyObject)
    if (wrong !== undefined) return hold(`the signature made with ${name} is not good: ${wrong}`)
    prefix += signature
  }
  return { prefix, signing: { signedBy: keys.map(dkimName) } }
}

/** What a signature nobody would believe comes to: it waits for a person, and goes unsigned when that person lets it go. */
function hold(why: string): SignatureMade {
  const reason = `not signed: ${why}. Released, it leaves without a signature`
  const held: Cause = { at: 'local', reason, reply: { code: 451, enhanced: '4.7.0', lines: [reason] } }
  return { prefix: '', signing: { held } }
}
