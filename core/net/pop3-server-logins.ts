import { randomBytes } from 'node:crypto'
import { never } from '../base/never.ts'
import type { Pop3ServerSession } from '../wire/pop3/server-session.ts'
import type { SessionEffect } from '../wire/pop3/server-terms.ts'
import { finishScram, type BindingName } from '../wire/scram.ts'
import type { Pop3Policy } from './pop3-server-terms.ts'
import { PRIMITIVES } from './smtp-server-questions.ts'

/** The effects that ask who a client is. */
export type LoginQuestion = Extract<SessionEffect, { do: 'check-login' | 'find-scram' | 'check-scram' }>

const NONCE_BYTES = 18

/** What these questions need of their session's driver. */
export interface LoginAsker {
  readonly session: Pop3ServerSession
  readonly policy: Pop3Policy
  /** Of the TLS connection, once there is one. */
  bindings(): ReadonlyMap<BindingName, Uint8Array>
  /** Holds the session until that settles. */
  hold<T>(asked: Promise<T>, answer: (value: T) => void, failed: (error: unknown) => void): void
}

/** Puts a question of the machine to the policy and brings the answer back. */
export function askLogin(question: LoginQuestion, { session, policy, bindings, hold }: LoginAsker): void {
  switch (question.do) {
    case 'check-login':
      return hold(
        policy.login(question.user, question.password),
        (found) => session.onLogin(found ?? 'refused'),
        () => session.onLogin('unknown'),
      )
    case 'find-scram': {
      const nonce = randomBytes(NONCE_BYTES).toString('base64')
      return hold(
        policy.scramCredentials(question.user),
        (found) => session.onScramFound(found, nonce),
        () => session.onScramFound('unknown', nonce),
      )
    }
    case 'check-scram': {
      const { exchange, message } = question
      const { binding } = exchange.first
      return session.onScramChecked(finishScram(exchange, message, binding && bindings().get(binding), PRIMITIVES))
    }
    default:
      return never(question, 'question of a POP3 session')
  }
}
