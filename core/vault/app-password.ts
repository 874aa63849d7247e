import { randomInt } from 'node:crypto'

/** Lower case and digits without those that look alike (0 o, 1 l): 32, so 5 bits each. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'
const GROUPS = 6
const GROUP_LENGTH = 4

const PLAIN = new RegExp(`^[${LETTERS}]{${GROUPS * GROUP_LENGTH}}$`)
const grouped = (letters: string) => letters.match(new RegExp(`.{${GROUP_LENGTH}}`, 'g'))?.join('-') ?? ''

/** A new password for a program: 120 random bits as six groups of four, such as `k3m9-x2pd-…`. The dashes belong to it. */
export function newAppPassword(): string {
  const letters = Array.from({ length: GROUPS * GROUP_LENGTH }, () => LETTERS[randomInt(LETTERS.length)])
  return grouped(letters.join(''))
}

/**
 * An app password as it was made, from what somebody typed without its dashes, with spaces, or in capitals; undefined when
 * it is written as it should be, or is none.
 */
export function asMade(typed: string): string | undefined {
  if (typed.length > 100) return undefined
  const letters = typed.replaceAll(/[\s-]/g, '').toLowerCase()
  const made = PLAIN.test(letters) ? grouped(letters) : undefined
  return made === typed ? undefined : made
}
