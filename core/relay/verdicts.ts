import type { Settled } from '../model/delivery.ts'
import type { Cause, Outcome } from '../model/outcome.ts'
import type { Verdict } from '../wire/smtp/client-words.ts'
import type { Address } from './open-session.ts'

/** A failure of our own making, as a cause. */
export const ours = (reason: string, code: number, enhanced: string): Cause => ({
  at: 'local',
  reason,
  reply: { code, enhanced, lines: [reason] },
})

/**
 * Whether another address may do better at once. A host that refuses by policy over IPv6 (no PTR, no reputation: 5.7.x) is
 * asked once more over IPv4 before the mail is returned.
 */
export function goesElsewhere(verdict: Extract<Verdict, { kind: 'deferred' | 'bounced' }>, address: Address): boolean {
  if (verdict.elsewhere) return true
  const isPolicy = verdict.why.at === 'reply' && verdict.why.reply.enhanced?.startsWith('5.7.') === true
  return isPolicy && address.hasOtherFamily && address.address.includes(':')
}

/** What a verdict means for its recipient. */
export function outcomeOf(verdict: Exclude<Verdict, { kind: 'again' }>, to: Outcome['to'], mx: string): Outcome {
  switch (verdict.kind) {
    case 'delivered':
      return { kind: 'delivered', to, mx, reply: verdict.reply, dsn: verdict.dsn ? 'passed-on' : 'relayed' }
    case 'unknown':
      return { kind: 'unknown', to, mx }
    case 'deferred':
    case 'bounced':
      return { kind: verdict.kind, to, why: verdict.why }
    default:
      return verdict satisfies never
  }
}

/** The same for recipients of a job that is held. */
export function heldAll(
  recipients: readonly { readonly recipientId: number; readonly to: Outcome['to'] }[],
  why: Cause,
): Settled[] {
  return recipients.map(({ recipientId, to }) => ({ recipientId, outcome: { kind: 'held', to, why } }))
}
