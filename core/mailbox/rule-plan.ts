import { parseMailbox } from '../model/address.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { RulePlan, RuleStep } from '../model/rule-plan.ts'
import type { Rule, RuleAction } from '../model/rule.ts'
import type { Message } from '../store/message-list.ts'
import { isTooOld, mayAnswer, maySendOn } from './rule-answer.ts'
import type { SendingFacts } from './rule-mail.ts'
import { mailboxesOf, type OwnAddresses, type RuleAuthor } from './rule-own.ts'

/** What deciding about each action needs. */
export interface PlanContext {
  readonly how: RulePlan['how']
  /** Whether mail may be sent at all because of this. */
  readonly sends: boolean
  /** Asked only where something may be sent. */
  readonly own: () => OwnAddresses
  readonly nowMs: number
  readonly sendMaxAgeDays: number
  /** Only the header of the message is here. */
  readonly isPartial: boolean
  /** What a copy is indexed by. */
  readonly fields: () => Promise<MessageFields>
}

/** What rules that fit a message do with it, everything decided but what only the store can say. */
export async function planFor(
  message: Message,
  rules: readonly Rule[],
  sending: SendingFacts | null,
  context: PlanContext,
): Promise<RulePlan> {
  const planned: { id: number; name: string; steps: RuleStep[] }[] = []
  for (const rule of rules) {
    const steps: RuleStep[] = []
    for (const action of rule.actions) {
      const step = await stepFor(action, message, sending, context)
      if (step !== undefined) steps.push(step)
      if (action.do === 'stop' || action.do === 'erase') break
    }
    planned.push({ id: rule.id, name: rule.name, steps })
  }
  return { messageId: message.id, how: context.how, rules: planned }
}

async function stepFor(
  action: RuleAction,
  message: Message,
  sending: SendingFacts | null,
  context: PlanContext,
): Promise<RuleStep | undefined> {
  switch (action.do) {
    case 'stop':
      return undefined
    case 'move':
      return { do: 'move', to: action.to }
    case 'copy':
      return { do: 'copy', to: action.to, fields: await context.fields() }
    case 'tag':
    case 'untag':
      return { do: action.do, tagId: action.tagId }
    case 'forward':
    case 'redirect':
    case 'reply':
      return sendingStep(action, message, sending, context)
    default:
      return { do: action.do }
  }
}

type SendingAction = Extract<RuleAction, { do: 'forward' | 'redirect' | 'reply' }>
const NOT = { forward: 'not forwarded', redirect: 'not redirected', reply: 'not answered' } as const

function sendingStep(
  action: SendingAction,
  message: Message,
  mail: SendingFacts | null,
  context: PlanContext,
): RuleStep {
  const leave = (why: string, failed = false): RuleStep => ({ do: 'leave', text: `${NOT[action.do]}: ${why}`, failed })
  const { how, sends, nowMs, sendMaxAgeDays } = context
  if (action.do === 'reply' && how === 'asked') return leave('only mail that arrives is answered')
  if (!sends) return leave('nothing is sent in this run')
  if (mail === null) return leave('its header could not be read', true)
  if (isTooOld(message.receivedMs, nowMs, sendMaxAgeDays) && how === 'arrival')
    return leave(`it came to its server more than ${sendMaxAgeDays} days ago`)
  const own = context.own()
  const author = own.author(mailboxesOf(mail.addressees))
  if (author === undefined) return leave('there is no identity to write as', true)
  if (action.do === 'reply') {
    const may = mayAnswer(mail, own)
    if ('why' in may) return leave(may.why)
    return { do: 'send', everyDays: action.everyDays, job: { ...answer(action, mail, author), to: may.to } }
  }
  if (context.isPartial) return leave('only its header is here')
  const to = action.to.flatMap((one) => parseMailbox(one) ?? [])
  const may = maySendOn(mail, author.mailbox, own, to, action.do === 'forward')
  if ('why' in may) return leave(may.why)
  const by = { by: author.mailbox, name: author.name, userId: author.userId, to: may.to }
  if (action.do === 'forward') return { do: 'send', job: { kind: 'forward', as: action.as, ...by } }
  return { do: 'send', job: { kind: 'redirect', from: mail.returnPath === '' ? null : author.mailbox, ...by } }
}

/** RFC 3834 §3.1.5 has the subject begin so. */
const AUTO = 'Auto: '

function answer(
  action: Extract<RuleAction, { do: 'reply' }>,
  mail: SendingFacts,
  { mailbox, name, userId }: RuleAuthor,
) {
  const put = (text: string) => text.replaceAll('{subject}', () => mail.subject.slice(0, 500))
  const subject = action.subject === '' ? mail.subject : put(action.subject)
  return {
    kind: 'reply' as const,
    by: mailbox,
    name,
    userId,
    subject: subject.startsWith(AUTO) ? subject : `${AUTO}${subject}`,
    text: put(action.text),
    inReplyTo: mail.messageId,
    references: `${mail.references} ${mail.messageId}`.trim(),
  }
}
