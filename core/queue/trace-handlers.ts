import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import { strictVerdict } from '../model/tls-verdict.ts'
import { contract } from '../rpc/contract.ts'
import type { SessionTlsView } from '../rpc/trace-contract.ts'
import { getAttempt } from '../store/attempt.ts'
import { getRecipient } from '../store/queue.ts'
import { getSession } from '../store/session.ts'
import { traceMessage } from './trace-message-handlers.ts'
import { attemptIds, eachEvent, traceRecipient, type TraceDeps } from './trace-recipient-handlers.ts'

/** Answers `trace.*`: the way of a message, as the queue, the log and the message itself know it. */
export function traceHandlers(deps: TraceDeps) {
  const os = implement(contract.trace)
  return {
    recipient: os.recipient.handler(
      async ({ input: { recipientId } }) => (await traceRecipient(recipientId, deps)) ?? fail('recipient', recipientId),
    ),
    message: os.message.handler(
      async ({ input: { messageId } }) => (await traceMessage(messageId, deps)) ?? fail('message', messageId),
    ),
    tls: os.tls.handler(async ({ input: { sessionId } }) => {
      await deps.flushLog()
      return (await sessionTls(sessionId, deps)) ?? fail('session', sessionId)
    }),
  }
}

function fail(what: string, id: number): never {
  throw new Fault('not-found', `follow ${what} ${id}: there is none`, { what, id: String(id) })
}

/** TLS begins near the beginning of a session, if at all. */
const LOOKED_THROUGH = 2000

async function sessionTls(sessionId: number, { store }: TraceDeps): Promise<SessionTlsView | undefined> {
  const head = getSession(store.read, sessionId)
  if (head === undefined) return undefined
  let begun: { seq: number; facts: NonNullable<SessionTlsView['facts']> } | undefined
  // A server that the user has named is verified without anybody's policy.
  let isNamed = head.side === 'client' && head.protocol !== 'smtp'
  await eachEvent(
    store,
    sessionId,
    ({ seq, event }) => {
      if (event.kind === 'tls') begun = { seq, facts: event.facts }
      if (event.kind === 'note' && event.text.startsWith('by the smarthost ')) isNamed = true
      return begun === undefined
    },
    LOOKED_THROUGH,
  )
  const links =
    head.side === 'client' && head.protocol === 'smtp' ? await store.query('session.links', { id: sessionId }) : []
  const [attempt] = attemptIds(links).flatMap((id) => getAttempt(store.read, id) ?? [])
  const recipientId = links.find((link) => link.recipientId !== undefined)?.recipientId
  const recipient = recipientId === undefined ? undefined : getRecipient(store.read, recipientId)
  const facts = begun?.facts ?? null
  return {
    facts,
    seq: begun?.seq ?? null,
    demand: isNamed ? 'named' : (attempt?.tls?.policy ?? (head.side === 'client' ? 'none' : null)),
    trouble: attempt?.tls?.trouble ?? null,
    domain: isNamed ? null : (recipient?.to.domain ?? null),
    strict: strictVerdict(head.side, facts),
  }
}
