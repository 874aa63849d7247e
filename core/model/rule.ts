/**
 * A rule: what mail it fits, and what it does with it. Here are the words alone; `rule-evaluate.ts` says whether a rule fits,
 * `rule-text.ts` writes conditions and actions as a person types them.
 */

/** How a text is compared. Case and accents don't matter, except to `matches`, a regular expression in RE2's language. */
export const TEXT_TESTS = ['is', 'contains', 'begins', 'ends', 'matches'] as const
export type TextTest = (typeof TEXT_TESTS)[number]

/** Whose addresses: `recipient` is To and Cc, `any` also who wrote it. */
export const ADDRESS_FIELDS = ['from', 'to', 'cc', 'recipient', 'any'] as const
export type AddressField = (typeof ADDRESS_FIELDS)[number]

/** What a server can have found out about who sent a message (RFC 8601 §2.7), and what it can have found. */
export const AUTH_METHODS = ['spf', 'dkim', 'dmarc', 'arc'] as const
export type AuthMethod = (typeof AUTH_METHODS)[number]
export const AUTH_RESULTS = ['pass', 'fail', 'softfail', 'neutral', 'none', 'policy', 'temperror', 'permerror'] as const
export type AuthResult = (typeof AUTH_RESULTS)[number]

/** Whose mail a rule is for, or where mail came from: an account, a local user's mailbox, or the person's own mailbox here. */
export type RuleSource =
  | { readonly kind: 'account'; readonly accountId: number }
  | { readonly kind: 'user'; readonly userId: number }
  | { readonly kind: 'person' }
/** `all`: the person's mail, of every account and of the own mailbox here; never that of local users. */
export type RuleScope = { readonly kind: 'all' } | RuleSource

/** One test of a message, or several. `not` turns it round. */
export type RuleCondition = { readonly not: boolean } & (
  | { readonly kind: 'all' | 'any'; readonly of: readonly RuleCondition[] }
  /** Any header field of that name; with `exists` the value counts for nothing. */
  | { readonly kind: 'header'; readonly name: string; readonly test: TextTest | 'exists'; readonly value: string }
  /** Names and addresses of a field, each by itself. */
  | { readonly kind: 'address'; readonly field: AddressField; readonly test: TextTest; readonly value: string }
  | { readonly kind: 'subject' | 'body'; readonly test: TextTest; readonly value: string }
  /** The List-Id of a mailing list (RFC 2919). `exists`: it came by a mailing list of whatever name. */
  | { readonly kind: 'list'; readonly test: TextTest | 'exists'; readonly value: string }
  | { readonly kind: 'size'; readonly than: 'larger' | 'smaller'; readonly bytes: number }
  /** Counted from when it came here or to its server. */
  | { readonly kind: 'age'; readonly than: 'older' | 'newer'; readonly days: number }
  /** Who wrote it is in the contacts. */
  | { readonly kind: 'contact' }
  /** It looks like what the person has put among the junk so far. Nothing does before enough was sorted. */
  | { readonly kind: 'junk' }
  /** By an Authentication-Results field of the server that the account trusts. Nothing is known where it trusts none. */
  | { readonly kind: 'auth'; readonly method: AuthMethod; readonly result: AuthResult }
  | { readonly kind: 'attachment' }
  | { readonly kind: 'came-by'; readonly source: RuleSource }
  | { readonly kind: 'tag'; readonly tagId: number }
)

/** Roles of folders that a rule can name: that of whoever owns the message. */
export const RULE_ROLES = ['inbox', 'archive', 'trash', 'junk'] as const
/** Where to: one folder, or the folder of that role of whoever owns the message. */
export type RuleFolder =
  | { readonly kind: 'folder'; readonly folderId: number }
  | { readonly kind: 'role'; readonly role: (typeof RULE_ROLES)[number] }

/** One thing a rule does. */
export type RuleAction =
  | { readonly do: 'move' | 'copy'; readonly to: RuleFolder }
  | { readonly do: 'tag' | 'untag'; readonly tagId: number }
  | { readonly do: 'star' | 'unstar' | 'read' | 'unread' }
  /** A new message of ours with this one in it: as an attachment, or its content below a few lines of its header. */
  | { readonly do: 'forward'; readonly to: readonly string[]; readonly as: 'attachment' | 'inline' }
  /** The message itself goes on, with Resent fields in front (RFC 5322 §3.6.6). */
  | { readonly do: 'redirect'; readonly to: readonly string[] }
  /** An answer by itself (RFC 3834), to each sender once in `everyDays`. `{subject}` in the texts is that of the message. */
  | { readonly do: 'reply'; readonly subject: string; readonly text: string; readonly everyDays: number }
  /** `delete` to the Trash; `erase` for good. */
  | { readonly do: 'delete' | 'erase' }
  /** Rules below are not asked. */
  | { readonly do: 'stop' }

/** A rule as it is kept. */
export interface Rule {
  readonly id: number
  readonly name: string
  readonly enabled: boolean
  readonly scope: RuleScope
  readonly condition: RuleCondition
  readonly actions: readonly RuleAction[]
}

/** Caps on one rule: conditions in all, conditions in conditions, actions, addresses of one action, letters of a value. */
export const RULE_LIMITS = {
  conditions: 100,
  depth: 6,
  actions: 20,
  recipients: 20,
  characters: 1000,
  template: 20_000,
} as const

/** Actions that send mail. */
export function isSending(action: RuleAction): boolean {
  return action.do === 'forward' || action.do === 'redirect' || action.do === 'reply'
}

/** Several conditions in one. */
export type RuleGroup = Extract<RuleCondition, { readonly kind: 'all' | 'any' }>
/** Whether a condition is several in one. */
export function isGroup(condition: RuleCondition): condition is RuleGroup {
  return condition.kind === 'all' || condition.kind === 'any'
}

/** A condition with all that are inside it, itself first. */
export function* conditionsIn(condition: RuleCondition): Generator<RuleCondition, void, void> {
  yield condition
  if (isGroup(condition)) for (const one of condition.of) yield* conditionsIn(one)
}

/** How deep conditions stand in conditions: 1 for one alone. */
export function depthOf(condition: RuleCondition): number {
  if (!isGroup(condition)) return 1
  return 1 + Math.max(0, ...condition.of.map(depthOf))
}
