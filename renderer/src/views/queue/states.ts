import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { ahead, clock, whenWords } from '../../format/time.ts'
import type { IconName } from '../../parts/icons.ts'

type State = RecipientView['state']

/** Icon, word and colour of each state: never colour alone. */
export const STATE: Readonly<
  Record<State, { icon: IconName; tone: 'ok' | 'warn' | 'danger' | 'held' | 'unknown' | 'quiet' }>
> = {
  waiting: { icon: 'queue', tone: 'quiet' },
  trying: { icon: 'refresh', tone: 'quiet' },
  delivered: { icon: 'ok', tone: 'ok' },
  deferred: { icon: 'clock', tone: 'warn' },
  bounced: { icon: 'fail', tone: 'danger' },
  held: { icon: 'hold', tone: 'held' },
  unknown: { icon: 'question', tone: 'unknown' },
  cancelled: { icon: 'x', tone: 'held' },
}

export const GROUPS = ['Needs you', 'Waiting', 'Held', 'Done'] as const
export type Group = (typeof GROUPS)[number]

/** Where an entry stands: what needs a person comes first. A bounce needs one for a day, then it is over. */
export function groupOf(entry: QueueEntryView, nowMs: number): Group {
  const has = (...states: State[]) => entry.recipients.some(({ state }) => states.includes(state))
  const isFresh = nowMs - (entry.doneMs ?? nowMs) < 86_400_000
  if (has('unknown') || (has('bounced') && isFresh)) return 'Needs you'
  if (has('waiting', 'trying', 'deferred')) return 'Waiting'
  if (has('held')) return 'Held'
  return 'Done'
}

/** True while something may still happen with a recipient. */
export const isOpen = ({ state }: Pick<RecipientView, 'state'>) =>
  ['waiting', 'trying', 'deferred', 'held', 'unknown'].includes(state)

/** A reply without the address it repeats: that stands in the row already. */
export function shortReply(reply: string | null): string | null {
  return reply === null ? null : reply.replace(/<[^<>\s]{1,320}>:?\s*/g, '')
}

/** The codes of a reply: `451 4.7.1`. */
function codesOf(reply: string | null): string | null {
  return reply === null ? null : (/^\d{3}(?:[ -][245]\.\d{1,3}\.\d{1,3})?/.exec(reply)?.[0].replace('-', ' ') ?? reply)
}

/** The engine's reason without the server's words, which stand below it whole. */
function tidyWhy({ why, lastReply }: RecipientView): string | null {
  if (why === null || lastReply === null) return why
  const bare = why.replace(`: "${lastReply}"`, '').replace(`: ${lastReply}`, '.').replaceAll('..', '.')
  return /[.!?]$/.test(bare) ? bare : `${bare}.`
}

const HELD = {
  user: 'waits for you to release it',
  route: 'waits for a login that works',
  rule: 'held back by a rule',
} as const

/** The reason in a row: short, the server's code before our words. */
export function reasonOf(recipient: RecipientView, nowMs: number): string {
  const next =
    recipient.nextAttemptMs === null
      ? ''
      : recipient.nextAttemptMs <= nowMs
        ? 'due now'
        : `next try ${clock(recipient.nextAttemptMs)}`
  switch (recipient.state) {
    case 'delivered':
      return [
        recipient.lastAttemptMs === null ? '' : clock(recipient.lastAttemptMs),
        recipient.mx ?? 'into the local mailbox',
      ]
        .filter((part) => part !== '')
        .join(', ')
    case 'waiting':
      if (recipient.attempts > 0) return next || 'waits'
      return (recipient.nextAttemptMs ?? 0) > nowMs
        ? `leaves ${whenWords(recipient.nextAttemptMs ?? 0, nowMs)}`
        : 'not tried yet'
    case 'trying':
      return 'on its way now'
    case 'deferred':
      // When comes before a sentence, which a narrow row cuts off.
      return (
        recipient.lastReply === null ? [next, tidyWhy(recipient) ?? 'put off'] : [codesOf(recipient.lastReply), next]
      )
        .filter((part) => part !== null && part !== '')
        .join(', ')
    case 'bounced':
      return shortReply(recipient.lastReply) ?? recipient.why ?? 'cannot be delivered'
    case 'unknown':
      return 'no reply after the last dot'
    case 'held':
      return HELD[recipient.heldBy ?? 'user']
    case 'cancelled':
      return 'taken back'
  }
}

/** The sentence over the detail: what happened and what happens next. */
export function sentenceOf(recipient: RecipientView, nowMs: number): string {
  const tries = recipient.attempts === 1 ? 'once' : recipient.attempts === 2 ? 'twice' : `${recipient.attempts} times`
  const next =
    recipient.nextAttemptMs === null
      ? ''
      : recipient.nextAttemptMs <= nowMs
        ? ' It is due now.'
        : ` Next try ${ahead(recipient.nextAttemptMs, nowMs)}.`
  switch (recipient.state) {
    case 'delivered':
      return recipient.mx === null
        ? 'Delivered into the local mailbox.'
        : `Accepted by ${recipient.mx}. It is their mail now.`
    case 'waiting':
      return recipient.attempts === 0 ? `Not tried yet.${next}` : `Waits for its next try.${next}`
    case 'trying':
      return 'Being delivered right now.'
    case 'deferred':
      return `${tidyWhy(recipient) ?? `Put off by the receiving side, tried ${tries}.`}${next}`
    case 'bounced':
      return tidyWhy(recipient) ?? 'It cannot be delivered. The report is in your inbox.'
    case 'unknown':
      return 'The server fell silent after the last dot. It may have the message. Sending again could deliver it twice.'
    case 'held':
      return recipient.heldBy === 'route'
        ? `${tidyWhy(recipient) ?? 'Its smarthost did not take the login.'} It goes on once the login works.`
        : recipient.heldBy === 'rule'
          ? 'A rule holds it back until you release it.'
          : 'Held back until you release it.'
    case 'cancelled':
      return 'You took it back before it was delivered.'
  }
}

/** `2 recipients waiting, 1 message needs you, next try 14:05` */
export function summaryOf(entries: readonly QueueEntryView[], nowMs: number): string {
  const recipients = entries.flatMap((entry) => entry.recipients)
  const waiting = recipients.filter(({ state }) => ['waiting', 'trying', 'deferred', 'unknown'].includes(state)).length
  const needy = entries.filter((entry) => groupOf(entry, nowMs) === 'Needs you').length
  const next = Math.min(
    ...recipients.flatMap((one) => (isOpen(one) && one.nextAttemptMs !== null ? [one.nextAttemptMs] : [])),
  )
  return [
    waiting === 0 ? 'nothing waits' : waiting === 1 ? '1 recipient waiting' : `${waiting} recipients waiting`,
    needy === 0 ? '' : needy === 1 ? '1 message needs you' : `${needy} messages need you`,
    Number.isFinite(next) ? (next <= nowMs ? 'next try now' : `next try ${clock(next)}`) : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}
