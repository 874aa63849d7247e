import type { LoggedSession } from './log-file.ts'
import type { SessionHead, Span, TlsFacts, TranscriptEvent } from './transcript.ts'

/** Where a dialogue cannot be read. */
export interface DialogueTrouble {
  /** From 1. */
  readonly line: number
  readonly reason: string
}
/** Sessions of a dialogue, or where it cannot be read. */
export type DialogueFile =
  | { readonly sessions: readonly LoggedSession[]; readonly error: null }
  | { readonly sessions: null; readonly error: DialogueTrouble }

/** More is no dialogue that somebody would look at, and neither is a longer line. */
const MOST_LINES = 1_000_000
const LONGEST_LINE = 1_000_000

const HEAD = /^# (SMTP|POP3|IMAP) session (?:to (.*) \((\S*)\)|from (\S*)), (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/
const TLS = /^(\S+), (\S+), (.*) \((trusted|not trusted: (.*))\)$/
const NAMED = /^the secret in the next line is of the user ("(?:[^"\\]|\\.)*")$/
const CUT = /^the line had (\d{1,15}) bytes; this is how it began$/
const ESCAPES: Readonly<Record<string, string>> = { 'r': '\r', 'n': '\n', 't': '\t', '0': '\0', '\\': '\\', '"': '"' }

/**
 * Reads dialogues as an export writes them, and those of tests: who said what in which order. When it was said, and in which session
 * of the log, a dialogue does not say.
 */
export function readDialogueFile(text: string): DialogueFile {
  const lines = text.split(/\r?\n/)
  if (lines.length > MOST_LINES)
    return { sessions: null, error: { line: MOST_LINES, reason: `it has more than ${MOST_LINES} lines` } }
  const sessions: LoggedSession[] = []
  let reader = new Reader(1)
  for (const [n, line] of lines.entries()) {
    if (line === '---') {
      sessions.push(reader.session())
      reader = new Reader(sessions.length + 1)
    } else if (!reader.take(line))
      return { sessions: null, error: { line: n + 1, reason: 'it is no step of a dialogue' } }
  }
  return { sessions: [...sessions, reader.session()], error: null }
}

/** Reads one connection. */
class Reader {
  readonly #events: TranscriptEvent[] = []
  #head: SessionHead
  #tls = false
  #isNew = true
  /** A comment that may belong to the next step. */
  #comment: string | undefined
  #user: string | undefined

  constructor(id: number) {
    const unknown = {
      protocol: 'smtp',
      side: 'client',
      peer: '',
      address: '',
      startedMs: 0,
      worst: '',
      state: 'ok',
    } as const
    this.#head = { id, ...unknown, tls: false, bytesIn: 0, bytesOut: 0, messages: 0 }
  }

  session(): LoggedSession {
    this.#flush()
    return { head: this.#head, events: this.#events }
  }

  /** Takes a line; false for one that is no step. */
  take(line: string): boolean {
    if (line.length > LONGEST_LINE) return false
    if (line.trim() === '') return true
    if (line.startsWith('#')) {
      if (this.#isNew && this.#takeHead(line)) return true
      this.#isNew = false
      this.#takeName()
      this.#flush()
      this.#comment = line.replace(/^# ?/, '')
      return true
    }
    if (line.startsWith('= ')) return true // a fact that a test states
    if (line === 'STARTTLS') return this.#secured()
    const [, from, mark, rest] = /^([CS])([:>~!])(.*)$/s.exec(line) ?? []
    return from !== undefined && this.#step(from as 'C' | 'S', mark ?? '', (rest ?? '').replace(/^ /, ''))
  }

  #takeHead(line: string): boolean {
    const [, protocol, peer, address, from, at] = HEAD.exec(line) ?? []
    if (protocol === undefined || at === undefined) return false
    this.#isNew = false
    this.#head = {
      ...this.#head,
      protocol: protocol.toLowerCase() as SessionHead['protocol'],
      side: from === undefined ? 'client' : 'server',
      peer: peer ?? from ?? '',
      address: address ?? from ?? '',
      startedMs: Date.parse(at),
    }
    return true
  }

