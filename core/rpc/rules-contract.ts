import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import {
  ADDRESS_FIELDS,
  AUTH_METHODS,
  AUTH_RESULTS,
  RULE_LIMITS,
  RULE_ROLES,
  TEXT_TESTS,
  type RuleAction,
  type RuleCondition,
  type RuleScope,
} from '../model/rule.ts'
import { Id } from './views.ts'

const done = z.object({ ok: z.literal(true) })

const Source = [
  z.object({ kind: z.literal('account'), accountId: Id }),
  z.object({ kind: z.literal('user'), userId: Id }),
  z.object({ kind: z.literal('person') }),
] as const
/** Where mail came from: an account, a local user's mailbox, or the person's own mailbox on this computer. */
export const RuleSourceView = z.discriminatedUnion('kind', Source)
/** Whose mail a rule is for. `all`: every account and the person's own mailbox, never the mailboxes of local users. */
export const RuleScopeView: z.ZodType<RuleScope> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all') }),
  ...Source,
])

const not = z.boolean()
const value = z.string().max(RULE_LIMITS.characters)
const test = z.enum(TEXT_TESTS)
const testOrExists = z.enum([...TEXT_TESTS, 'exists'])
/** One test of a message, or several (`all`, `any`); `not` turns it round. What each means stands in core/model/rule.ts. */
export const RuleConditionView: z.ZodType<RuleCondition> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['all', 'any']), of: z.array(RuleConditionView).max(RULE_LIMITS.conditions), not }),
    z.object({
      kind: z.literal('header'),
      name: z.string().regex(/^[!-9;-~]{1,100}$/, 'the name of a header field'),
      test: testOrExists,
      value,
      not,
    }),
    z.object({ kind: z.literal('address'), field: z.enum(ADDRESS_FIELDS), test, value, not }),
    z.object({ kind: z.enum(['subject', 'body']), test, value, not }),
    z.object({ kind: z.literal('list'), test: testOrExists, value, not }),
    z.object({ kind: z.literal('size'), than: z.enum(['larger', 'smaller']), bytes: z.number().int().min(0), not }),
    z.object({
      kind: z.literal('age'),
      than: z.enum(['older', 'newer']),
      days: z.number().int().min(0).max(100_000),
      not,
    }),
    z.object({ kind: z.enum(['contact', 'junk']), not }),
    z.object({ kind: z.literal('auth'), method: z.enum(AUTH_METHODS), result: z.enum(AUTH_RESULTS), not }),
    z.object({ kind: z.literal('attachment'), not }),
    z.object({ kind: z.literal('came-by'), source: RuleSourceView, not }),
    z.object({ kind: z.literal('tag'), tagId: Id, not }),
  ]),
)

const FolderTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), folderId: Id }),
  /** The folder of that role of whoever owns the message. */
  z.object({ kind: z.literal('role'), role: z.enum(RULE_ROLES) }),
])
const recipients = z.array(z.string().max(320)).min(1).max(RULE_LIMITS.recipients)
/** One thing a rule does; in order. */
export const RuleActionView: z.ZodType<RuleAction> = z.discriminatedUnion('do', [
  z.object({ do: z.enum(['move', 'copy']), to: FolderTarget }),
  z.object({ do: z.enum(['tag', 'untag']), tagId: Id }),
  z.object({ do: z.enum(['star', 'unstar', 'read', 'unread']) }),
  z.object({ do: z.literal('forward'), to: recipients, as: z.enum(['attachment', 'inline']) }),
  z.object({ do: z.literal('redirect'), to: recipients }),
  z.object({
    do: z.literal('reply'),
    /** '' for "Auto: " and the subject of the message. */
    subject: z.string().max(500),
    text: z.string().min(1).max(RULE_LIMITS.template),
    everyDays: z.number().int().min(1).max(365),
  }),
  z.object({ do: z.enum(['delete', 'erase', 'stop']) }),
])

/** One rule, with what became of it. */
export const RuleView = z.object({
  id: Id,
  name: z.string(),
  enabled: z.boolean(),
  scope: RuleScopeView,
  condition: RuleConditionView,
  actions: z.array(RuleActionView),
  /** Condition and actions as a person types them, with the names of folders, tags and accounts. */
  conditionText: z.string(),
  actionsText: z.string(),
  /** How many messages it fitted, and when the last did (Unix ms). */
  matches: z.number().int(),
  lastMatchMs: z.number().nullable(),
  /** What could not be done the last time, in words; null since it went well or the rule was changed. */
  trouble: z.string().nullable(),
  troubleMs: z.number().nullable(),
})
export type RuleView = z.infer<typeof RuleView>

/** Messages that rules are run over: of a folder, found by a query (an empty one finds all mail), or named. */
export const RuleTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), folderId: Id }),
  z.object({ kind: z.literal('query'), text: z.string().max(1000) }),
  z.object({ kind: z.literal('messages'), ids: z.array(Id).min(1).max(1000) }),
])
const RunInput = z.object({
  /** These rules, enabled or not, in their order; null: all that are enabled. */
  ruleIds: z.array(Id).max(1000).nullable(),
  over: RuleTarget,
})

