import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Reply } from '../model/reply.ts'
import { peerOf } from '../net/smtp-server-driver.ts'
import type { Recorder } from '../transcript/sink.ts'
import { reply, replyLines } from '../wire/smtp/server-reply.ts'

const TOO_MANY = reply(421, '4.3.2', 'too many connections, try again later')
/** What an SMTP reply is to a POP3 client (RFC 2449 §8: the code says that it may come again). */
const asStatus = (said: Reply) => `-ERR [SYS/TEMP] ${said.lines.join(' ')}`
/** How long a client has to read our words and leave. */
const LEAVE_MS = 2000
/** At once; those beyond hear nothing. */
const MOST_AT_ONCE = 2000
/** Sessions recorded in a minute: a flood must not fill the log. */
const RECORDED_A_MINUTE = 100
const MINUTE_MS = 60_000

/** The clients there is no place for. RFC 5321 §3.8: a server that cannot serve says so before it closes. */
export class TurnedAway {
  readonly #clock: Clock
  readonly #recorder: Recorder
  readonly #protocol: 'smtp' | 'pop3'
  readonly #sockets = new Set<Socket>()
  #minuteAt = -Infinity
  #recorded = 0

  constructor(clock: Clock, recorder: Recorder, protocol: 'smtp' | 'pop3') {
    this.#protocol = protocol
    this.#clock = clock
    this.#recorder = recorder
  }

  /** `isTls`: the client waits for a handshake, and words in clear would be none to it. */
  add(socket: Socket, isTls: boolean, said = TOO_MANY): void {
    this.#record(socket, isTls, said)
    socket.on('error', () => {})
    if (isTls || this.#sockets.size >= MOST_AT_ONCE) return void socket.destroy()
    this.#sockets.add(socket)
    const cancel = this.#clock.after(LEAVE_MS, () => socket.destroy())
    socket.once('close', () => {
      cancel()
      this.#sockets.delete(socket)
    })
    socket.resume()
    socket.end(`${this.#linesOf(said).join('\r\n')}\r\n`, 'latin1')
  }

  /** Nobody is waited for. */
  close(): void {
    for (const socket of this.#sockets) socket.destroySoon()
  }

  #linesOf(said: Reply): string[] {
    return this.#protocol === 'smtp' ? replyLines(said) : [asStatus(said)]
  }

  #record(socket: Socket, isTls: boolean, said: Reply): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#minuteAt >= MINUTE_MS) {
      this.#minuteAt = nowMs
      this.#recorded = 0
    }
    if (++this.#recorded > RECORDED_A_MINUTE) return
    const transcript = this.#recorder.open({ protocol: this.#protocol, side: 'server', ...peerOf(socket) })
    if (!isTls) for (const line of this.#linesOf(said)) transcript.line('S', Buffer.from(line, 'latin1'))
    if (this.#recorded === RECORDED_A_MINUTE)
      transcript.note('those who come in the rest of this minute are not recorded')
    transcript.worst(this.#protocol === 'smtp' ? String(said.code) : '-ERR')
    transcript.close('deferred', 'us', said.lines.join(' '))
  }
}
