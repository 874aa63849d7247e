import type { Ranges } from './secrets.ts'
import type { Command } from './server-command.ts'

const MECHANISM =
  /^(?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|EXTERNAL|ANONYMOUS|XOAUTH2|OAUTHBEARER|SCRAM-SHA-(?:1|256|512)(?:-PLUS)?)$/i
/** The words before a password in POP3 and in the protocols a confused client may think it speaks. */
const BEFORE_SECRET = /^\W*auth\w*|\bauth\b|^\W*(?:\S+\s+)?(?:pass\w*|apop|login|authenticate)\b|\bauthorization\b/i

/**
 * Hears the lines of one session, and knows which parts must not be stored: by what a line is and where it stands, never by
 * whether it was right. A PASS that is refused, malformed or out of order carries the same password.
 */
export class Pop3Ear {
  /** USER, or a login that went wrong, has just been said: a line that is no command may be the password. */
  #expectsSecret = false

  hear(line: Uint8Array, isInExchange: boolean, command?: Command): Ranges {
    const all: Ranges = line.length === 0 ? [] : [[0, line.length]]
    if (isInExchange) {
      this.#expectsSecret = true
      return line.length === 1 && line[0] === 0x2a ? [] : all // `*` cancels, RFC 5034 §4
    }
    switch (command?.verb) {
      case 'PASS':
      case 'APOP':
      case 'AUTH':
        this.#expectsSecret = true
        return rest(line)
      case 'USER':
        this.#expectsSecret = true
        return []
      case undefined:
      case 'malformed':
      case 'foreign': {
        const found = rest(line)
        const isNamed = BEFORE_SECRET.test(latin1(line)) || /^\W*user\b/i.test(latin1(line))
        const secrets = found.length === 0 && this.#expectsSecret && !isNamed ? all : found
        if (isNamed) this.#expectsSecret = true
        return secrets
      }
      default:
        // Read by its grammar to the last byte: there is no room for a password in it.
        this.#expectsSecret = false
        return []
    }
  }
  /** The session begins anew. */
  forget(): void {
    this.#expectsSecret = false
  }
}

/** Where a line has the name of somebody who signs in, in the clear: behind USER, or between APOP and its digest. */
export function bareNameIn(line: Uint8Array): readonly [number, number] | undefined {
  const [, before = '', name = ''] = /^(\W*(?:user\s+|apop\s+(?=\S+\s+\S)))(.*)$/is.exec(latin1(line)) ?? []
  if (name === '') return undefined
  if (!/apop/i.test(before)) return [before.length, line.length]
  return [before.length, before.length + (/^\S+/.exec(name)?.[0].length ?? 0)]
}

const latin1 = (line: Uint8Array) => String.fromCharCode(...line.subarray(0, 4096))

/** All that follows the first word that may come before a password, and the name of a mechanism or a user. */
function rest(line: Uint8Array): Ranges {
  const text = latin1(line)
  const word = BEFORE_SECRET.exec(text)
  if (word === null) return []
  let at = word.index + word[0].length
  // The mechanism's name says nothing and explains much, as long as it is one; so does the name before a digest.
  const next = /^[ \t]+(\S+)/.exec(text.slice(at))
  const isName = /apop$/i.test(word[0]) && /\S\s+\S/.test(text.slice(at))
  if (next?.[1] !== undefined && (MECHANISM.test(next[1]) || isName)) at += next[0].length
  while (at < line.length && (line[at] === 0x20 || line[at] === 0x09)) at++
  return at < line.length ? [[at, line.length]] : []
}
