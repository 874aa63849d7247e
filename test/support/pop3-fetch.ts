import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import type { Effect, Pop3Primitives, ServerFacts, Want } from '../../core/wire/pop3/client-words.ts'
import { parseUidl } from '../../core/wire/pop3/listing.ts'
import type { Dialogue } from './dialogue.ts'

/** What SCRAM and APOP need, with the nonce of RFC 7677 §3. */
export const scriptedPrimitives: Pop3Primitives = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  hmac: (key, text) => createHmac('sha256', key).update(text, 'utf8').digest(),
  nonce: () => 'rOprNGfwEbeRWgbNEkqO',
  md5: (text) => createHash('md5').update(text, 'latin1').digest('hex'),
}

/** The key that a machine asks for with `derive`. */
export const derivedFor = ({ password, salt, rounds }: Extract<Effect, { do: 'derive' }>): Uint8Array =>
  pbkdf2Sync(password, salt, rounds, 32, 'sha256')

/** The client of a script. */
export interface ScriptedClient {
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly keep: boolean
  readonly login: 'password' | 'token'
  readonly allowApop: boolean
}

/** What the first comment of a POP3 client's script says of the client. */
export function clientOf(dialogue: Dialogue, text: string): ScriptedClient {
  const [, tls] = /^# client: tls=(implicit|starttls|none)/m.exec(text) ?? []
  if (tls === undefined) throw new Error(`${dialogue.file}: no "# client: tls=…" in it`)
  const has = (word: string) => new RegExp(`^# client: .*\\b${word}\\b`, 'm').test(text)
  return {
    tls: tls as 'none',
    keep: has('keep'),
    login: has('token') ? 'token' : 'password',
    allowApop: !has('no-apop'),
  }
}

/** What a server has said of itself, as a fact. */
export function readyFact({ pipelining, utf8, signedInBy, loginDelaySeconds, expireDays }: ServerFacts): string {
  const more = [
    ...(signedInBy === 'USER' ? [] : [`by=${signedInBy}`]),
    ...(utf8 ? ['utf8'] : []),
    ...(loginDelaySeconds === null ? [] : [`login-delay=${loginDelaySeconds}`]),
    ...(expireDays === null ? [] : [`expire=${expireDays}`]),
  ]
  return ['ready', `pipelining=${pipelining ? 'yes' : 'no'}`, ...more].join(' ')
}

/** A listing's numbers as the next wants; the fact to note when it can't be read. */
export function wantsOf(listing: Uint8Array): readonly Want[] | undefined {
  return parseUidl(listing)?.map(({ number }) => ({ verb: 'RETR', number }))
}

/** A message as a fact of a dialogue. */
export const messageFact = (number: number, parts: readonly Uint8Array[]): string =>
  `message ${number} ${quote(Buffer.concat(parts).toString('latin1'))}`

/** Text in quotes, as dialogues write it. */
export const quote = (text: string): string => JSON.stringify(text)

/** A session's end as a fact. */
export function failureFact(failure: { readonly kind: string }): string {
  const parts: Readonly<Record<string, unknown>> = { ...failure }
  const at = parts['at'] === undefined ? '' : ` at=${String(parts['at'])}`
  if (failure.kind === 'no-way-in') return `no-way-in offered=${String(parts['offered'])}`
  const words = parts['reply'] ?? parts['reason']
  return `${failure.kind}${at}${words === undefined ? '' : ` ${quote(String(words))}`}`
}
