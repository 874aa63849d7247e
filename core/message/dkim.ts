import { createHash, sign, verify, type KeyObject } from 'node:crypto'
import type { DkimAlgorithm } from '../model/dkim-key.ts'
import { relaxedField } from './dkim-canonical.ts'
import { readHeader } from './headers.ts'

/**
 * DKIM signatures (RFC 6376, with the limits of RFC 8301, and RFC 8463), relaxed/relaxed. Made here because a signature must name
 * fields once more than they stand there, and because the body is hashed while it is read, never held.
 */

/** With what a message is signed. */
export interface SigningKey {
  readonly domain: string
  readonly selector: string
  readonly algorithm: DkimAlgorithm
  readonly privateKey: KeyObject
}
/** A message as a signature sees it. */
export interface SignedParts {
  /** The header as it leaves, latin1, with or without its blank line. */
  readonly head: string
  /** SHA-256 of the relaxed body, base64. */
  readonly bodyHash: string
}

/** Fields that say what the message is. Named once more than they stand there, so that nobody can add another. */
const OVERSIGNED = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'reply-to',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
]
/** Fields that are signed as they stand: lists and relays may add their own. */
const SIGNED = [
  'sender in-reply-to references auto-submitted content-disposition disposition-notification-to',
  'resent-from resent-sender resent-to resent-cc resent-date resent-message-id',
  'list-id list-help list-post list-owner list-archive list-unsubscribe list-unsubscribe-post',
].flatMap((line) => line.split(' '))
const LONGEST_LINE = 76

/** A header field with its own name in lower case. */
interface Field {
  readonly name: string
  readonly text: string
}
function fieldsOf(head: string): Field[] {
  const bytes = Buffer.from(head, 'latin1')
  return readHeader(bytes).fields.map(({ name, at, end }) => ({ name, text: bytes.toString('latin1', at, end) }))
}

/** Names for `h=`: each field as often as it stands there, and From, with what else nobody may add, once more. */
function signedNames(fields: readonly Field[]): string[] {
  return [...OVERSIGNED, ...SIGNED].flatMap((name) => {
    const count = fields.filter((one) => one.name === name).length
    const more = name === 'from' || (count > 0 && OVERSIGNED.includes(name)) ? 1 : 0
    return Array<string>(count + more).fill(name)
  })
}

/** What is hashed of the header (RFC 6376 §3.7): named fields from the bottom up (§5.4.2), then the signature without its value. */
function headerInput(fields: readonly Field[], names: readonly string[], signature: string): Buffer {
  const left = Map.groupBy(fields, ({ name }) => name)
  const texts = names.flatMap((name) => left.get(name)?.pop() ?? []).map(({ text }) => `${relaxedField(text)}\r\n`)
  return Buffer.from(texts.join('') + relaxedField(signature), 'latin1')
}

/**
 * The DKIM-Signature field, CRLF-ended, to stand before the header. `expiresMs` becomes `x=`: after it the signature proves
 * nothing any more.
 */
export function makeSignature(
  { head, bodyHash }: SignedParts,
  { domain, selector, algorithm, privateKey }: SigningKey,
  { nowMs, expiresMs }: { readonly nowMs: number; readonly expiresMs: number },
): string {
  const fields = fieldsOf(head)
  const names = signedNames(fields)
  const seconds = (ms: number) => Math.floor(ms / 1000)
  const bare = [
    `DKIM-Signature: v=1; a=${algorithm}; c=relaxed/relaxed; d=${domain};`,
    `s=${selector}; t=${seconds(nowMs)}; x=${seconds(expiresMs)};`,
    ...foldNames(names),
    `bh=${bodyHash};`,
    'b=',
  ].join('\r\n\t')
  const input = headerInput(fields, names, bare)
  // RFC 8463 §3: Ed25519 signs the hash, RSA what is hashed.
  const value = algorithm === 'rsa-sha256' ? sign('sha256', input, privateKey) : sign(null, sha256(input), privateKey)
  return `${bare}${(value.toString('base64').match(/.{1,72}/g) ?? []).join('\r\n\t ')}\r\n`
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()

/** `h=` in lines; blanks are allowed around its colons (RFC 6376 §3.5). */
function foldNames(names: readonly string[]): string[] {
  const lines: string[] = []
  let line = 'h='
  for (const [n, name] of names.entries()) {
    const part = n === names.length - 1 ? `${name};` : `${name}:`
    if (line.length + part.length > LONGEST_LINE) {
      lines.push(line)
      line = ''
    }
    line += part
  }
  return [...lines, line]
}

/**
 * Checks a signature as its receiver will, from the finished message and the public key alone. Returns what is wrong with it, or
 * undefined. For signatures of our own: no times, no policy, and nothing but relaxed/relaxed.
 */
export function checkSignature(
  signature: string,
  { head, bodyHash }: SignedParts,
  publicKey: KeyObject,
): string | undefined {
  const value = signature.slice(signature.indexOf(':') + 1)
  const tags = new Map(
    value.split(';').map((tag) => {
      const equals = tag.indexOf('=')
      return [tag.slice(0, equals).trim(), tag.slice(equals + 1).replace(/\s/g, '')] as const
    }),
  )
  if (tags.get('bh') !== bodyHash) return 'the hash of the body is another'
  const names = (tags.get('h') ?? '').toLowerCase().split(':')
  if (!names.includes('from')) return 'it does not cover From'
  const bare = signature.replace(/(;\s*b=)[^;]*$/, '$1')
  const input = headerInput(fieldsOf(head), names, bare)
  const bytes = Buffer.from(tags.get('b') ?? '', 'base64')
  const isGood =
    tags.get('a') === 'rsa-sha256'
      ? verify('sha256', input, publicKey, bytes)
      : verify(null, sha256(input), publicKey, bytes)
  return isGood ? undefined : 'it does not fit the header'
}
