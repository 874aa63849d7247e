import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { ClientSaslPrimitives } from '../wire/smtp/client-sasl.ts'

const derive = promisify(pbkdf2)

/** What SCRAM-SHA-256 needs of the platform. */
export const saslPrimitives: ClientSaslPrimitives = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  hmac: (key, text) => createHmac('sha256', key).update(text, 'utf8').digest(),
  nonce: () => randomBytes(18).toString('base64'),
}

/** The salted password of RFC 5802 §3, made off the main thread. */
export function saltPassword(password: string, salt: Uint8Array, rounds: number): Promise<Uint8Array> {
  return derive(password, salt, rounds, 32, 'sha256')
}
