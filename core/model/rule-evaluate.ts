import {
  type AuthMethod,
  type RuleCondition,
  type Rule,
  type RuleScope,
  type RuleSource,
  type TextTest,
} from './rule.ts'

/** Somebody a header names. */
export interface NamedAddress {
  readonly name: string
  readonly address: string
}
/** What is known of a message when rules are asked about it. What costs something is a function. */
export interface MailFacts {
  /** Values of all fields of that name (lower case), for people: encoded words are decoded. */
  readonly header: (name: string) => readonly string[]
  readonly people: (field: 'from' | 'to' | 'cc') => readonly NamedAddress[]
  readonly subject: string
  readonly body: () => string
  /** The List-Id field; null where there is none. */
  readonly listId: string | null
  /** It came by a mailing list, whether or not that has a List-Id. */
  readonly isList: boolean
  /** What the trusted server found out, by method. */
  readonly auth: ReadonlyMap<AuthMethod, readonly string[]>
  readonly sizeBytes: number
  /** Since it came here or to its server. */
  readonly ageMs: number
  /** Who wrote it is in the contacts. */
  readonly isContact: boolean
  readonly isJunk: boolean
  readonly attachments: number
  readonly source: RuleSource
}
/** Whether a regular expression is found in a text, in time that grows with the text alone. */
export type Finds = (pattern: string, text: string) => boolean

const DAY_MS = 86_400_000

/** Many conditions ask about one body: the long text folded last is at hand. */
let lastLong = { text: '', folded: '' }
const LONG = 4096

/** Text as it is compared: case, accents and the width of letters don't matter, and runs of spaces are one. */
export function foldForRules(text: string): string {
  if (text.length < LONG) return fold(text)
  if (lastLong.text !== text) lastLong = { text, folded: fold(text) }
  return lastLong.folded
}

function fold(text: string): string {
  const spaced = text.replaceAll(/\s+/g, ' ').trim()
  // oxlint-disable-next-line no-control-regex -- all of ASCII is what is asked for
  if (/^[\0-\x7f]*$/.test(spaced)) return spaced.toLowerCase()
  return spaced.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().normalize('NFC')
}

function isText(test: TextTest, text: string, value: string, finds: Finds): boolean {
  if (test === 'matches') return finds(value, text)
  const wanted = foldForRules(value)
  const found = foldForRules(text)
  switch (test) {
    case 'is':
      return found === wanted
    case 'contains':
      return found.includes(wanted)
    case 'begins':
      return found.startsWith(wanted)
    case 'ends':
      return found.endsWith(wanted)
  }
}

/** A name, an address, and both as a header shows them: each is compared by itself. */
function formsOf({ name, address }: NamedAddress): string[] {
  if (name === '') return [address]
  return address === '' ? [name] : [address, name, `${name} <${address}>`]
}

/** What a List-Id is compared by: the whole of it, and the name in its brackets (RFC 2919 §3). */
function formsOfList(value: string): string[] {
  const id = /<([^<>]*)>\s*$/.exec(value)?.[1]
  return id === undefined ? [value] : [value, id]
}

const FIELDS = {
  from: ['from'],
  to: ['to'],
  cc: ['cc'],
  recipient: ['to', 'cc'],
  any: ['from', 'to', 'cc'],
} as const

/** Whether two sources are one. */
export function sameSource(a: RuleSource, b: RuleSource): boolean {
  if (a.kind === 'account') return b.kind === 'account' && a.accountId === b.accountId
  if (a.kind === 'user') return b.kind === 'user' && a.userId === b.userId
  return b.kind === 'person'
}

/** Whether a rule is for mail from there. */
export function isInScope(scope: RuleScope, source: RuleSource): boolean {
  return scope.kind === 'all' ? source.kind !== 'user' : sameSource(scope, source)
}

/** Whether a condition holds. `tags`: ids of those the message has. */
export function holds(condition: RuleCondition, facts: MailFacts, tags: ReadonlySet<number>, finds: Finds): boolean {
  return test(condition, facts, tags, finds) !== condition.not
}

function test(condition: RuleCondition, facts: MailFacts, tags: ReadonlySet<number>, finds: Finds): boolean {
  const some = (texts: readonly string[], how: TextTest, value: string) =>
    texts.some((text) => isText(how, text, value, finds))
  switch (condition.kind) {
    case 'all':
      return condition.of.every((one) => holds(one, facts, tags, finds))
    case 'any':
      return condition.of.some((one) => holds(one, facts, tags, finds))
    case 'header': {
      const values = facts.header(condition.name.toLowerCase())
      return condition.test === 'exists' ? values.length > 0 : some(values, condition.test, condition.value)
    }
    case 'address': {
      const people = FIELDS[condition.field].flatMap((field) => facts.people(field))
      return some(people.flatMap(formsOf), condition.test, condition.value)
    }
    case 'subject':
      return some([facts.subject], condition.test, condition.value)
    case 'body':
      return some([facts.body()], condition.test, condition.value)
    case 'list':
      if (condition.test === 'exists') return facts.isList
      return facts.listId !== null && some(formsOfList(facts.listId), condition.test, condition.value)
    case 'size':
      return condition.than === 'larger' ? facts.sizeBytes > condition.bytes : facts.sizeBytes < condition.bytes
    case 'age': {
      const limitMs = condition.days * DAY_MS
      return condition.than === 'older' ? facts.ageMs > limitMs : facts.ageMs < limitMs
    }
    case 'contact':
      return facts.isContact
    case 'junk':
      return facts.isJunk
    case 'auth':
      return facts.auth.get(condition.method)?.includes(condition.result) ?? false
    case 'attachment':
      return facts.attachments > 0
    case 'came-by':
      return sameSource(condition.source, facts.source)
    case 'tag':
      return tags.has(condition.tagId)
  }
}

/**
 * Which of these rules fit a message, in order: one after the other is asked, with the tags that those before it put on, until one
 * says stop or removes the message for good.
 */
export function decide(
  rules: readonly Rule[],
  facts: MailFacts,
  tags: readonly number[],
  finds: Finds,
): readonly number[] {
  const now = new Set(tags)
  const fitting: number[] = []
  for (const { id, scope, condition, actions } of rules) {
    if (!isInScope(scope, facts.source) || !holds(condition, facts, now, finds)) continue
    fitting.push(id)
    for (const action of actions) {
      if (action.do === 'tag') now.add(action.tagId)
      else if (action.do === 'untag') now.delete(action.tagId)
      else if (action.do === 'stop' || action.do === 'erase') return fitting
    }
  }
  return fitting
}
