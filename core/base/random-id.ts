import { randomBytes } from 'node:crypto'

/** A name nobody can guess: 128 random bits as 22 URL-safe characters. */
export function randomId(): string {
  return randomBytes(16).toString('base64url')
}
