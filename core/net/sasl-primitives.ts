import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { Pop3Primitives } from '../wire/pop3/client-words.ts'
import type { ClientSaslPrimitives } from '../wire/smtp/client-sasl.ts'

const derive = promisify(pbkdf2)

/** What SCRAM-SHA-256 needs of the platform. */
export const saslPrimitives: ClientSaslPrimitives = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  hmac: (key, text) => createHmac('sha256', key).update(text, 'utf8').digest(),
  nonce: () => randomBytes(18).toString('base64'),
}

/** And what APOP needs besides, whose MD5 (RFC 1939 §7) is used for nothing else. */
export const pop3Primitives: Pop3Primitives = {
  ...saslPrimitives,
  md5: (text) => createHash('md5').update(text, 'latin1').digest('hex'),
}

/** The salted password of RFC 5802 §3, made off the main thread. */
export function saltPassword(password: string, salt: Uint8Array, rounds: number): Promise<Uint8Array> {
  return derive(password, salt, rounds, 32, 'sha256')
}
