import { expect, test } from 'vitest'
import type { RuleAction } from '../../../../core/model/rule.ts'
import { RuleActionView, RuleConditionView } from '../../../../core/rpc/rules-contract.ts'
import {
  actionOf,
  asGroup,
  conditionAbout,
  DEEDS,
  isDone,
  isWhole,
  subjectOf,
  SUBJECTS,
  testOptions,
} from './rule-form.ts'

test.each(SUBJECTS)('a condition about %s is one that the engine takes', (subject) => {
  const condition = conditionAbout(subject)
  expect(RuleConditionView.parse(condition)).toEqual(condition)
  expect(subjectOf(condition)).toBe(subject)
})

test('what was typed stays when the subject of a condition changes', () => {
  const before = { ...conditionAbout('from'), test: 'ends', value: '@shop.example' } as ReturnType<
    typeof conditionAbout
  >
  expect(conditionAbout('subject', before)).toMatchObject({ kind: 'subject', test: 'ends', value: '@shop.example' })
})

test('a condition alone is shown as a group of one', () => {
  const one = conditionAbout('attachment')
  expect(asGroup(one)).toEqual({ kind: 'all', of: [one], not: false })
  expect(asGroup(asGroup(one))).toEqual(asGroup(one))
})

test('a condition without its text is not whole, nor is a group that holds one', () => {
  expect(isWhole(conditionAbout('from'))).toBe(false)
  expect(isWhole({ kind: 'any', of: [conditionAbout('attachment'), conditionAbout('from')], not: false })).toBe(false)
  expect(isWhole({ kind: 'any', of: [conditionAbout('attachment')], not: false })).toBe(true)
})

test.each(DEEDS)('the action %s, when nothing of it is open, is one that the engine takes', (deed) => {
  const action = actionOf(deed, 3)
  const whole: RuleAction =
    action.do === 'forward' || action.do === 'redirect'
      ? { ...action, to: ['ada@one.example'] }
      : action.do === 'reply'
        ? { ...action, text: 'I am away.' }
        : action
  expect(isDone(whole)).toBe(true)
  expect(RuleActionView.parse(whole)).toEqual(whole)
})

test('each way to compare has its opposite', () => {
  const values = testOptions(true).map(({ value }) => value)
  for (const value of values) expect(values).toContain(value.startsWith('!') ? value.slice(1) : `!${value}`)
})