  #step(from: 'C' | 'S', mark: string, rest: string): boolean {
    const [, cut] = (mark === ':' && rest.endsWith('*') && CUT.exec(this.#comment ?? '')) || []
    if (cut !== undefined) this.#comment = undefined
    this.#takeName()
    this.#flush()
    const user = this.#user
    this.#user = undefined
    const line = (spans: readonly Span[], more: { bytes?: number; odd?: true } = {}) => {
      const kept = spans.reduce((sum, span) => sum + (typeof span === 'string' ? span.length : 0), 0)
      const named = user === undefined ? spans : withUser(spans, user)
      this.#push({ kind: 'line', from, tls: this.#tls, spans: named, bytes: kept, ...more })
      return true
    }
    if (mark === ':') {
      if (cut !== undefined) return line(spansOf(rest.slice(0, -1)), { bytes: Number(cut) })
      return line(spansOf(inBytes(rest)))
    }
    if (mark === '!') return rest === '' && this.#push({ kind: 'closed', by: from })
    if (mark === '~') {
      if (!/^\d{1,15}$/.test(rest)) return false
      const ref = { kind: 'kept', first: '', last: '', sha256: '' } as const
      return this.#push({ kind: 'content', from, tls: this.#tls, bytes: Number(rest), ref })
    }
    const quoted = /^"(.*)"\s*$/s.exec(rest)?.[1]
    const parts = quoted?.split('<secret>').map(unescaped)
    if (parts === undefined || parts.includes(undefined)) return false
    const last = parts.at(-1) ?? ''
    const isWhole = last.endsWith('\r\n')
    if (isWhole) parts[parts.length - 1] = last.slice(0, -2)
    const spans = parts.flatMap((part, n): Span[] => [
      ...(n > 0 ? [{ secret: true } as const] : []),
      ...(part ? [part] : []),
    ])
    return line(spans, isWhole ? {} : { odd: true })
  }

  #secured(): boolean {
    const [, version, cipher, subject, , distrust] = TLS.exec(this.#comment ?? '') ?? []
    const facts: TlsFacts = {
      version: version ?? '',
      cipher: cipher ?? '',
      subject: subject ?? '',
      trusted: version !== undefined && distrust === undefined,
      ...(distrust !== undefined && { distrust }),
      fingerprint256: '',
    }
    if (version !== undefined) this.#comment = undefined
    this.#flush()
    this.#tls = true
    this.#head = { ...this.#head, tls: true }
    return this.#push({ kind: 'tls', facts })
  }

  /** A comment that says whose the secret of the next line is; another may stand between them. */
  #takeName(): void {
    const quoted = NAMED.exec(this.#comment ?? '')?.[1]
    if (quoted === undefined) return
    try {
      this.#user = String(JSON.parse(quoted))
      this.#comment = undefined
    } catch {
      // Then it is a note like any other.
    }
  }

  /** A comment that belongs to nothing is a note. */
  #flush(): void {
    if (this.#comment !== undefined) this.#push({ kind: 'note', text: this.#comment })
    this.#comment = undefined
  }

  #push(
    said: TranscriptEvent extends infer E ? (E extends unknown ? Omit<E, 'atMs' | 'sinceMs'> : never) : never,
  ): true {
    this.#events.push({ ...said, atMs: this.#head.startedMs, sinceMs: 0 } as TranscriptEvent)
    return true
  }
}

/** The first secret is of that user. */
function withUser(spans: readonly Span[], user: string): Span[] {
  const first = spans.findIndex((span) => typeof span !== 'string')
  return spans.map((span, n) => (n === first ? { secret: true, user } : span))
}

/** Spans of a line as it is written. */
function spansOf(text: string): Span[] {
  return text
    .split('<secret>')
    .flatMap((part, n): Span[] => [...(n > 0 ? [{ secret: true } as const] : []), ...(part === '' ? [] : [part])])
}

/** Scripts that people write may have letters beyond ASCII: on the wire they are UTF-8, one character a byte. */
function inBytes(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text // oxlint-disable-line no-control-regex -- ASCII is what this is about
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')
}

/** The bytes of a quoted text; undefined when it is not one. */
function unescaped(text: string): string | undefined {
  if (!/^(?:[^"\\]|\\(?:[rnt0"\\]|x[0-9a-fA-F]{2}))*$/.test(text)) return undefined
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/g, (_, hex: string | undefined, letter: string) =>
    hex === undefined ? (ESCAPES[letter] ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
