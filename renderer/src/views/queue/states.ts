import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { ahead, clock, whenWords } from '../../format/time.ts'
import type { IconName } from '../../parts/icons.ts'
import { said, t, told, toldSentence } from '../../words/words.ts'

type State = RecipientView['state']

/** Icon, word and colour of each state: never colour alone. */
export const STATE: Readonly<
  Record<State, { icon: IconName; word: string; tone: 'ok' | 'warn' | 'danger' | 'held' | 'unknown' | 'quiet' }>
> = {
  waiting: { word: said('waiting'), icon: 'queue', tone: 'quiet' },
  trying: { word: said('trying'), icon: 'refresh', tone: 'quiet' },
  delivered: { word: said('delivered'), icon: 'ok', tone: 'ok' },
  deferred: { word: said('deferred'), icon: 'clock', tone: 'warn' },
  bounced: { word: said('bounced'), icon: 'fail', tone: 'danger' },
  held: { word: said('held'), icon: 'hold', tone: 'held' },
  unknown: { word: said('unknown'), icon: 'question', tone: 'unknown' },
  cancelled: { word: said('cancelled'), icon: 'x', tone: 'held' },
}

/** Their words are their names; shown, they are told. */
export const GROUPS = [said('Needs you'), said('Waiting'), said('Held'), said('Done')] as const
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
  if (why === null) return null
  const words = told(why)
  const at = lastReply === null || lastReply === '' ? -1 : words.indexOf(lastReply)
  if (lastReply === null || at === -1) return words
  const before = words.slice(0, at).replace(/\s*[:：]\s*["“„«「]?\s*$/u, '')
  const after = words.slice(at + lastReply.length).replace(/^\s*["“”»」]?\s*/u, '')
  return after === '' ? toldSentence(before) : `${before}${after}`
}

const HELD = {
  user: said('waits for you to release it'),
  route: said('waits for a login that works'),
  rule: said('held back by a rule'),
} as const

/** The reason in a row: short, the server's code before our words. */
export function reasonOf(recipient: RecipientView, nowMs: number): string {
  const next =
    recipient.nextAttemptMs === null
      ? ''
      : recipient.nextAttemptMs <= nowMs
        ? t('due now')
        : t('next try {time}', { time: clock(recipient.nextAttemptMs) })
  switch (recipient.state) {
    case 'delivered':
      return [
        recipient.lastAttemptMs === null ? '' : clock(recipient.lastAttemptMs),
        recipient.mx ?? t('into the local mailbox'),
      ]
        .filter((part) => part !== '')
        .join(', ')
    case 'waiting':
      if (recipient.attempts > 0) return next || t('waits')
      return (recipient.nextAttemptMs ?? 0) > nowMs
        ? t('leaves {when}', { when: whenWords(recipient.nextAttemptMs ?? 0, nowMs) })
        : t('not tried yet')
    case 'trying':
      return t('on its way now')
    case 'deferred':
      // When comes before a sentence, which a narrow row cuts off.
      return (
        recipient.lastReply === null ? [next, tidyWhy(recipient) ?? t('put off')] : [codesOf(recipient.lastReply), next]
      )
        .filter((part) => part !== null && part !== '')
        .join(', ')
    case 'bounced':
      return shortReply(recipient.lastReply) ?? tidyWhy(recipient) ?? t('cannot be delivered')
    case 'unknown':
      return t('no reply after the last dot')
    case 'held':
      return told(HELD[recipient.heldBy ?? 'user'])
    case 'cancelled':
      return t('taken back')
  }
}

/** The sentence over the detail: what happened and what happens next. */
export function sentenceOf(recipient: RecipientView, nowMs: number): string {
  const tries = t('{attempts, plural, =1 {once} =2 {twice} other {# times}}', { attempts: recipient.attempts })
  const next =
    recipient.nextAttemptMs === null
      ? ''
      : recipient.nextAttemptMs <= nowMs
        ? ` ${t('It is due now.')}`
        : ` ${t('Next try {when}.', { when: ahead(recipient.nextAttemptMs, nowMs) })}`
  switch (recipient.state) {
    case 'delivered':
      return recipient.mx === null
        ? t('Delivered into the local mailbox.')
        : t('Accepted by {mx}. It is their mail now.', { mx: recipient.mx })
    case 'waiting':
      return recipient.attempts === 0 ? `${t('Not tried yet.')}${next}` : `${t('Waits for its next try.')}${next}`
    case 'trying':
      return t('Being delivered right now.')
    case 'deferred':
      return `${tidyWhy(recipient) ?? t('Put off by the receiving side, tried {tries}.', { tries })}${next}`
    case 'bounced':
      return tidyWhy(recipient) ?? t('It cannot be delivered. The report is in your inbox.')
    case 'unknown':
      return t(
        'The server fell silent after the last dot. It may have the message. Sending again could deliver it twice.',
      )
    case 'held':
      return recipient.heldBy === 'route'
        ? `${tidyWhy(recipient) ?? t('Its smarthost did not take the login.')} ${t('It goes on once the login works.')}`
        : recipient.heldBy === 'rule'
          ? t('A rule holds it back until you release it.')
          : t('Held back until you release it.')
    case 'cancelled':
      return t('You took it back before it was delivered.')
  }
}

/** `2 recipients waiting, 1 message needs you, next try 14:05`. `waiting`: recipients of the whole queue, of which a list may have a part. */
export function summaryOf(entries: readonly QueueEntryView[], nowMs: number, waiting: number): string {
  const recipients = entries.flatMap((entry) => entry.recipients)
  const needy = entries.filter((entry) => groupOf(entry, nowMs) === 'Needs you').length
  const next = Math.min(
    ...recipients.flatMap((one) => (isOpen(one) && one.nextAttemptMs !== null ? [one.nextAttemptMs] : [])),
  )
  return [
    t('{waiting, plural, =0 {nothing waits} one {# recipient waiting} other {# recipients waiting}}', { waiting }),
    needy === 0 ? '' : t('{needy, plural, one {# message needs you} other {# messages need you}}', { needy }),
    Number.isFinite(next) ? (next <= nowMs ? t('next try now') : t('next try {time}', { time: clock(next) })) : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}
