import type { Reply } from '../../model/reply.ts'
import type { ClientLogin } from './client-sasl.ts'
import { encodeAnswer, startSasl, type ClientSaslPrimitives } from './client-sasl.ts'
import type { SecretRange } from './secrets.ts'

/** A shorter one may be a word that any refusal holds, and to cut that out would tell of it. */
const SHORTEST = 8
/** What stands for a secret in words. */
const HIDDEN = '<secret>'

/** A server may say back what it was told: some quote the answer they did not like. Finds that in its lines. */
export class SaidBack {
  /** The secret in each form it was said in, longest first. */
  readonly #forms: readonly string[]

  constructor(login: ClientLogin, primitives: ClientSaslPrimitives) {
    const initials = (['PLAIN', 'OAUTHBEARER', 'XOAUTH2'] as const).map(
      (mechanism) => startSasl(mechanism, login, primitives).initial ?? '',
    )
    this.#forms = [...initials.map((one) => encodeAnswer(one)), encodeAnswer(login.secret), login.secret]
      .filter((form) => form.length >= SHORTEST)
      .toSorted((a, b) => b.length - a.length)
  }

  /** Half-open ranges of a line that are not to be stored. */
  rangesIn(line: Uint8Array): SecretRange[] {
    const text = String.fromCharCode(...line)
    return this.#forms.flatMap((form) => {
      const written = String.fromCharCode(...new TextEncoder().encode(form))
      const found: SecretRange[] = []
      for (let at = text.indexOf(written); at >= 0; at = text.indexOf(written, at + written.length))
        found.push([at, at + written.length])
      return found
    })
  }

  /** The reply as it may be kept beside a message, and shown. */
  hide(reply: Reply): Reply {
    const lines = reply.lines.map((line) => this.#forms.reduce((text, form) => text.replaceAll(form, HIDDEN), line))
    return lines.every((line, n) => line === reply.lines[n]) ? reply : { ...reply, lines }
  }
}
