import { never } from '../../core/base/never.ts'
import { PRIMITIVES } from '../../core/net/smtp-server-questions.ts'
import type { OpenMaildrop } from '../../core/net/pop3-server-terms.ts'
import { finishScram } from '../../core/wire/scram.ts'
import { Pop3Content } from '../../core/wire/pop3/server-content.ts'
import { Pop3ServerSession } from '../../core/wire/pop3/server-session.ts'
import type { SessionEffect, Terms } from '../../core/wire/pop3/server-terms.ts'
import type { BareMachine } from './dialogue.ts'
import type { Pop3House } from './pop3-server-house.ts'

const TERMS: Terms = { isSecure: false, offersTls: true, allowsClearLogin: false, bindings: [] }

/** The POP3 server's machine without socket, clock or store, served by a house. */
export class BarePop3 implements BareMachine {
  readonly session: Pop3ServerSession
  readonly #house: Pop3House
  /** Every effect in order, for tests that look closer. */
  readonly seen: SessionEffect[] = []
  closed = false
  #drop: OpenMaildrop | undefined

  constructor(house: Pop3House, changed: Partial<Terms> = {}) {
    this.#house = house
    this.session = new Pop3ServerSession({ ...TERMS, ...changed })
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
  ended(): void {
    this.#drop?.close()
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
      case 'say':
        return void said.push(Buffer.from(`${effect.line}\r\n`, 'latin1'))
      case 'list':
        return void said.push(Buffer.from(effect.text, 'latin1'))
      case 'check-login':
        return house.login(effect.user, effect.password).then(
          (found) => session.onLogin(found ?? 'refused'),
          () => session.onLogin('unknown'),
        )
      case 'find-scram':
        return session.onScramFound(await house.scramCredentials(effect.user), house.serverNonce)
      case 'check-scram':
        return session.onScramChecked(finishScram(effect.exchange, effect.message, house.bindingData, PRIMITIVES))
      case 'open-maildrop': {
        const drop = await house.openMaildrop(effect.login)
        if (drop !== 'in-use') this.#drop = drop
        return session.onMaildrop(drop)
      }
      case 'find-message': {
        if (house.isRevoked) return session.onMessage('revoked')
        const found = this.#drop?.open(effect.number) ?? 'gone'
        return session.onMessage(typeof found === 'string' ? found : 'found')
      }
      case 'send-message': {
        const opened = this.#drop?.open(effect.number)
        if (typeof opened !== 'object') throw new Error('a message was to be sent that is not there')
        const content = new Pop3Content(effect.lines)
        for (let next = await opened.chunks.next(); next.done !== true; next = await opened.chunks.next())
          if (!content.isDone) said.push(Uint8Array.from(content.push(next.value)))
        said.push(content.end())
        return session.onSent()
      }
      case 'remove':
        if (house.isRevoked) return session.onRemoved('revoked')
        return (this.#drop?.remove(effect.numbers) ?? Promise.resolve()).then(
          () => session.onRemoved('done'),
          () => session.onRemoved('unknown'),
        )
      case 'hang-up':
        this.closed = true
        this.#drop?.close()
        return
      case 'heard':
      case 'login-failed':
      case 'wait':
      case 'secure':
        return
      default:
        never(effect, 'effect of a POP3 session')
    }
  }
}
