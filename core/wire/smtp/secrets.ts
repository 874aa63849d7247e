import { parseCommand, type Command } from './command.ts'

/** Half-open byte range of a line that is never stored. */
export type SecretRange = readonly [number, number]

/**
 * What the protocol expects of the line that is classed. `exchange`: an answer within AUTH. `after-refusal`: a command,
 * but an AUTH has just been refused or broken off, and a client that pipelined goes on sending its answers.
 */
export type Expected = 'command' | 'exchange' | 'after-refusal'

const MECHANISM =
  /^(?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|EXTERNAL|ANONYMOUS|XOAUTH2|OAUTHBEARER|SCRAM-SHA-(?:1|256|512)(?:-PLUS)?)$/i
/** The words before a password in SMTP and in the protocols a confused client may think it speaks. */
const BEFORE_SECRET = /^\W*auth|\bauth\b|^\W*(?:\S+\s+)?(?:pass|apop|login|authenticate)\b|\bauthorization\b/i

/**
 * Which parts of a client's line must not be stored, by what the line is and never by whether it was right: an AUTH that
 * is refused, malformed or out of order carries the same password.
 */
export function secretRanges(
  line: Uint8Array,
  expected: Expected,
  command: Command = parseCommand(line),
): SecretRange[] {
  const all: SecretRange[] = line.length === 0 ? [] : [[0, line.length]]
  if (expected === 'exchange') return line.length === 1 && line[0] === 0x2a ? [] : all // `*` cancels, RFC 4954 §4
  switch (command.verb) {
    case 'EHLO':
    case 'HELO':
    case 'MAIL':
    case 'RCPT':
    case 'DATA':
    case 'RSET':
    case 'QUIT':
    case 'STARTTLS':
    case 'VERB':
      return [] // read by its grammar to the last byte: there is no room for a password in it
    case 'BDAT':
      return command.sizeBytes === undefined ? rest(line) : []
    case 'malformed':
      return expected === 'after-refusal' && !isAuth(line) ? all : rest(line)
    default:
      return rest(line)
  }
}

/** Whether a line holds a word that comes before a password, so that what follows may be one on a line of its own. */
export function announcesSecret(line: Uint8Array): boolean {
  return BEFORE_SECRET.test(latin1(line))
}

/** Hears the lines of one session, and knows from what it has heard where a secret may come next. */
export class Ear {
  #afterAuth = false

  /** The parts of a line that must not be stored. `command` is what it was read as, if it was. */
  hear(line: Uint8Array, isInExchange: boolean, command?: Command): SecretRange[] {
    const expected = isInExchange ? 'exchange' : this.#afterAuth ? 'after-refusal' : 'command'
    const secrets = secretRanges(line, expected, command)
    const announces = command?.verb === 'AUTH' || (command?.verb === 'malformed' && announcesSecret(line))
    if (secrets.length > 0 || announces || isInExchange) this.#afterAuth = true
    else if (command !== undefined && command.verb !== 'malformed') this.#afterAuth = false
    return secrets
  }
  /** The session begins anew. */
  forget(): void {
    this.#afterAuth = false
  }
}

const latin1 = (line: Uint8Array) => String.fromCharCode(...line.subarray(0, 4096))
const isAuth = (line: Uint8Array) => /^auth\s/i.test(latin1(line))

/** All that follows the first word that may come before a password. */
function rest(line: Uint8Array): SecretRange[] {
  const text = latin1(line)
  const word = BEFORE_SECRET.exec(text)
  if (word === null) return []
  let at = word.index + word[0].length
  // The mechanism's name says nothing and explains much, as long as it is one: a client may forget it.
  const mechanism = /^[ \t]+(\S+)/.exec(text.slice(at))
  if (mechanism?.[1] !== undefined && MECHANISM.test(mechanism[1])) at += mechanism[0].length
  while (at < line.length && (line[at] === 0x20 || line[at] === 0x09)) at++
  return at < line.length ? [[at, line.length]] : []
}