/** What rules do, or would do, with one message. */
export const RuleDoneView = z.object({
  messageId: Id,
  subject: z.string(),
  authorAddress: z.string(),
  dateMs: z.number(),
  folderId: Id,
  /** Rules that fit, in order. */
  rules: z.array(z.object({ id: Id, name: z.string() })),
  /** One sentence an action, such as "moved to Archive"; why it is not done where `done` is false. */
  steps: z.array(z.object({ ruleId: Id, text: z.string(), done: z.boolean() })),
})
export type RuleDoneView = z.infer<typeof RuleDoneView>

/** How far a run is. */
export const RuleRunPage = z.object({
  looked: z.number().int(),
  /** Messages there are in all; null while that is being found out. */
  total: z.number().int().nullable(),
  matched: z.number().int(),
  /** Actions that could not be done. */
  failed: z.number().int(),
  /** Messages that a rule fitted since the event before; at most 1000 in a whole run, `matched` counts all. */
  messages: z.array(RuleDoneView),
  ended: z.boolean(),
})
export type RuleRunPage = z.infer<typeof RuleRunPage>

/** What a rule did to a message, and when. */
export const RuleHistoryView = z.object({
  atMs: z.number(),
  /** Null once the rule is gone. */
  ruleId: Id.nullable(),
  ruleName: z.string(),
  how: z.enum(['arrival', 'asked']),
  /** Where the message was. */
  folderName: z.string(),
  steps: z.array(z.object({ text: z.string(), done: z.boolean() })),
  /** What it sent. */
  entryIds: z.array(Id),
})
export type RuleHistoryView = z.infer<typeof RuleHistoryView>

/** Rules that sort mail: when it comes, and when somebody asks. */
export const rulesContract = {
  /** In the order they are asked in. */
  list: oc.output(z.array(RuleView)),
  /**
   * Makes a rule at the end, or changes the one of that id where it stands. Fails with `rule.invalid`, which says what is wrong and
   * where: `at` is a path such as `condition.of.1.value` or `actions.0.to`; with `not-found`; and with `conflict` past 1000 rules.
   */
  save: oc
    .input(
      z.object({
        id: Id.optional(),
        name: z.string().trim().min(1).max(100),
        enabled: z.boolean(),
        scope: RuleScopeView,
        condition: RuleConditionView,
        actions: z.array(RuleActionView).min(1).max(RULE_LIMITS.actions),
      }),
    )
    .output(RuleView),
  /**
   * Reads a condition and actions as a person types them: core/model/rule-text.ts and rule-action-text.ts. Fails with `rule.invalid`,
   * whose `at` is `when` or `do`.
   */
  parse: oc
    .input(z.object({ when: z.string().max(100_000), do: z.string().max(500_000) }))
    .output(z.object({ condition: RuleConditionView, actions: z.array(RuleActionView) })),
  setEnabled: oc.input(z.object({ id: Id, enabled: z.boolean() })).output(RuleView),
  /** What it did stays in the history. Fails with `not-found`. */
  remove: oc.input(z.object({ id: Id })).output(done),
  /** Puts a rule at that place, counted from 0. Fails with `not-found`. */
  reorder: oc.input(z.object({ id: Id, to: z.number().int().min(0) })).output(z.array(RuleView)),
  /**
   * Runs rules over mail that is here, and says how far it is; ends when all is done, and stops between two messages when the caller
   * lets go. `sends`: forwards and redirects are done as well; answers are only ever given to mail that arrives. Fails with
   * `search.invalid` and `not-found`.
   */
  run: oc.input(RunInput.extend({ sends: z.boolean() })).output(eventIterator(RuleRunPage)),
  /** As `run`, and nothing is done. With `rule`, one that is not saved yet is tried, alone. Fails as `run` and `save` do. */
  dryRun: oc
    .input(
      RunInput.extend({
        sends: z.boolean(),
        rule: z
          .object({
            scope: RuleScopeView,
            condition: RuleConditionView,
            actions: z.array(RuleActionView).max(RULE_LIMITS.actions),
          })
          .optional(),
      }),
    )
    .output(eventIterator(RuleRunPage)),
  /** What rules did to a message, latest first: why it is where it is. */
  history: oc.input(z.object({ messageId: Id })).output(z.array(RuleHistoryView)),
  /** All rules as a JSON document that another Posthorn can take; folders, tags and accounts by name. */
  export: oc.output(z.object({ json: z.string() })),
  /**
   * Takes the rules of such a document, behind those there are or in their place; all or none. Missing tags are made; a rule whose
   * folder or account is not here comes in disabled, with its trouble in words. Fails with `rule.invalid`.
   */
  import: oc.input(z.object({ json: z.string().max(10_000_000), replace: z.boolean() })).output(z.array(RuleView)),
  /** The server whose Authentication-Results an account trusts (RFC 8601's authserv-id); accounts without one are left out. */
  trusted: oc.output(z.array(z.object({ accountId: Id, authservId: z.string() }))),
  /** Null: none. Fails with `not-found`. */
  setTrusted: oc
    .input(
      z.object({
        accountId: Id,
        authservId: z
          .string()
          .regex(/^[A-Za-z0-9._:-]{1,253}$/, 'a name such as "mx.example.org"')
          .nullable(),
      }),
    )
    .output(done),
  /** Rules changed, or their counts. */
  changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
}
