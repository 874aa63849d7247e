import { formatActions, parseActions } from '../model/rule-action-text.ts'
import { formatCondition, parseCondition } from '../model/rule-text.ts'
import type { RuleNames } from '../model/rule-words.ts'
import type { Rule, RuleAction, RuleCondition, RuleScope } from '../model/rule.ts'
import { flawOf, invalidRule, type RuleFlaw } from './rule-check.ts'

/*
 * Rules as a document another Posthorn can take:
 *
 *   { "format": "posthorn-rules", "version": 1,
 *     "rules": [{ "name": "Bills", "enabled": true, "for": "all", "when": "from:shop.example subject:invoice", "do": "move:archive; stop" }] }
 *
 * `for` is "all", "here" (the own mailbox on this computer), or the name of an account or a local user; `when` and `do` are texts as
 * rule-text.ts and rule-action-text.ts have them. What is not known is refused: it may have been what mattered.
 */
const FORMAT = 'posthorn-rules'
const VERSION = 1
const KEYS = ['name', 'enabled', 'for', 'when', 'do']
const MOST = 1000

/** A rule of a document, with ids of this place. `missing`: what it names that is not here. */
export interface ReadRule extends Omit<Rule, 'id'> {
  readonly missing: string | null
}
/** A document, read: `tags` are names that are to be made, their ids stand in the rules as -1, -2 and so on. */
export interface ReadDocument {
  readonly rules: readonly ReadRule[]
  readonly tags: readonly string[]
}

const scopeText = (scope: RuleScope, names: RuleNames) =>
  scope.kind === 'all' ? 'all' : (names.sourceName(scope) ?? 'gone')

/** All rules as a document. */
export function formatDocument(rules: readonly Rule[], names: RuleNames): string {
  const written = rules.map(({ name, enabled, scope, condition, actions }) => ({
    name,
    enabled,
    for: scopeText(scope, names),
    when: formatCondition(condition, names),
    do: formatActions(actions, names),
  }))
  return `${JSON.stringify({ format: FORMAT, version: VERSION, rules: written }, null, 2)}\n`
}

function objectOf(value: unknown, at: string): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw invalidRule({ at, reason: 'this is no object' })
  return value as Record<string, unknown>
}

function textOf(from: Record<string, unknown>, key: string, at: string, most: number): string {
  const value = from[key]
  if (typeof value === 'string' && value.length <= most) return value
  throw invalidRule({ at: `${at}.${key}`, reason: `this is no text of at most ${most} characters` })
}

/** Reads what a person typed. Throws `rule.invalid`, which says where. */
export function parseTyped(
  typed: { readonly when: string; readonly do: string },
  names: RuleNames,
): Pick<Rule, 'condition' | 'actions'> {
  const { condition } = read(parseCondition(typed.when, names), 'when')
  const { actions } = read(parseActions(typed.do, names), 'do')
  return { condition, actions }
}

/** Reads a document. Throws `rule.invalid`, which says where. */
export function parseDocument(json: string, names: RuleNames): ReadDocument {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    throw invalidRule({ at: '', reason: 'this is no JSON' })
  }
  const document = objectOf(parsed, '')
  if (document['format'] !== FORMAT) throw invalidRule({ at: 'format', reason: `this is not "${FORMAT}"` })
  if (document['version'] !== VERSION)
    throw invalidRule({ at: 'version', reason: `only version ${VERSION} is known here` })
  const list = document['rules']
  if (!Array.isArray(list) || list.length > MOST)
    throw invalidRule({ at: 'rules', reason: `this is no list of at most ${MOST} rules` })
  const tags: string[] = []
  return { rules: list.map((one: unknown, n) => readRule(one, `rules.${n}`, names, tags)), tags }
}

function readRule(value: unknown, at: string, names: RuleNames, tags: string[]): ReadRule {
  const one = objectOf(value, at)
  const odd = Object.keys(one).find((key) => !KEYS.includes(key))
  if (odd !== undefined)
    throw invalidRule({ at: `${at}.${odd.slice(0, 100)}`, reason: `there is only ${KEYS.join(', ')}` })
  const name = textOf(one, 'name', at, 100).trim()
  if (name === '') throw invalidRule({ at: `${at}.name`, reason: 'a rule needs a name' })
  const enabled = one['enabled'] ?? true
  if (typeof enabled !== 'boolean') throw invalidRule({ at: `${at}.enabled`, reason: 'this is neither true nor false' })
  let missing: string | null = null
  const lenient: RuleNames = {
    ...names,
    tagId(tag) {
      const known = names.tagId(tag)
      if (known !== undefined) return known
      const place = tags.findIndex((other) => other.toLowerCase() === tag.toLowerCase())
      return place < 0 ? -tags.push(tag) : -(place + 1)
    },
    folderId(folder) {
      const known = names.folderId(folder)
      if (known === undefined) missing ??= `There is no folder “${folder}” here.`
      return known ?? 0
    },
    source(source) {
      const known = names.source(source)
      if (known === undefined) missing ??= `There is no account and no local user “${source}” here.`
      return known ?? { kind: 'account', accountId: 0 }
    },
  }
  const condition = read(parseCondition(textOf(one, 'when', at, 100_000), lenient), `${at}.when`).condition
  const actions = read(parseActions(textOf(one, 'do', at, 500_000), lenient), `${at}.do`).actions
  const written = one['for'] === undefined ? 'all' : textOf(one, 'for', at, 320)
  const source = written === 'all' ? undefined : lenient.source(written)
  const flaw: RuleFlaw | undefined = flawOf({ condition, actions })
  if (flaw !== undefined) throw invalidRule({ at: `${at}.${flaw.at}`, reason: flaw.reason })
  return { name, enabled: enabled && missing === null, scope: source ?? { kind: 'all' }, condition, actions, missing }
}

type Ok<T> = T & { readonly error: null }
function read<T extends { readonly error: { readonly offset: number; readonly reason: string } | null }>(
  parsed: T,
  at: string,
): Ok<T> {
  if (parsed.error !== null)
    throw invalidRule({ at, reason: `at character ${parsed.error.offset + 1}: ${parsed.error.reason}` })
  return parsed as Ok<T>
}

/** A rule with the ids of tags that were made, in order. */
export function withTags<R extends Pick<Rule, 'condition' | 'actions'>>(rule: R, made: readonly number[]): R {
  const idOf = (id: number) => (id < 0 ? (made[-id - 1] ?? id) : id)
  const inCondition = (one: RuleCondition): RuleCondition =>
    one.kind === 'all' || one.kind === 'any'
      ? { ...one, of: one.of.map(inCondition) }
      : one.kind === 'tag'
        ? { ...one, tagId: idOf(one.tagId) }
        : one
  const actions = rule.actions.map((one): RuleAction =>
    one.do === 'tag' || one.do === 'untag' ? { ...one, tagId: idOf(one.tagId) } : one,
  )
  return { ...rule, condition: inCondition(rule.condition), actions }
}
