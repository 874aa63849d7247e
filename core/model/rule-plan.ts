import type { Mailbox, ReversePath } from './address.ts'
import type { MessageFields } from './message-fields.ts'
import type { RuleFolder } from './rule.ts'

/** Mail a rule sends, as it is kept until it is in the queue (JSON). `by`: the address of the person the rule works for. */
export type RuleJob =
  | {
      readonly kind: 'forward'
      readonly by: Mailbox
      readonly name: string
      readonly to: readonly Mailbox[]
      readonly as: 'attachment' | 'inline'
      readonly userId: number | null
    }
  | {
      readonly kind: 'redirect'
      readonly by: Mailbox
      readonly name: string
      /** Null where the message came with the null reverse-path: nobody is to hear of its failing. */
      readonly from: ReversePath
      readonly to: readonly Mailbox[]
      readonly userId: number | null
    }
  | {
      readonly kind: 'reply'
      readonly by: Mailbox
      readonly name: string
      readonly to: Mailbox
      readonly subject: string
      readonly text: string
      readonly inReplyTo: string
      readonly references: string
      readonly userId: number | null
    }

/** One thing to be done with a message, everything about it decided. */
export type RuleStep =
  | { readonly do: 'move'; readonly to: RuleFolder }
  /** `fields`: for the index of the copy. */
  | { readonly do: 'copy'; readonly to: RuleFolder; readonly fields: MessageFields }
  | { readonly do: 'tag' | 'untag'; readonly tagId: number }
  | { readonly do: 'star' | 'unstar' | 'read' | 'unread' | 'delete' | 'erase' }
  /** `everyDays`: of an answer, once to each sender in so many days. */
  | { readonly do: 'send'; readonly job: RuleJob; readonly everyDays?: number }
  /** What is not done, and why; `failed` where somebody should mend that. */
  | { readonly do: 'leave'; readonly text: string; readonly failed: boolean }

/** Rules that fit a message, with what each does; in order. */
export interface RulePlan {
  readonly messageId: number
  readonly how: 'arrival' | 'asked'
  readonly rules: readonly { readonly id: number; readonly name: string; readonly steps: readonly RuleStep[] }[]
}

/** What became of one step, in words. */
export interface RuleStepDone {
  readonly text: string
  readonly state: 'done' | 'left' | 'failed'
}
