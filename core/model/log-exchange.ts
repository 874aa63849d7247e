import type { Protocol, TranscriptEvent } from './transcript.ts'

/** An event with its number in its session. */
export interface NumberedEvent {
  readonly seq: number
  readonly event: TranscriptEvent
}
/** A command with its answer; or what stands alone: a greeting, a line of a list, a note. */
export interface Exchange {
  readonly parts: readonly NumberedEvent[]
  /** In capitals; '' where there is no command. */
  readonly verb: string
  /** Three digits, `+OK` or `-ERR`, or a status of IMAP; '' where nothing was answered. */
  readonly code: string
  /** From the command until the end of the answer; null where one of them is missing. */
  readonly ms: number | null
  /** The part that answers, where there is one. */
  readonly answer: NumberedEvent | null
}

interface Asked {
  readonly verb: string
  readonly tag: string
  readonly parts: NumberedEvent[]
}
type Line = Extract<TranscriptEvent, { kind: 'line' }>

/** Of an exchange so many parts are kept, of a session so many commands that wait for an answer: a peer can send any number. */
const MOST_PARTS = 64
const MOST_WAITING = 1000
const SMTP_REPLY = /^([2-5]\d\d)([ -]|$)/
const POP3_STATUS = /^(\+OK|-ERR|\+)(?: |$)/i
const IMAP_STATUS = /^(\S+) (OK|NO|BAD|BYE|PREAUTH)(?: |$)/i
const IMAP_COMMAND = /^(\S+) (?:UID )?([A-Za-z][A-Za-z0-9.-]*)/i

/** The beginning of a line, as far as it is not secret. */
const beginning = ({ spans: [first] }: Line) => (typeof first === 'string' ? first : '')
const verbOf = (text: string) => /^[A-Za-z][A-Za-z0-9]*/.exec(text)?.[0].toUpperCase() ?? ''

/** Puts commands and answers of one session together, event by event: answers come in order (of IMAP: by their tags). */
export class Exchanges {
  readonly #protocol: Protocol
  readonly #found: (exchange: Exchange) => void
  #waiting: Asked[] = []
  /** Lines of an answer that is not whole yet. */
  #lines: NumberedEvent[] = []
  #verb = ''
  #code = ''

  constructor(protocol: Protocol, found: (exchange: Exchange) => void) {
    this.#protocol = protocol
    this.#found = found
  }

  push(one: NumberedEvent): void {
    const { event } = one
    if (event.kind === 'line') {
      if (event.from === 'C') this.#command(one, event)
      else if (this.#protocol === 'smtp') this.#smtp(one, event)
      else if (this.#protocol === 'pop3') this.#pop3(one, event)
      else this.#imap(one, event)
    } else if (event.kind === 'content') this.#content(one, event.from)
    else this.#alone(one, '', '')
  }

  /** What was asked and never answered, and an answer without an end. */
  end(): void {
    for (const { verb, parts } of this.#waiting) this.#found({ parts, verb, code: '', ms: null, answer: null })
    this.#waiting = []
    for (const one of this.#lines) this.#alone(one, '', '')
    this.#lines = []
  }

  #command(one: NumberedEvent, event: Line): void {
    const last = this.#waiting.at(-1)
    const text = beginning(event)
    // The dot that ends a message, and the next step of a login, belong to what was asked before.
    if (text === '.' && last !== undefined) {
      if (this.#code === '354') this.#code = ''
      return this.#join(last, one)
    }
    // A message that somebody types is recorded line by line: all of it is answered once, behind its dot.
    if (this.#protocol === 'smtp' && this.#code === '354') {
      if (text === '.') this.#code = ''
      return last === undefined ? this.#ask({ verb: this.#verb, tag: '', parts: [one] }) : this.#join(last, one)
    }
    const isStep = this.#code === '334' || this.#code === '+'
    if (isStep && this.#verb !== '') this.#code = ''
    if (this.#protocol === 'imap') {
      const [, tag = '', verb = ''] = (isStep ? null : IMAP_COMMAND.exec(text)) ?? []
      if (verb === '') return last === undefined ? this.#alone(one, verbOf(text), '') : this.#join(last, one)
      return this.#ask({ verb: verb.toUpperCase(), tag, parts: [one] })
    }
    this.#ask({ verb: isStep ? this.#verb : verbOf(text), tag: '', parts: [one] })
  }

  #smtp(one: NumberedEvent, event: Line): void {
    const [, code = '', sign] = SMTP_REPLY.exec(beginning(event)) ?? []
    if (this.#lines.length < MOST_PARTS) this.#lines.push(one)
    if (sign === '-') return
    const lines = this.#lines
    this.#lines = []
    this.#answered(this.#waiting.shift(), lines, code)
  }

  #pop3(one: NumberedEvent, event: Line): void {
    const [, status] = POP3_STATUS.exec(beginning(event)) ?? []
    // A line of a list, or its end.
    if (status === undefined) return this.#alone(one, this.#verb, this.#code)
    this.#answered(this.#waiting.shift(), [one], status.toUpperCase())
  }

  #imap(one: NumberedEvent, event: Line): void {
    const text = beginning(event)
    const [, tag = '', status = ''] = IMAP_STATUS.exec(text) ?? []
    const at = tag === '' ? -1 : this.#waiting.findIndex((asked) => asked.tag === tag)
    if (at >= 0) return this.#answered(this.#waiting.splice(at, 1)[0], [one], status.toUpperCase())
    const verb = this.#waiting[0]?.verb ?? ''
    if (text.startsWith('+')) {
      this.#verb = verb
      this.#code = '+'
    }
    this.#alone(one, verb, status.toUpperCase())
  }

  #content(one: NumberedEvent, from: 'C' | 'S'): void {
    if (from === 'S')
      return this.#alone(one, this.#protocol === 'imap' ? (this.#waiting[0]?.verb ?? '') : this.#verb, '')
    const last = this.#waiting.at(-1)
    // After BDAT, or as a literal of IMAP, it is a part of the command; after 354 it is answered itself.
    if (last !== undefined) this.#join(last, one)
    else this.#ask({ verb: this.#verb, tag: '', parts: [one] })
  }

  #ask(asked: Asked): void {
    if (this.#waiting.length === MOST_WAITING) {
      const [{ verb, parts }] = this.#waiting.splice(0, 1) as [Asked]
      this.#found({ parts, verb, code: '', ms: null, answer: null })
    }
    this.#waiting.push(asked)
  }

  #join(asked: Asked, one: NumberedEvent): void {
    if (asked.parts.length < MOST_PARTS) asked.parts.push(one)
  }

  #answered(asked: Asked | undefined, lines: NumberedEvent[], code: string): void {
    const answer = lines.at(-1) ?? null
    const said = asked?.parts[0]
    this.#verb = asked?.verb ?? ''
    this.#code = code
    this.#found({
      parts: asked === undefined ? lines : [...asked.parts, ...lines],
      verb: this.#verb,
      code,
      ms: said === undefined || answer === null ? null : Math.max(0, answer.event.sinceMs - said.event.sinceMs),
      answer,
    })
  }

  #alone(one: NumberedEvent, verb: string, code: string): void {
    this.#found({ parts: [one], verb, code, ms: null, answer: code === '' ? null : one })
  }
}
