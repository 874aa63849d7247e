import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Recorder, Transcript } from '../transcript/sink.ts'
import { formatEndpoint } from './address.ts'
import type { Dialer } from './dial.ts'
import { secure } from './tls.ts'

/** A server somebody might have. */
export interface ProbeTarget {
  readonly protocol: 'imap' | 'pop3' | 'smtp'
  /** The name its certificate must be for. */
  readonly host: string
  readonly address: string
  readonly port: number
  readonly tls: 'implicit' | 'starttls'
}
/** Whether it is one, with a certificate that is trusted; or why not, in words. */
export type Probed = { readonly ok: true } | { readonly ok: false; readonly reason: string }
/** What probing works with. */
export interface ProbePeers {
  readonly dial: Dialer
  readonly recorder: Recorder
  readonly clock: Clock
  readonly caFile: () => string
}

const LONGEST_ANSWER = 8192
/** What each protocol greets with, and how it is asked for TLS: what is said, and the last line of a good answer. */
const SPEECH = {
  imap: { greeting: /^\* OK\b/i, asks: [['A1 STARTTLS', /^A1 (\w+)/i, /^OK$/i]], bye: 'A2 LOGOUT' },
  pop3: { greeting: /^\+OK\b/, asks: [['STLS', /^([+-]\w+)/, /^\+OK$/]], bye: 'QUIT' },
  smtp: {
    greeting: /^220[ -]/,
    asks: [
      ['EHLO [127.0.0.1]', /^(\d{3}) /, /^250$/],
      ['STARTTLS', /^(\d{3}) /, /^220$/],
    ],
    bye: 'QUIT',
  },
} as const satisfies Record<string, { greeting: RegExp; asks: [string, RegExp, RegExp][]; bye: string }>

/**
 * Looks whether a server of that protocol is there whose certificate is for its name. Nobody signs in, and all that is said stands in the
 * protocol log. Ends within `timeoutMs` or when `signal` aborts. Never throws.
 */
export async function probe(
  target: ProbeTarget,
  peers: ProbePeers,
  how: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Probed> {
  const { protocol, host, address, port, tls } = target
  const endpoint = formatEndpoint(address, port)
  const transcript = peers.recorder.open({ protocol, side: 'client', peer: host, address: endpoint })
  transcript.note('looking whether such a server is there: nobody signs in')
  const gone = new AbortController()
  const giveUp = () => gone.abort()
  const cancel = peers.clock.after(how.timeoutMs, giveUp)
  how.signal.addEventListener('abort', giveUp, { once: true })
  if (how.signal.aborted) giveUp()
  let socket: Socket | undefined
  try {
    const dialled = await peers.dial({ address, port, timeoutMs: how.timeoutMs }, gone.signal)
    if (!dialled.ok) throw new Error(dialled.errno === 'ECONNREFUSED' ? 'nothing listens there' : dialled.errno)
    socket = dialled.socket
    socket.on('error', () => {}) // Whoever reads hears of the end.
    gone.signal.addEventListener('abort', () => socket?.destroy(), { once: true })
    if (gone.signal.aborted) throw new Error('given up')
    const upgrade = async (raw: Socket) => {
      const secured = await secure(raw, { host, caFile: peers.caFile(), verify: 'strict' }, peers.clock)
      if (!secured.ok) throw new Error(secured.reason)
      transcript.secured(secured.facts)
      socket = secured.socket
      socket.on('error', () => {})
      return secured.socket
    }
    const { greeting, asks, bye } = SPEECH[protocol]
    let line: Lines
    if (tls === 'implicit') {
      line = new Lines(await upgrade(socket), transcript)
      await line.greets(greeting)
    } else {
      line = new Lines(socket, transcript)
      await line.greets(greeting)
      for (const [command, last, good] of asks) {
        line.say(command)
        const word = (await line.until(last))[1] ?? ''
        if (!good.test(word)) throw new Error(`it answers ${command.split(' ', 1)[0]} with ${word}`)
      }
      if (line.hasMore) throw new Error('more than an answer came in clear text')
      line.stop()
      line = new Lines(await upgrade(socket), transcript)
    }
    line.say(bye)
    socket.destroySoon()
    transcript.close('ok', 'us', 'it is there')
    return { ok: true }
  } catch (error) {
    const reason = gone.signal.aborted ? 'no answer in time' : error instanceof Error ? error.message : String(error)
    transcript.worst('probe')
    transcript.close(how.signal.aborted ? 'aborted' : 'failed', 'us', reason)
    socket?.destroy()
    return { ok: false, reason }
  } finally {
    cancel()
    how.signal.removeEventListener('abort', giveUp)
  }
}

/** Lines of a socket, bounded. */
class Lines {
  readonly #socket: Socket
  readonly #transcript: Transcript
  #held = Buffer.alloc(0)
  #heard = 0
  #isOver = false
  #wake: () => void = () => {}
  readonly #onData = (chunk: Buffer) => {
    this.#held = Buffer.concat([this.#held, chunk])
    this.#heard += chunk.length
    if (this.#heard > LONGEST_ANSWER) this.#socket.destroy()
    this.#wake()
  }
  readonly #onEnd = () => {
    this.#isOver = true
    this.#wake()
  }

  constructor(socket: Socket, transcript: Transcript) {
    this.#socket = socket
    this.#transcript = transcript
    socket.on('data', this.#onData).on('close', this.#onEnd).on('end', this.#onEnd)
  }

  get hasMore(): boolean {
    return this.#held.length > 0
  }

  /** Lets the socket go to whoever reads next. */
  stop(): void {
    this.#socket.off('data', this.#onData).off('close', this.#onEnd).off('end', this.#onEnd)
    this.#socket.pause()
  }

  say(command: string): void {
    this.#transcript.line('C', command)
    this.#socket.write(`${command}\r\n`)
  }

  async greets(greeting: RegExp): Promise<void> {
    for (;;) {
      const line = await this.#next()
      if (!greeting.test(line)) throw new Error('it speaks another protocol')
      if (!/^\d{3}-/.test(line)) return // SMTP may greet in several lines (RFC 5321 §4.2).
    }
  }

  /** The first line that fits. */
  async until(last: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = last.exec(await this.#next())
      if (found !== null) return found
    }
  }

  async #next(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#held.subarray(0, end).toString('latin1')
        this.#held = this.#held.subarray(end + 2)
        this.#transcript.line('S', line)
        return line
      }
      if (this.#isOver) throw new Error('it closed the connection')
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
