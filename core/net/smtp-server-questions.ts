import { createHash, createHmac, randomBytes } from 'node:crypto'
import { reasonOf } from '../base/fault.ts'
import { never } from '../base/never.ts'
import type { Reply } from '../model/reply.ts'
import type { Transcript } from '../transcript/sink.ts'
import { finishScram, type BindingName, type ScramPrimitives } from '../wire/scram.ts'
import type { ServerSession } from '../wire/smtp/server-session.ts'
import type { SessionEffect } from '../wire/smtp/server-terms.ts'
import type { SmtpPolicy } from './smtp-server-terms.ts'
import { replyTo } from './smtp-server-transaction.ts'

/** The effects that ask the policy. */
export type Question = Extract<
  SessionEffect,
  { do: 'check-login' | 'find-scram' | 'check-scram' | 'expand' | 'check-sender' | 'check-recipient' }
>

/** SHA-256 and HMAC of the platform, as SCRAM uses them. */
export const PRIMITIVES: ScramPrimitives = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  hmac: (key, text) => createHmac('sha256', key).update(text).digest(),
}
const NONCE_BYTES = 18

/** What the questions need of their session's driver. */
export interface Asker {
  readonly session: ServerSession
  readonly policy: SmtpPolicy
  readonly transcript: Transcript
  /** Of the TLS connection, once there is one. */
  bindings(): ReadonlyMap<BindingName, Uint8Array>
  /** Holds the session until that settles. */
  hold<T>(asked: Promise<T>, answer: (value: T) => void, failed: (error: unknown) => void): void
  onSignedIn(): void
}

/** Puts a question of the machine to the policy and brings the answer back. */
export function put(question: Question, asker: Asker): void {
  const { session, policy, transcript } = asker
  switch (question.do) {
    case 'check-login':
      return asker.hold(
        policy.login(question.user, question.password),
        (found) => {
          if (found !== undefined) onSignedIn(asker, found.address)
          session.onLogin(found ?? 'refused')
        },
        () => session.onLogin('unknown'),
      )
    case 'find-scram': {
      const nonce = randomBytes(NONCE_BYTES).toString('base64')
      if (policy.scramCredentials === undefined) return session.onScramFound('unknown', nonce)
      return asker.hold(
        policy.scramCredentials(question.user),
        (found) => session.onScramFound(found, nonce),
        () => session.onScramFound('unknown', nonce),
      )
    }
    case 'check-scram': {
      const { exchange, message } = question
      const { binding } = exchange.first
      const data = binding && asker.bindings().get(binding)
      const proof = finishScram(exchange, message, data, PRIMITIVES)
      if (proof !== undefined) onSignedIn(asker, proof.login.address)
      return session.onScramChecked(proof)
    }
    case 'expand':
      if (policy.expand === undefined) return session.onExpanded(undefined)
      return asker.hold(
        policy.expand(question.list, question.userId),
        (members) => session.onExpanded(members),
        () => session.onExpanded('unknown'),
      )
    case 'check-sender':
      return ask(
        asker,
        () => policy.sender(question.from, question.userId, question.sizeBytes),
        (refusal) => session.onSender(refusal),
      )
    case 'check-recipient':
      return ask(
        asker,
        () => policy.recipient(question.to, question.from, question.userId),
        (found) => session.onRecipient(found),
      )
    default:
      return never(question, `question of an SMTP session to ${transcript.sessionId}`)
  }
}

function onSignedIn(asker: Asker, address: string): void {
  asker.transcript.note(`signed in as ${address}`)
  asker.onSignedIn()
}

/** For questions that are mostly answered at once. */
function ask<T>({ hold, transcript }: Asker, question: () => T | Promise<T>, answer: (value: T | Reply) => void): void {
  try {
    const asked = question()
    if (asked instanceof Promise) hold(asked, answer, (error) => answer(replyTo(error)))
    else answer(asked)
  } catch (error) {
    transcript.note(reasonOf(error))
    answer(replyTo(error))
  }
}
