import {
  ADDRESS_FIELDS,
  TEXT_TESTS,
  type AddressField,
  type RuleAction,
  type RuleCondition,
  type TextTest,
} from '../../../../core/model/rule.ts'
import { said, t, told } from '../../words/words.ts'

/** Several conditions together: what the editor always begins with. */
export type Group = Extract<RuleCondition, { kind: 'all' | 'any' }>
export type Single = Exclude<RuleCondition, Group>

/** What a row of the editor asks about. */
export type Subject = AddressField | Exclude<Single['kind'], 'address'>
export const SUBJECTS: readonly (readonly [Subject, string])[] = [
  ['from', said('From')],
  ['to', said('To')],
  ['cc', said('Cc')],
  ['recipient', said('To or Cc')],
  ['any', said('Any address')],
  ['subject', said('Subject')],
  ['body', said('Text')],
  ['header', said('Header field')],
  ['list', said('Mailing list')],
  ['size', said('Size')],
  ['age', said('Age')],
  ['attachment', said('Attachment')],
  ['contact', said('Writer')],
  ['junk', said('Junk')],
  ['came-by', said('Came by')],
  ['tag', said('Tag')],
  ['auth', said('Verified sender')],
]

const isAddressField = (subject: Subject): subject is AddressField => ADDRESS_FIELDS.some((one) => one === subject)

/** The subject of a condition. */
export function subjectOf(condition: Single): Subject {
  return condition.kind === 'address' ? condition.field : condition.kind
}

/** A condition about another subject; what was typed is kept where it makes sense there. */
export function conditionAbout(subject: Subject, before?: Single): Single {
  const text = before !== undefined && 'value' in before ? before.value : ''
  const test = before !== undefined && 'test' in before && before.test !== 'exists' ? before.test : 'contains'
  const not = false
  if (isAddressField(subject)) return { kind: 'address', field: subject, test, value: text, not }
  switch (subject) {
    case 'subject':
    case 'body':
      return { kind: subject, test, value: text, not }
    case 'list':
      return { kind: 'list', test, value: text, not }
    case 'header':
      return { kind: 'header', name: 'X-Spam-Flag', test, value: text, not }
    case 'size':
      return { kind: 'size', than: 'larger', bytes: 5_000_000, not }
    case 'age':
      return { kind: 'age', than: 'older', days: 30, not }
    case 'contact':
    case 'junk':
    case 'attachment':
      return { kind: subject, not }
    case 'came-by':
      return { kind: 'came-by', source: { kind: 'person' }, not }
    case 'tag':
      return { kind: 'tag', tagId: 0, not }
    case 'auth':
      return { kind: 'auth', method: 'dmarc', result: 'pass', not }
  }
}

/** True for several conditions together. */
export function isGroup(condition: RuleCondition): condition is Group {
  return condition.kind === 'all' || condition.kind === 'any'
}

/** The condition as a group, which the editor shows: one alone becomes a group of one. */
export function asGroup(condition: RuleCondition): Group {
  return isGroup(condition) ? condition : { kind: 'all', of: [condition], not: false }
}

const TEST_WORDS: Readonly<Record<TextTest, readonly [yes: string, no: string]>> = {
  contains: [said('contains'), said('does not contain')],
  is: [said('is'), said('is not')],
  begins: [said('begins with'), said('does not begin with')],
  ends: [said('ends with'), said('does not end with')],
  matches: [said('matches the expression'), said('does not match the expression')],
}

/** The ways a text is compared and the opposite of each, as one list to choose from; `!is` is the opposite of `is`. */
export function testOptions(withExists: boolean): { value: string; label: string }[] {
  return [
    ...TEXT_TESTS.toSorted((a, b) => Number(b === 'contains') - Number(a === 'contains')).flatMap((test) => [
      { value: test, label: told(TEST_WORDS[test][0]) },
      { value: `!${test}`, label: told(TEST_WORDS[test][1]) },
    ]),
    ...(withExists
      ? [
          { value: 'exists', label: t('is there') },
          { value: '!exists', label: t('is not there') },
        ]
      : []),
  ]
}

/** What a rule can do, in the words of its list. */
export type Deed = RuleAction['do']
export const DEEDS: readonly (readonly [Deed, string])[] = [
  ['move', said('Move to')],
  ['copy', said('Copy to')],
  ['tag', said('Tag')],
  ['untag', said('Take off the tag')],
  ['star', said('Star')],
  ['unstar', said('Remove the star')],
  ['read', said('Mark as read')],
  ['unread', said('Mark as unread')],
  ['forward', said('Forward to')],
  ['redirect', said('Redirect to')],
  ['reply', said('Reply with')],
  ['delete', said('Move to Trash')],
  ['erase', said('Delete for good')],
  ['stop', said('Ask no further rule')],
]

/** An action of that kind, before anything is chosen for it. */
export function actionOf(deed: Deed, tagId: number): RuleAction {
  switch (deed) {
    case 'move':
    case 'copy':
      return { do: deed, to: { kind: 'role', role: 'archive' } }
    case 'tag':
    case 'untag':
      return { do: deed, tagId }
    case 'forward':
      return { do: 'forward', to: [], as: 'attachment' }
    case 'redirect':
      return { do: 'redirect', to: [] }
    case 'reply':
      return { do: 'reply', subject: '', text: '', everyDays: 7 }
    default:
      return { do: deed }
  }
}

/** True when nothing of a condition is left open. */
export function isWhole(condition: RuleCondition): boolean {
  if (isGroup(condition)) return condition.of.every(isWhole)
  if ('test' in condition && condition.test !== 'exists' && condition.value === '') return false
  if (condition.kind === 'header') return /^[!-9;-~]{1,100}$/.test(condition.name)
  return condition.kind !== 'tag' || condition.tagId !== 0
}

/** True when nothing of an action is left open. */
export function isDone(action: RuleAction): boolean {
  if (action.do === 'forward' || action.do === 'redirect') return action.to.length > 0
  if (action.do === 'tag' || action.do === 'untag') return action.tagId !== 0
  return action.do !== 'reply' || action.text.trim() !== ''
}
