import { expect, test } from 'vitest'
import { mailboxOf } from '../../test/support/mailbox.ts'
import { isTooOld, mayAnswer, maySendOn } from './rule-answer.ts'
import { RuleMail, type SendingFacts } from './rule-mail.ts'
import type { OwnAddresses } from './rule-own.ts'

const me = mailboxOf('me@here.test')
const own: OwnAddresses = {
  isOwn: ({ local, domain }) => domain === 'here.test' && local.toLowerCase().startsWith('me'),
  author: () => ({ mailbox: me, name: '', userId: null }),
}
const known = {
  sizeBytes: 0,
  ageMs: 0,
  isContact: false,
  isJunk: false,
  attachments: 0,
  source: { kind: 'person' },
  trusted: null,
} as const
/** What the header of a message says; a field of '' is left out. */
function facts(fields: Readonly<Record<string, string>> = {}): SendingFacts {
  const all = { 'Return-Path': '<ada@far.test>', 'From': 'Ada <ada@far.test>', 'To': 'me@here.test', ...fields }
  const lines = Object.entries(all).filter(([, value]) => value !== '')
  return new RuleMail(Buffer.from(`${lines.map((one) => one.join(': ')).join('\r\n')}\r\n\r\nhi`), known).sending()
}
const why = (fields: Readonly<Record<string, string>>) => {
  const may = mayAnswer(facts(fields), own)
  return 'why' in may ? may.why : `answered: ${may.to.local}@${may.to.domain}`
}

/* RFC 3834 §2: what is never answered by itself. */
for (const [name, fields, reason] of [
  ['a program', { 'Auto-Submitted': 'auto-generated' }, 'a program sent it (Auto-Submitted: auto-generated)'],
  ['an answer', { 'Auto-Submitted': 'Auto-Replied; owner-email="x"' }, 'Auto-Submitted: auto-replied'],
  ['what it does not know', { 'Auto-Submitted': 'x-new' }, 'Auto-Submitted: x-new'],
  ['a list by its List-Id', { 'List-Id': '<a.b>' }, 'mailing list'],
  ['a list by List-Unsubscribe', { 'List-Unsubscribe': '<mailto:x@y.test>' }, 'mailing list'],
  ['a list by List-Post', { 'List-Post': 'NO' }, 'mailing list'],
  ['bulk mail', { Precedence: 'bulk' }, 'circular'],
  ['list mail', { Precedence: 'LIST' }, 'circular'],
  ['junk', { Precedence: 'junk' }, 'circular'],
  ['who wants none', { 'X-Auto-Response-Suppress': 'DR, OOF, AutoReply' }, 'wants no automatic answers'],
  ['a report', { 'Content-Type': 'multipart/report; report-type=delivery-status' }, 'report'],
  ['the null reverse-path', { 'Return-Path': '<>' }, 'null reverse-path'],
  ['a mailer', { 'Return-Path': '<MAILER-DAEMON@far.test>' }, 'nobody reads'],
  ['the owner of a list', { 'Return-Path': '<owner-x@far.test>' }, 'nobody reads'],
  ['a list server', { 'Return-Path': '<x-request@far.test>' }, 'nobody reads'],
  ['the bounces of a list', { 'Return-Path': '<x-bounces+me=here.test@far.test>' }, 'nobody reads'],
  ['no-reply', { 'Return-Path': '<no-reply@far.test>' }, 'nobody reads'],
  ['itself', { 'Return-Path': '<ME@here.test>' }, 'your own'],
  ['itself by From', { From: 'me@here.test' }, 'your own'],
  ['what is to somebody else', { To: 'kim@far.test' }, 'none of your addresses'],
  ['what is to nobody', { To: '' }, 'none of your addresses'],
  ['a path that is none', { 'Return-Path': 'rubbish' }, 'no address'],
  [
    'several authors without a path',
    { 'Return-Path': '', 'From': 'a@far.test, b@far.test' },
    'where an answer would go',
  ],
  ['nobody', { 'Return-Path': '', 'From': '' }, 'where an answer would go'],
] as const)
  test(`does not answer ${name}`, () => {
    expect(why(fields as unknown as Record<string, string>)).toContain(reason)
  })

for (const [name, fields, to] of [
  ['the reverse-path, not From', { 'Return-Path': '<ada+x@bounce.test>' }, 'ada+x@bounce.test'],
  ['the author where no server wrote the path down', { 'Return-Path': '' }, 'ada@far.test'],
  ['mail whose Auto-Submitted says no', { 'Auto-Submitted': 'no' }, 'ada@far.test'],
  ['mail of first class', { Precedence: 'first-class' }, 'ada@far.test'],
  ['who has it in Cc', { To: 'kim@far.test', Cc: 'Me <me@here.test>' }, 'ada@far.test'],
  ['who had it sent on', { 'To': 'kim@far.test', 'Resent-To': 'Me <me@here.test>' }, 'ada@far.test'],
] as const)
  test(`answers ${name}`, () => {
    expect(why(fields as unknown as Record<string, string>)).toBe(`answered: ${to}`)
  })

const kim = mailboxOf('kim@far.test')
const onto = (fields: Readonly<Record<string, string>>, isNew: boolean, to = [kim]) => {
  const may = maySendOn(facts(fields), me, own, to, isNew)
  return 'why' in may ? may.why : may.to.map(({ local }) => local).join()
}

test('mail is not sent back to oneself, and the others get it all the same', () => {
  expect(onto({}, true, [me, kim])).toBe('kim')
  expect(onto({}, true, [mailboxOf('ME@here.test')])).toBe('it would come back to yourself')
})
test('what was here before is not sent on again, by X-Loop, by Received and by the number of servers', () => {
  expect(onto({ 'X-Loop': 'me@here.test' }, true)).toContain('X-Loop')
  expect(onto({ 'X-Loop': 'kim@far.test' }, true)).toBe('kim')
  expect(
    onto({ Received: '(by a rule of me@here.test) by here.test; Thu, 01 Jan 2026 00:00:00 +0000' }, false),
  ).toContain('Received')
  expect(onto({ Received: '(by a rule of kim@far.test) by far.test; Thu, 01 Jan 2026 00:00:00 +0000' }, false)).toBe(
    'kim',
  )
  const many = `a${'\r\nReceived: b'.repeat(30)}`
  expect(onto({ Received: many }, false)).toContain('31 servers')
})
test('automatic answers are not sent on, reports not as new mail, and what else programs write is', () => {
  expect(onto({ 'Auto-Submitted': 'auto-replied' }, false)).toContain('automatic answer')
  expect(onto({ 'Auto-Submitted': 'auto-generated' }, true)).toBe('kim')
  expect(onto({ 'Return-Path': '<>' }, true)).toBe('it is a report')
  expect(onto({ 'Return-Path': '<>' }, false)).toBe('kim')
})
test('mail is too old when it came before that day', () => {
  const day = 86_400_000
  expect(isTooOld(0, 7 * day, 7)).toBe(false)
  expect(isTooOld(0, 7 * day + 1, 7)).toBe(true)
})
