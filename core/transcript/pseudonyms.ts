import type { LoggedSession } from '../model/log-file.ts'
import type { ContentRef, SessionHead, Span, TlsFacts, TranscriptEvent } from '../model/transcript.ts'
import { ipBytes } from './packets.ts'

/** What was replaced by what. */
export interface Replaced {
  readonly kind: 'address' | 'host' | 'ip' | 'name'
  readonly from: string
  readonly to: string
  readonly times: number
}

/** The report tells of so many; of a longer log each is replaced all the same. */
const MOST_REPORTED = 1000
// In one pass, so that nothing is replaced twice: addresses, then IP addresses, then names of hosts.
const FOUND =
  /([^\s<>@:,;()[\]"]{1,128}@(?:[\w-]{1,63}\.){0,10}[\w-]{1,63})|((?:\d{1,3}\.){3}\d{1,3}(?![\d.]))|((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:]))|((?:[\w-]{1,63}\.){1,10}[a-z][\w-]{1,62}(?!\w))/gi
/** Names of logins: they need not look like an address. */
const LOGIN = /^((?:\S{1,64} )?(?:USER|APOP|LOGIN) "?)([^\s"@]{1,256})(.*)$/is
/** A name that a client gives itself, which need not have a dot. */
const GREETING = /^((?:EHLO|HELO|LHLO) )([^\s[\]]{1,255})(.*)$/is
/** A step of a login in base64, which may hold a name. */
const STEP = /^(?:(?:\S{1,64} )?AUTH(?:ENTICATE)? \S{1,40} )?([A-Za-z0-9+/]{4,}={0,2})$/i

/** Gives addresses, hosts and names of people others, the same one wherever the same stood, in every session it is shown. */
export class Pseudonyms {
  readonly #known = new Map<string, { -readonly [K in keyof Replaced]: Replaced[K] }>()
  readonly #count = { address: 0, host: 0, ip: 0, name: 0 }

  get report(): Replaced[] {
    return [...this.#known.values()].slice(0, MOST_REPORTED)
  }
  get size(): number {
    return this.#known.size
  }

  session({ head, events }: LoggedSession): LoggedSession {
    return { head: this.#head(head), events: events.map((event) => this.#event(event)) }
  }

  #head(head: SessionHead): SessionHead {
    return { ...head, peer: this.text(head.peer), address: this.text(head.address) }
  }

  #event(event: TranscriptEvent): TranscriptEvent {
    switch (event.kind) {
      case 'line': {
        const spans = this.#spans(event.spans, event.from)
        const wasCut = lengthOf(event.spans) < event.bytes
        // A cut line stays one; any other is as long as it now is.
        return { ...event, spans, bytes: wasCut ? Math.max(event.bytes, lengthOf(spans) + 1) : lengthOf(spans) }
      }
      case 'content':
        return { ...event, ref: withoutContent(event.ref) }
      case 'tls':
        return { ...event, facts: this.#facts(event.facts) }
      case 'note':
        return { ...event, text: this.text(event.text) }
      case 'closed':
        return event.why === undefined ? event : { ...event, why: this.text(event.why) }
    }
  }

  #spans(spans: readonly Span[], from: 'C' | 'S'): Span[] {
    return spans.map((span, n) => {
      if (typeof span !== 'string') return span.user === undefined ? span : { ...span, user: this.#user(span.user) }
      if (n === 0 && from === 'C') {
        if (spans.length === 1 && STEP.test(span)) {
          const step = STEP.exec(span)?.[1] ?? ''
          // A command alone, such as QUIT, looks like base64, too.
          if (!/^[A-Z]{4,12}$/.test(span)) return span.slice(0, -step.length) + this.#name('name', step)
        }
        const greeting = GREETING.exec(span)
        if (greeting !== null) {
          const name = greeting[2] ?? ''
          const other = ipBytes(name) === undefined ? this.#name('host', name) : this.#name('ip', name)
          return `${greeting[1]}${other}${this.text(greeting[3] ?? '')}`
        }
        const login = LOGIN.exec(span)
        if (login !== null) return `${login[1]}${this.#name('name', login[2] ?? '')}${this.text(login[3] ?? '')}`
      }
      return this.text(span)
    })
  }

  #facts(facts: TlsFacts): TlsFacts {
    return {
      ...facts,
      subject: this.text(facts.subject),
      // It names the certificate to everybody who looks for it.
      fingerprint256: '',
      ...(facts.chain === undefined ? {} : { chain: facts.chain.map((one) => this.text(one)) }),
      ...(facts.names === undefined ? {} : { names: facts.names.map((one) => this.text(one)) }),
    }
  }

  /** Whom a login names: an address, or any other word. */
  #user(user: string): string {
    const address = this.text(user)
    return address === user ? this.#name('name', user) : address
  }

  /** A text with all that is found in it under another name. */
  text(text: string): string {
    return text.replaceAll(FOUND, (whole, address?: string, v4?: string, v6?: string, host?: string) => {
      if (address !== undefined) return this.#name('address', whole)
      if (v4 !== undefined || v6 !== undefined) return ipBytes(whole) === undefined ? whole : this.#name('ip', whole)
      return host === undefined ? whole : this.#name('host', whole)
    })
  }

  #name(kind: Replaced['kind'], from: string): string {
    const key = `${kind} ${from.toLowerCase()}`
    let known = this.#known.get(key)
    if (known === undefined) {
      const n = ++this.#count[kind]
      known = { kind, from, to: '', times: 0 }
      this.#known.set(key, known)
      known.to = this.#made(kind, from, n)
    }
    known.times++
    return known.to
  }

  /** Names that are set aside for this (RFC 2606, RFC 5737, RFC 3849). */
  #made(kind: Replaced['kind'], from: string, n: number): string {
    switch (kind) {
      case 'address':
        return `person${n}@${this.#name('host', from.slice(from.lastIndexOf('@') + 1))}`
      case 'host':
        return `host${n}.example`
      case 'ip': {
        if (from.includes(':')) return `2001:db8::${n.toString(16)}`
        const nets = ['192.0.2', '198.51.100', '203.0.113']
        return n <= 254 * nets.length
          ? `${nets[Math.floor((n - 1) / 254)]}.${((n - 1) % 254) + 1}`
          : `198.18.${(n >> 8) & 255}.${n & 255}`
      }
      case 'name':
        return `user${n}`
    }
  }
}

const lengthOf = (spans: readonly Span[]) =>
  spans.reduce((sum, span) => sum + (typeof span === 'string' ? span.length : 0), 0)

/** Pieces of mail may name anybody. */
const withoutContent = (ref: ContentRef): ContentRef =>
  ref.kind === 'kept' ? { kind: 'kept', first: '', last: '', sha256: '' } : ref
