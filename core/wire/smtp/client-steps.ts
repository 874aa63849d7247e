import type { Cause } from '../../model/outcome.ts'
import type { Reply } from '../../model/reply.ts'
import type { ClientState } from './client.ts'
import { causes } from './client-transaction.ts'
import type { ClientOptions, Effect, Verdict } from './client-words.ts'

/** The next state, and what is to be done on the way. */
export type Step = readonly [ClientState, ...Effect[]]

/** The end. */
export const over: ClientState = { at: 'over' }
/** Closes the connection. */
export const hangUp = (why: string): Effect => ({ do: 'hang-up', why })
/** Says goodbye. */
export const quit: Effect = { do: 'send', commands: [{ verb: 'QUIT' }] }
/** Tells what became of a transaction. */
export const settle = (verdicts: readonly Verdict[]): Effect => ({ do: 'settle', verdicts })

/** The session ends before any transaction, by our own decision. */
export function fail(why: Cause): Step {
  return [{ at: 'quitting' }, { do: 'fail', why, isFinal: false }, quit]
}

/** The session ends before any transaction, on the server's word. */
export function refuseSession(verb: string, reply: Reply, options: ClientOptions): Step {
  const why = causes(options.mx).reply(verb, reply)
  const failed: Effect = { do: 'fail', why, isFinal: reply.code >= 500 }
  if (reply.code === 421) return [over, failed, hangUp('the server closes the session')]
  return [{ at: 'quitting' }, failed, quit]
}
