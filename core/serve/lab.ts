import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { formatMailbox } from '../model/address.ts'
import { GREYLISTED, labReply, NO_FAULTS, type LabCertificate, type LabFaults, isLabDomain } from '../model/lab.ts'
import type { Reply } from '../model/reply.ts'
import { hangUp } from '../net/hang-up.ts'
import type { ServerTls } from '../net/server-tls.ts'
import { serveSmtp } from '../net/smtp-server-driver.ts'
import type { ServedSession, SmtpPolicy } from '../net/smtp-server-terms.ts'
import type { Recorder } from '../transcript/sink.ts'
import { answerWithFaults } from '../wire/smtp/lab-faults.ts'
import { reply, replyLines } from '../wire/smtp/server-reply.ts'
import { Clients } from './clients.ts'
import { LabMail, type LabMessage } from './lab-mail.ts'
import { listen } from './listen.ts'

/** What the lab is made of. */
export interface LabOptions {
  readonly clock: Clock
  /** One that records nothing: what was said to the lab stands in the log from the side that dialled. */
  readonly recorder: Recorder
  /** What it shows, by how good it is to be. */
  readonly certificates: Readonly<Record<LabCertificate, ServerTls>>
  /** The domain whose mail comes here, and nobody else's. */
  readonly domain: () => string
  readonly onChange: () => void
}

const HOST = '127.0.0.1'
const MOST_RECIPIENTS = 100
const CONNECTIONS = { inAll: 50, perClient: 50 }
/** Pairs a greylist remembers. */
const MOST_SEEN = 10_000
const CLOSE_MS = 100

const NOT_OURS = reply(550, '5.7.1', 'only mail to the rehearsal lab itself is taken here')

/** A mail server on this computer for rehearsals: listens on loopback only while it is wanted, and behaves as it is told. */
export class Lab {
  readonly #options: LabOptions
  readonly #mail = new LabMail()
  /** When each pair of sender and recipient came first (monotonic ms). */
  readonly #seen = new Map<string, number>()
  #faults = NO_FAULTS
  #server: Server | undefined
  #clients: Clients | undefined
  #port: number | null = null
  #changing: Promise<unknown> = Promise.resolve()

  constructor(options: LabOptions) {
    this.#options = options
  }

  /** Where it listens; null while it does not. */
  get port(): number | null {
    return this.#port
  }
  get faults(): LabFaults {
    return this.#faults
  }
  set faults(faults: LabFaults) {
    this.#faults = faults
    this.#options.onChange()
  }
  /** What came, newest first. */
  get received(): readonly LabMessage[] {
    return this.#mail.list()
  }
  message(id: number): LabMessage | undefined {
    return this.#mail.get(id)
  }
  /** Forgets what came, and who came before. */
  clear(): void {
    this.#mail.clear()
    this.#seen.clear()
    this.#options.onChange()
  }

  /** Listens; does nothing where it does already. */
  async start(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#server !== undefined) return
      const { clock, recorder } = this.#options
      const clients = new Clients({ recorder, clock }, () => CONNECTIONS)
      const { server, port } = await listen(HOST, 0, (socket) => this.#take(socket, clients))
      this.#server = server
      this.#clients = clients
      this.#port = port
    })
  }

  /** Lets go of the port, and of who is there. */
  async stop(): Promise<void> {
    await this.#inTurn(async () => {
      const server = this.#server
      if (server === undefined) return
      this.#server = undefined
      this.#port = null
      const closed = once(server, 'close')
      server.close()
      const stopWaiting = this.#clients?.leave()
      this.#clients = undefined
      await closed
      stopWaiting?.()
    })
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#changing.then(work)
    this.#changing = mine.catch(() => {})
    await mine
    this.#options.onChange()
  }

  #take(socket: Socket, clients: Clients): void {
    const { greeting } = this.#faults.answers
    socket.on('error', () => {})
    if (greeting === 'hang-up') return void socket.destroy()
    const refusal = labReply('greeting', greeting)
    if (refusal === undefined) return clients.take(socket, HOST, (onEnd) => this.#serve(socket, onEnd))
    socket.write(
      replyLines(refusal)
        .map((line) => `${line}\r\n`)
        .join(''),
    )
    hangUp(socket, this.#options.clock)
  }

  #serve(socket: Socket, onEnd: () => void): ServedSession {
    const { clock, recorder, certificates, domain } = this.#options
    const { sizeBytes, offersTls, certificate } = this.#faults
    const session: ServedSession = serveSmtp(
      socket,
      { isTrusted: false },
      {
        terms: {
          name: `mx.${domain()}`,
          kind: 'inbound',
          messageBytes: sizeBytes,
          recipients: MOST_RECIPIENTS,
          requiresLogin: false,
          offersLogin: false,
          longestHoldSeconds: 0,
        },
        limits: { messageBytes: sizeBytes, headBytes: 102_400, lineBytes: 998 },
        tls: offersTls ? certificates[certificate] : undefined,
        policy: this.#policy(() => session),
        recorder,
        clock,
        answer: answerWithFaults(() => this.#faults),
      },
      onEnd,
    )
    return session
  }

  #policy(session: () => ServedSession): SmtpPolicy {
    return {
      login: async () => undefined,
      sender: () => undefined,
      recipient: (to, from) => {
        if (to === 'postmaster' || !isLabDomain(to.domain, this.#options.domain())) return NOT_OURS
        const pair = `${from === null ? '' : formatMailbox(from)} ${formatMailbox(to)}`
        return this.#isTooEarly(pair) ? GREYLISTED : to
      },
      stage: async () => this.#mail.stage(),
      accept: async (message, body, head) => {
        const { message: answer } = this.#faults.answers
        const refusal = labReply('message', answer)
        // RFC 5321 §3.8: after 421 the server closes; without any answer nobody knows whether the message is there.
        if (answer === 'hang-up') session().destroy('told to hang up')
        if (answer === 'busy') this.#options.clock.after(CLOSE_MS, () => session().destroy('421 was said'))
        if (answer === 'later' || answer === 'never' || answer === 'busy')
          return { accepted: false, reply: refusal as Reply }
        // Hung up behind the dot, it has the message all the same: that is what makes it a rehearsal.
        this.#mail.add(message, body, head, this.#options.clock.nowMs())
        this.#options.onChange()
        return { accepted: true, messageIds: [], entryIds: [] }
      },
    }
  }

  #isTooEarly(pair: string): boolean {
    const { greylist, greylistSeconds } = this.#faults
    if (!greylist) return false
    const nowMs = this.#options.clock.monotonicMs()
    const first = this.#seen.get(pair)
    if (first !== undefined) return nowMs < first + greylistSeconds * 1000
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear()
    this.#seen.set(pair, nowMs)
    return true
  }
}
