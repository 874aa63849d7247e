import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/*
 * SCRAM-SHA-256 verifiers (RFC 5802 §3, RFC 7677): from a stolen one neither the password nor a login can be had without
 * guessing. What is stored is enough to speak SCRAM later; PLAIN and LOGIN are checked against it.
 */

/** What is kept of a password. Bytes in base64. */
export interface Verifier {
  readonly scheme: 'SCRAM-SHA-256'
  readonly rounds: number
  readonly salt: string
  readonly storedKey: string
  readonly serverKey: string
}

/**
 * RFC 7677 §4 asks for 4096 at least; machines have grown since. More than these Cyrus SASL refuses to compute, and with it Postfix
 * and mutt: nobody could sign in from there.
 */
export const ROUNDS = 65_536
const SALT_BYTES = 16
const HASH_BYTES = 32
/** Derivations at once: each takes a thread of libuv's four, which DNS and files need as well. */
const AT_ONCE = 2
/** Derivations that may wait. More is an attack, and an attacker may be told to wait. */
const MAY_WAIT = 200

const derive = promisify(pbkdf2)

/** Runs tasks a few at a time, in order. Throws when too many wait already. */
class Turns {
  #running = 0
  readonly #waiting: (() => void)[] = []

  async take<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MAY_WAIT) throw new Error(`check a password: ${MAY_WAIT} others wait already`)
      // Whoever ends hands its turn over, so nobody can slip in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
const turns = new Turns()

/**
 * The form a password is derived from: NFKC, and any other space as a space (the mappings of SASLprep, RFC 4013 §2.1–2.2).
 * Characters it prohibits are let through: they only ever make a password nobody else can type.
 */
function prepared(password: string): string {
  return password
    .replaceAll(/\p{Zs}/gu, ' ')
    .replaceAll(/\u00AD|\u1806|[\u200B-\u200D]|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu, '')
    .normalize('NFKC')
}

async function keysOf(password: string, salt: Uint8Array, rounds: number) {
  const salted = await derive(prepared(password), salt, rounds, HASH_BYTES, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  return {
    storedKey: createHash('sha256').update(clientKey).digest(),
    serverKey: createHmac('sha256', salted).update('Server Key').digest(),
  }
}

/** What all passwords of one user share, so that one derivation and one challenge of SCRAM serve them all. */
export type Shared = Pick<Verifier, 'salt' | 'rounds'>

/** Salt and rounds for a user who has no password yet. */
export function freshSalt(rounds = ROUNDS): Shared {
  return { salt: randomBytes(SALT_BYTES).toString('base64'), rounds }
}

/** A verifier of a new password, off the main thread. `shared` is that of the user's other passwords. */
export async function makeVerifier(password: string, { salt, rounds }: Shared = freshSalt()): Promise<Verifier> {
  const keys = await keysOf(password, Buffer.from(salt, 'base64'), rounds)
  return {
    scheme: 'SCRAM-SHA-256',
    rounds,
    salt,
    storedKey: keys.storedKey.toString('base64'),
    serverKey: keys.serverKey.toString('base64'),
  }
}

/** Stands in for the verifier of a user that does not exist: no password has this StoredKey. */
const nobody: Verifier = {
  scheme: 'SCRAM-SHA-256',
  ...freshSalt(),
  storedKey: randomBytes(HASH_BYTES).toString('base64'),
  serverKey: randomBytes(HASH_BYTES).toString('base64'),
}

/**
 * The first of these verifiers that a password fits; undefined when none does. Derived off the main thread, a few at a time,
 * and once only where they share their salt. Takes as long for none at all, a user that does not exist, so that time does not
 * tell who does. Throws when too many wait.
 */
export async function whichFits<V extends Verifier>(verifiers: readonly V[], password: string): Promise<V | undefined> {
  const groups = Map.groupBy<string, Verifier>(
    verifiers.length === 0 ? [nobody] : verifiers,
    ({ salt, rounds }) => `${rounds} ${salt}`,
  )
  let found: V | undefined
  for (const group of groups.values()) {
    const { salt, rounds } = group[0] ?? nobody
    const { storedKey } = await turns.take(() => keysOf(password, Buffer.from(salt, 'base64'), rounds))
    // All are compared, whichever fits.
    for (const verifier of group) {
      const isFit = timingSafeEqual(storedKey, Buffer.from(verifier.storedKey, 'base64'))
      if (isFit && verifier !== nobody) found ??= verifier as V
    }
  }
  return found
}

/** A stored verifier as a value again; undefined when it is none. */
export function parseVerifier(json: string): Verifier | undefined {
  let found: unknown
  try {
    found = JSON.parse(json)
  } catch {
    return undefined
  }
  if (typeof found !== 'object' || found === null) return undefined
  const { scheme, rounds, salt, storedKey, serverKey } = found as Partial<Record<keyof Verifier, unknown>>
  if (scheme !== 'SCRAM-SHA-256' || typeof rounds !== 'number' || typeof salt !== 'string') return undefined
  if (typeof storedKey !== 'string' || typeof serverKey !== 'string') return undefined
  if (Buffer.from(storedKey, 'base64').length !== HASH_BYTES) return undefined
  return { scheme, rounds, salt, storedKey, serverKey }
}
