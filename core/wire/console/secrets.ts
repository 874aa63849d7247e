import { echoesOf, type Ranges } from '../pop3/secrets.ts'

/** Shorter ones would be found in every answer, and to cut them out there would tell of them: only where a login is answered. */
const SHORTEST = 4
/** Secrets of one session that are looked for: a person types few. */
const MOST = 64

const latin1 = (line: Uint8Array) => Array.from(line, (byte) => String.fromCharCode(byte)).join('')

/** What was said in secret, in each form it may come back in: some servers quote what they did not like. */
export class SaidInSecret {
  readonly #forms: string[] = []
  readonly #short: string[] = []

  /** Remembers the secret parts of a line. */
  note(line: Uint8Array, ranges: Ranges): void {
    for (const [from, to] of ranges) {
      const text = latin1(line.subarray(from, to)).trim()
      this.add(text)
      const inner = decoded(text)
      if (inner === undefined) continue
      this.add(inner)
      // `\0user\0password`, `user=…^Aauth=Bearer …^A^A`: the secret itself stands behind a mark.
      for (const part of inner.split(/[\0\x01]/)) this.add(part.replace(/^auth=Bearer /i, ''))
    }
  }

  /** Remembers a secret, and how it looks in base64. */
  add(text: string): void {
    for (const form of [text, text === '' ? '' : encoded(text)])
      remember(form.length >= SHORTEST ? this.#forms : this.#short, form)
  }

  /** Where a line of the server says one of them back. `isVerdict`: it answers a login. */
  echoesIn(line: Uint8Array, isVerdict: boolean): Ranges {
    const sought = isVerdict ? [...this.#forms, ...this.#short] : this.#forms
    return sought.length === 0 ? [] : echoesOf(latin1(line), sought)
  }
}

function remember(list: string[], form: string): void {
  if (form !== '' && !list.includes(form)) list.push(form)
  if (list.length > MOST) list.shift()
}

/** latin1 text from base64; undefined where it is none. */
function decoded(text: string): string | undefined {
  if (text.length < SHORTEST || !/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined
  return atob(text)
}
function encoded(text: string): string {
  // What is beyond latin1 is UTF-8 on the wire.
  const bytes = /^[\0-\xff]*$/.test(text) ? text : latin1(new TextEncoder().encode(text))
  return btoa(bytes)
}

/** What servers ask for by AUTH LOGIN, which is no secret and tells the person what to type. */
export function promptOf(challenge: string): string {
  const text = decoded(challenge) ?? ''
  return /^(?:user ?name|password|user|login):?\0?$/i.test(text) ? text.replace(/[:\0]+$/, '') : ''
}
