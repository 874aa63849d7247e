import { randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { seal, unseal, type PassphraseWrap } from './key-book.ts'

/** What a guess costs: scrypt's work, block size and lanes (RFC 7914 §2). */
export type ScryptCosts = Pick<PassphraseWrap, 'n' | 'r' | 'p'>

/** 128 MiB and some tenths of a second for each guess: what OWASP asks of scrypt where it guards more than a login. */
const USUAL_COSTS: ScryptCosts = { n: 2 ** 17, r: 8, p: 1 }
const SALT_BYTES = 16
const WRAPPING_BYTES = 32
/** Shorter ones are found in days, whatever each guess costs. */
export const LEAST_CHARACTERS = 8

type Derive = (
  passphrase: string,
  salt: Uint8Array,
  bytes: number,
  options: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
) => Promise<Buffer>
/** In a thread of libuv's: the main thread goes on meanwhile. */
const derive: Derive = promisify(scrypt)

/** The same characters, however a keyboard composes them, and any space as a space. */
export function normalized(passphrase: string): string {
  return passphrase.replaceAll(/\p{Zs}/gu, ' ').normalize('NFKC')
}

type Costs = ScryptCosts & Pick<PassphraseWrap, 'salt'>

function wrappingKey(passphrase: string, { salt, n, r, p }: Costs): Promise<Buffer> {
  const maxmem = 128 * n * r + 1024 * 1024
  return derive(normalized(passphrase), Buffer.from(salt, 'base64'), WRAPPING_BYTES, { N: n, r, p, maxmem })
}

/** Sealed along with the key, so that nobody makes guessing cheaper unseen. */
const bound = ({ salt, n, r, p }: Costs) => `posthorn passphrase ${n} ${r} ${p} ${salt}`

/** Seals a database key with a passphrase. `of`: the bytes its database begins with. */
export async function wrapWithPassphrase(
  key: Uint8Array,
  passphrase: string,
  of: string,
  { n, r, p } = USUAL_COSTS,
): Promise<PassphraseWrap> {
  const costs = { salt: randomBytes(SALT_BYTES).toString('base64'), n, r, p }
  return { kind: 'passphrase', ...costs, ...seal(key, await wrappingKey(passphrase, costs), of, bound(costs)) }
}

/** The database key; undefined for another passphrase. */
export async function unwrapWithPassphrase(wrap: PassphraseWrap, passphrase: string): Promise<Buffer | undefined> {
  return unseal(wrap, await wrappingKey(passphrase, wrap), bound(wrap))
}
