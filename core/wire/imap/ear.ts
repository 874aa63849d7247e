import { isApart, ownNameOf } from '../sasl-name.ts'
import { Scanner } from './scanner.ts'

/** Half-open byte ranges of a line. */
type Ranges = readonly (readonly [number, number])[]

/** What is to stand in the protocol log. */
export type Noted =
  | {
      readonly kind: 'line'
      readonly bytes: Uint8Array
      readonly odd: boolean
      readonly secrets: Ranges
      /** Whom the first secret names: the user of the session. */
      readonly user?: string
    }
  /** Message content. `after`: the line that announced it, in latin1. */
  | { readonly kind: 'content'; readonly bytes: Uint8Array; readonly isLast: boolean; readonly after: string }

/** Commands that carry no secret in their arguments. */
const OPEN =
  /^(?:CAPABILITY|ID|NOOP|LOGOUT|STARTTLS|ENABLE|SELECT|EXAMINE|CREATE|DELETE|RENAME|SUBSCRIBE|UNSUBSCRIBE|LIST|LSUB|NAMESPACE|STATUS|APPEND|IDLE|CHECK|CLOSE|UNSELECT|EXPUNGE|SEARCH|FETCH|STORE|COPY|MOVE|UID|COMPRESS)$/i
/** What of a FETCH response holds octets of a message. */
const CONTENT = /(?:BODY|BINARY|RFC822)(?:\.(?:HEADER|TEXT))?(?:\[[^\]]*\](?:<\d+>)?)? *~?\{\d+\+?\}$/i
/** A word of a password this short would be found everywhere. */
const SHORTEST_ECHO = 4
/** Of a server's literal that is no content, so much is looked at in one piece. */
const LONGEST_LITERAL = 65_536

const latin1 = (bytes: Uint8Array) => {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return text
}
const all = (bytes: Uint8Array): Ranges => (bytes.length === 0 ? [] : [[0, bytes.length]])

type Within =
  | { readonly at: 'commands' }
  /** The rest of a command whose line went on after a literal. */
  | { readonly at: 'command'; readonly isSecret: boolean; readonly isContent: boolean; readonly after: string }
  /** AUTHENTICATE, until its tag is answered (RFC 9051 §6.2.2). */
  | { readonly at: 'exchange'; readonly tag: string }

/**
 * Listens to both directions of a client's session and says what may be kept of it: by the state of the protocol, never by whether
 * a login was right. LOGIN's arguments, also as literals, whole exchanges of AUTHENTICATE, and what a server repeats of them are secret.
 */
export class Ear {
  readonly #client = new Scanner()
  readonly #server = new Scanner()
  readonly #echoes: readonly string[]
  readonly #login: { readonly user: string; readonly secret: string }
  #within: Within = { at: 'commands' }
  /** Whether the server's line goes on after a literal, and what of it was said. */
  #open: { readonly line: string; readonly isContent: boolean } | undefined
  #isPart = false
  #literal: Uint8Array[] = []
  #literalBytes = 0

  /** `secrets`: what the session signs in with, to be found where a server repeats it; `user`: whom it signs in. */
  constructor(secrets: readonly string[], user = '') {
    this.#login = { user, secret: secrets[0] ?? '' }
    this.#echoes = secrets.filter((one) => one.length >= SHORTEST_ECHO).flatMap(formsOf)
  }

  /** Words of the server without what they repeat of secrets. */
  withoutEchoes(text: string): string {
    let kept = ''
    let at = 0
    for (const [from, to] of this.#echoed(text).toSorted((a, b) => a[0] - b[0])) {
      if (to <= at) continue
      if (from >= at) kept += `${text.slice(at, from)}<secret>`
      at = to
    }
    return kept + text.slice(at)
  }

  /** Whether an AUTHENTICATE is under way. */
  get isExchange(): boolean {
    return this.#within.at === 'exchange'
  }

