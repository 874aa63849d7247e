import { Fault } from '../base/fault.ts'
import { formatMailbox, parseMailbox } from '../model/address.ts'
import {
  conditionsIn,
  depthOf,
  isGroup,
  isSending,
  RULE_LIMITS,
  type Rule,
  type RuleAction,
  type RuleCondition,
} from '../model/rule.ts'
import { isInScope } from '../model/rule-evaluate.ts'
import { getFolder } from '../store/folder.ts'
import { getAccount } from '../store/account.ts'
import { getUser } from '../store/local-user.ts'
import { getTag } from '../store/tag.ts'
import type { ReadDb } from '../store/types.ts'
import type { LocalMail } from './local.ts'
import { ownAddresses } from './rule-own.ts'
import { compilePattern } from './rule-regex.ts'

/** What is wrong with a rule, and where: a path such as `condition.of.1.value`. */
export interface RuleFlaw {
  readonly at: string
  readonly reason: string
}
type Checked = Pick<Rule, 'scope' | 'condition' | 'actions'>

/** The fault of a rule that can't be as it is. */
export function invalidRule({ at, reason }: RuleFlaw): Fault<'rule.invalid'> {
  return new Fault('rule.invalid', `read the rule${at === '' ? '' : ` at ${at}`}: ${reason}`, { at, reason })
}

/** The first thing that is wrong with a rule as it is written, whatever is in the store; undefined where nothing is. */
export function flawOf({ condition, actions }: Pick<Checked, 'condition' | 'actions'>): RuleFlaw | undefined {
  if ([...conditionsIn(condition)].length > RULE_LIMITS.conditions)
    return { at: 'condition', reason: `a rule has at most ${RULE_LIMITS.conditions} conditions` }
  if (depthOf(condition) > RULE_LIMITS.depth)
    return { at: 'condition', reason: `conditions stand at most ${RULE_LIMITS.depth} deep` }
  const inCondition = flawIn(condition, 'condition')
  if (inCondition !== undefined) return inCondition
  if (actions.length === 0) return { at: 'actions', reason: 'a rule has to do something' }
  for (const [n, action] of actions.entries()) {
    const flaw = flawOfAction(action, `actions.${n}`)
    if (flaw !== undefined) return flaw
  }
  return undefined
}

function flawIn(condition: RuleCondition, at: string): RuleFlaw | undefined {
  if (isGroup(condition)) {
    for (const [n, one] of condition.of.entries()) {
      const flaw = flawIn(one, `${at}.of.${n}`)
      if (flaw !== undefined) return flaw
    }
    return undefined
  }
  if (!('test' in condition) || condition.test === 'exists') return undefined
  if (condition.test === 'matches') {
    const { reason } = compilePattern(condition.value)
    return reason === null ? undefined : { at: `${at}.value`, reason: `this is no regular expression: ${reason}` }
  }
  // What is in everything was meant to be something else.
  return condition.test !== 'is' && condition.value.trim() === ''
    ? { at: `${at}.value`, reason: 'write what is asked for' }
    : undefined
}

function flawOfAction(action: RuleAction, at: string): RuleFlaw | undefined {
  if (action.do !== 'forward' && action.do !== 'redirect') return undefined
  if (action.to.length === 0) return { at: `${at}.to`, reason: 'write an address' }
  const wrong = action.to.findIndex((one) => parseMailbox(one) === undefined)
  return wrong < 0 ? undefined : { at: `${at}.to.${wrong}`, reason: `"${action.to[wrong] ?? ''}" is no address` }
}

/** What of a rule is not here, or would come back to oneself: for one that is saved. Throws `rule.invalid`. */
export function requireSound(read: ReadDb, local: Pick<LocalMail, 'isLocal' | 'find'>, rule: Checked): void {
  const flaw = flawOf(rule) ?? missingOf(read, rule) ?? loopOf(read, local, rule)
  if (flaw !== undefined) throw invalidRule(flaw)
}

/** What a rule names that is not here. */
export function missingOf(read: ReadDb, { scope, condition, actions }: Checked): RuleFlaw | undefined {
  const gone = (at: string, what: string): RuleFlaw => ({ at, reason: `the ${what} is not here` })
  if (scope.kind === 'account' && getAccount(read, scope.accountId) === undefined) return gone('scope', 'account')
  if (scope.kind === 'user' && getUser(read, scope.userId) === undefined) return gone('scope', 'local user')
  for (const one of conditionsIn(condition))
    if (one.kind === 'tag' && getTag(read, one.tagId) === undefined) return gone('condition', 'tag')
  for (const [n, action] of actions.entries()) {
    if ((action.do === 'tag' || action.do === 'untag') && getTag(read, action.tagId) === undefined)
      return gone(`actions.${n}.tagId`, 'tag')
    if (action.do !== 'move' && action.do !== 'copy') continue
    if (action.to.kind === 'folder' && getFolder(read, action.to.folderId) === undefined)
      return gone(`actions.${n}.to`, 'folder')
  }
  return undefined
}

function loopOf(
  read: ReadDb,
  local: Pick<LocalMail, 'isLocal' | 'find'>,
  { scope, actions }: Checked,
): RuleFlaw | undefined {
  const source = scope.kind === 'all' ? ({ kind: 'person' } as const) : scope
  if (!isInScope(scope, source) || !actions.some(isSending)) return undefined
  const own = ownAddresses(read, local, source)
  for (const [n, action] of actions.entries()) {
    if (action.do !== 'forward' && action.do !== 'redirect') continue
    for (const [m, one] of action.to.entries()) {
      const mailbox = parseMailbox(one)
      if (mailbox !== undefined && own.isOwn(mailbox))
        return { at: `actions.${n}.to.${m}`, reason: `${formatMailbox(mailbox)} is your own: it would come back` }
    }
  }
  return undefined
}
