import type { Clock } from '../base/clock.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { RulePlan } from '../model/rule-plan.ts'
import { conditionsIn, type Rule, type RuleSource } from '../model/rule.ts'
import type { Settings } from '../settings.ts'
import { cameBy } from '../store/came-by.ts'
import { isContact } from '../store/contact.ts'
import type { Message } from '../store/message-list.ts'
import { getPartial } from '../store/pop3-seen.ts'
import type { RuleLimits } from '../store/rule-apply.ts'
import { trustedBy } from '../store/rule.ts'
import { tagsOf } from '../store/tag.ts'
import type { ReadDb, Store } from '../store/types.ts'
import { looksJunk } from './junk.ts'
import type { LocalMail } from './local.ts'
import { readStart } from './message-start.ts'
import type { RuleJudge } from './rule-judge.ts'
import { ownAddresses } from './rule-own.ts'
import { planFor } from './rule-plan.ts'

/** What asking rules about a message needs. */
export interface SortDeps {
  readonly store: Store
  readonly clock: Clock
  readonly judge: RuleJudge
  readonly local: Pick<LocalMail, 'isLocal' | 'find'>
  readonly settings: () => Pick<
    Settings,
    'rules.forwardsPerDay' | 'rules.repliesPerDay' | 'rules.sendMaxAgeDays' | 'junk.certaintyPercent'
  >
  /** What is known of a message by its bytes. */
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
}

const asks = (rules: readonly Rule[], about: 'body' | 'junk') =>
  rules.some(({ condition }) => [...conditionsIn(condition)].some(({ kind }) => kind === about))

/** Whether rules ask about the text of a message. */
export function needsBody(rules: readonly Rule[]): boolean {
  return asks(rules, 'body') || asks(rules, 'junk')
}

/** How much rules may send now. */
export function limitsOf(settings: ReturnType<SortDeps['settings']>): RuleLimits {
  return { forwardsPerDay: settings['rules.forwardsPerDay'], repliesPerDay: settings['rules.repliesPerDay'] }
}

/** The server whose word counts for a message: of one that came in another way than from its account's server, nobody's. */
function trustedFor(db: ReadDb, messageId: number, source: RuleSource): string | null {
  if (source.kind !== 'account' || cameBy(db, messageId) !== source.accountId) return null
  return trustedBy(db, source.accountId) ?? null
}

/** What these rules do with a message, decided and not yet done. Throws `thread.died`, `blob.damaged` and the store's faults. */
export async function sort(
  deps: SortDeps,
  message: Message,
  source: RuleSource,
  rules: readonly Rule[],
  options: { readonly how: RulePlan['how']; readonly sends: boolean },
): Promise<RulePlan> {
  const { store, clock, judge, local, settings, describe } = deps
  const raw = await readStart(store, message, needsBody(rules))
  const nowMs = clock.nowMs()
  // Before the bytes are the thread's.
  const isJunk =
    asks(rules, 'junk') && looksJunk(store.read, await describe(raw.slice()), settings()['junk.certaintyPercent'])
  const judged = await judge.judge(rules, {
    raw,
    tags: tagsOf(store.read, message.id),
    known: {
      sizeBytes: message.view.sizeBytes,
      ageMs: nowMs - message.receivedMs,
      isContact: message.authorAddress !== '' && isContact(store.read, message.authorAddress),
      isJunk,
      attachments: message.attachments,
      source,
      trusted: trustedFor(store.read, message.id, source),
    },
  })
  const fitting = rules.filter(({ id }) => judged.fitting.includes(id))
  return planFor(message, fitting, judged.sending, {
    ...options,
    nowMs,
    own: () => ownAddresses(store.read, local, source),
    sendMaxAgeDays: settings()['rules.sendMaxAgeDays'],
    isPartial: getPartial(store.read, message.id) !== undefined,
    fields: async () => describe(await readStart(store, message, true)),
  })
}
