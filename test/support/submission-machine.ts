import { never } from '../../core/base/never.ts'
import { isFault } from '../../core/base/fault.ts'
import { finishScram } from '../../core/wire/scram.ts'
import { PRIMITIVES } from '../../core/net/smtp-server-questions.ts'
import { reply, replyLines } from '../../core/wire/smtp/server-reply.ts'
import { ServerSession } from '../../core/wire/smtp/server-session.ts'
import type { SessionEffect, Terms } from '../../core/wire/smtp/server-terms.ts'
import type { BareMachine } from './dialogue.ts'
import type { House } from './submission-house.ts'

const TERMS: Terms = {
  name: 'posthorn',
  kind: 'submission',
  messageBytes: 52_428_800,
  recipients: 1000,
  transactions: undefined,
  isSecure: false,
  offersTls: true,
  isTrusted: false,
  requiresLogin: true,
  offersLogin: true,
  allowsClearLogin: false,
  offersScram: true,
  bindings: [],
  offersLists: true,
  longestHoldSeconds: 366 * 24 * 3600,
  greetingDelayMs: 0,
  nowMs: () => Date.UTC(2100, 0, 1),
}
const LIMITS = { messageBytes: 52_428_800, headBytes: 102_400, lineBytes: 1_048_576 }

/** The submission machine without socket, clock or store, served by a house. */
export class BareSubmission implements BareMachine {
  readonly session: ServerSession
  readonly #house: House
  /** Every effect in order, for tests that look closer. */
  readonly seen: SessionEffect[] = []
  closed = false
  #content: Uint8Array[] = []

  constructor(house: House, changed: { terms?: Partial<Terms>; limits?: Partial<typeof LIMITS> } = {}) {
    this.#house = house
    this.session = new ServerSession({ ...TERMS, ...changed.terms }, { ...LIMITS, ...changed.limits })
  }

  open(): Promise<Uint8Array[]> {
    return this.#run()
  }
  receive(bytes: Uint8Array): Promise<Uint8Array[]> {
    if (!this.closed) this.session.push(bytes)
    return this.#run()
  }
  secured(): Promise<Uint8Array[]> {
    this.session.onSecured(['tls-exporter', 'tls-server-end-point'])
    return this.#run()
  }

  async #run(): Promise<Uint8Array[]> {
    const said: Uint8Array[] = []
    for (let effect = this.session.next(); effect !== undefined; effect = this.session.next()) {
      this.seen.push(effect)
      await this.#do(effect, said)
    }
    return said
  }

  async #do(effect: SessionEffect, said: Uint8Array[]): Promise<void> {
    const { session } = this
    const house = this.#house
    switch (effect.do) {
      case 'reply':
        for (const line of replyLines(effect.reply)) said.push(Buffer.from(`${line}\r\n`, 'latin1'))
        return
      case 'check-login':
        return session.onLogin((await house.login(effect.user, effect.password)) ?? 'refused')
      case 'find-scram':
        return session.onScramFound(await house.scramCredentials(effect.user), house.serverNonce)
      case 'check-scram':
        return session.onScramChecked(finishScram(effect.exchange, effect.message, house.bindingData, PRIMITIVES))
      case 'expand':
        return session.onExpanded(await house.expand(effect.list))
      case 'begin':
        return void (this.#content = [])
      case 'check-sender':
        return session.onSender(house.sender(effect.from, effect.userId))
      case 'check-recipient':
        return session.onRecipient(house.recipient(effect.to))
      case 'content':
        return void this.#content.push(Uint8Array.from(effect.bytes))
      case 'message': {
        const raw = Buffer.concat(this.#content)
        const { message } = effect
        try {
          const result = await house.accept({
            ...message,
            origin: 'submission',
            userId: message.userId ?? null,
            body: { raw },
            head: raw.subarray(0, message.headBytes),
            received: '',
          })
          session.onMessage(result.accepted ? reply(250, '2.0.0', `ok, queued as ${result.entryId}`) : result.reply)
        } catch (error) {
          session.onMessage(isFault(error, 'store.full') ? reply(452, '4.3.1', 'full') : reply(451, '4.3.0', 'failed'))
        }
        return
      }
      case 'hang-up':
        this.closed = true
        return
      case 'heard':
      case 'login-failed':
      case 'wait':
      case 'secure':
      case 'discard':
        return
      default:
        never(effect, 'effect of an SMTP session')
    }
  }
}