  *said(chunk: Uint8Array): Generator<Noted, void, void> {
    for (const piece of this.#client.scan(chunk)) {
      if (piece.kind === 'literal') {
        const within = this.#within
        if (within.at === 'command' && within.isContent)
          yield { kind: 'content', bytes: piece.bytes, isLast: piece.isLast, after: within.after }
        else {
          const isSecret = within.at !== 'command' || within.isSecret
          const secrets = isSecret ? all(piece.bytes) : []
          yield { kind: 'line', bytes: piece.bytes, odd: true, secrets, ...this.#whom(piece.bytes, secrets) }
        }
        continue
      }
      const secrets = this.#command(piece.bytes, piece.announces)
      yield { kind: 'line', bytes: piece.bytes, odd: piece.odd, secrets, ...this.#whom(piece.bytes, secrets) }
    }
  }

  /** Whom a secret names: a step of AUTHENTICATE, the first argument of LOGIN (RFC 9051 §6.2.3), or that as a literal. */
  #whom(bytes: Uint8Array, secrets: Ranges): { readonly user?: string } {
    const [first] = secrets
    const { user, secret } = this.#login
    if (first === undefined || user === '') return {}
    const octets = latin1(new TextEncoder().encode(user))
    const quoted = `"${octets.replaceAll(/[\\"]/g, '\\$&')}"`
    const text = latin1(bytes.subarray(...first))
    const isNamed = [octets, quoted].some((form) => text === form || text.startsWith(`${form} `))
    return isNamed && isApart(user, secret) ? { user } : ownNameOf(bytes, secrets, this.#login)
  }

  #command(bytes: Uint8Array, announces: number | undefined): Ranges {
    const within = this.#within
    const text = latin1(bytes)
    if (within.at === 'exchange') return text === '*' ? [] : all(bytes)
    const goesOn = announces !== undefined
    if (within.at === 'command') {
      this.#within = goesOn ? { ...within, isContent: false } : { at: 'commands' }
      return within.isSecret ? all(bytes) : []
    }
    const [, head = '', tag = '', verb = ''] = /^(([^ ]+) ([^ ]+))/.exec(text) ?? []
    const isAuthenticate = /^AUTHENTICATE$/i.test(verb)
    const isSecret = verb !== '' && !OPEN.test(verb)
    if (isAuthenticate && !goesOn) this.#within = { at: 'exchange', tag }
    else if (goesOn) this.#within = { at: 'command', isSecret, isContent: /^APPEND$/i.test(verb), after: text }
    // DONE and other single words, and what is no command at all.
    if (verb === '') return /^(?:DONE)?$/i.test(text) ? [] : all(bytes)
    if (!isSecret) return []
    const from = isAuthenticate ? (/^[^ ]+ [^ ]+ [^ ]+ ?/.exec(text)?.[0].length ?? head.length) : head.length + 1
    return from < bytes.length ? [[from, bytes.length]] : []
  }

  *heard(chunk: Uint8Array): Generator<Noted, void, void> {
    for (const piece of this.#server.scan(chunk)) {
      if (piece.kind === 'literal') {
        if (this.#open?.isContent)
          yield { kind: 'content', bytes: piece.bytes, isLast: piece.isLast, after: this.#open.line }
        else {
          // As one, for what it repeats would not be found in its parts.
          this.#literal.push(piece.bytes.slice())
          this.#literalBytes += piece.bytes.length
          if (!piece.isLast && this.#literalBytes < LONGEST_LITERAL) continue
          const bytes = joined(this.#literal, this.#literalBytes)
          this.#literal = []
          this.#literalBytes = 0
          yield { kind: 'line', bytes, odd: true, secrets: this.#echoed(latin1(bytes)) }
        }
        continue
      }
      const text = latin1(piece.bytes)
      yield { kind: 'line', bytes: piece.bytes, odd: piece.odd, secrets: this.#response(text) }
      // A part of a line that is too long has no marker; its end may have.
      const line = `${this.#open?.line ?? ''}${text}`.slice(-4096)
      this.#open = piece.announces === undefined ? undefined : { line, isContent: CONTENT.test(text.slice(-200)) }
      this.#isPart = piece.odd && piece.announces === undefined && piece.bytes.length >= 65_536
    }
  }

  #response(text: string): Ranges {
    const within = this.#within
    if (within.at === 'exchange') {
      // A challenge belongs to the exchange: SCRAM's lets a password be searched for.
      if (text.startsWith('+') && this.#open === undefined && !this.#isPart)
        return text.length > 2 ? [[2, text.length]] : []
      if (text.startsWith(`${within.tag} `)) this.#within = { at: 'commands' }
    }
    return this.#echoed(text)
  }

  #echoed(text: string): Ranges {
    if (this.#echoes.length === 0) return []
    const lower = text.toLowerCase()
    const ranges: [number, number][] = []
    for (const echo of this.#echoes)
      for (let at = lower.indexOf(echo); at >= 0; at = lower.indexOf(echo, at + 1)) {
        // The whole word: in base64 a secret begins and ends within a character.
        const from = lower.lastIndexOf(' ', at) + 1
        const to = lower.indexOf(' ', at + echo.length)
        ranges.push([from, to < 0 ? lower.length : to])
      }
    return ranges
  }

  /** What was left of lines that never ended. */
  *ended(): Generator<Noted & { readonly from: 'C' | 'S' }, void, void> {
    const client = this.#client.rest()
    if (client.length > 0) yield { from: 'C', kind: 'line', bytes: client, odd: true, secrets: all(client) }
    const server = this.#server.rest()
    if (server.length > 0)
      yield {
        from: 'S',
        kind: 'line',
        bytes: server,
        odd: true,
        secrets: this.isExchange ? all(server) : this.#echoed(latin1(server)),
      }
  }
}

function joined(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const all = new Uint8Array(sizeBytes)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** How a secret may come back: as it is, in a quoted string, or in base64 at any of its three places. */
function formsOf(secret: string): string[] {
  const quoted = secret.replaceAll(/[\\"]/g, '\\$&')
  const octets = latin1(new TextEncoder().encode(secret))
  const coded = [0, 1, 2].map((before) =>
    btoa(`${'\0'.repeat(before)}${octets}`)
      .slice(before === 0 ? 0 : before + 1)
      .replace(/.?.?=*$/, ''),
  )
  return [...new Set([octets, quoted, ...coded.filter((one) => one.length >= SHORTEST_ECHO)])].map((one) =>
    one.toLowerCase(),
  )
}
