import { expect, test } from 'vitest'
import { secretRanges, type Expected } from './secrets.ts'

/** The line as a transcript keeps it. */
function kept(line: string, expected: Expected = 'command'): string {
  const bytes = Buffer.from(line, 'latin1')
  let text = ''
  let at = 0
  for (const [from, to] of secretRanges(bytes, expected)) {
    text += `${bytes.subarray(at, from).toString('latin1')}<secret>`
    at = to
  }
  return text + bytes.subarray(at).toString('latin1')
}

test.each([
  ['AUTH PLAIN AGFkYQBzZWNyZXQ=', 'AUTH PLAIN <secret>'],
  ['auth login YWRh', 'auth login <secret>'],
  ['AUTH  PLAIN   AGFkYQBzZWNyZXQ=', 'AUTH  PLAIN   <secret>'],
  ['AUTH\tPLAIN\tAGFkYQBzZWNyZXQ=', 'AUTH\tPLAIN\t<secret>'],
  ['AUTH PLAIN', 'AUTH PLAIN'],
  ['AUTH XOAUTH2 dXNlcj1h', 'AUTH XOAUTH2 <secret>'],
  ['AUTH SCRAM-SHA-256 biwsbj1hZGE=', 'AUTH SCRAM-SHA-256 <secret>'],
  ['AUTH SCRAM-SHA-256-PLUS cD10bHM=', 'AUTH SCRAM-SHA-256-PLUS <secret>'],
  ['VERB AUTH PLAIN AGFk', 'VERB AUTH PLAIN <secret>'],
  ['EXPN AUTH PLAIN AGFk', 'EXPN AUTH PLAIN <secret>'],
  ['BDAT AUTH PLAIN AGFk', 'BDAT AUTH PLAIN <secret>'],
  ['HELP pass secret', 'HELP pass <secret>'],
  // The mechanism was forgotten, or is none: it may be the password.
  ['AUTH AGFkYQBzZWNyZXQ=', 'AUTH <secret>'],
  ['AUTH SECRET', 'AUTH <secret>'],
  ['AUTH=PLAIN AGFkYQBzZWNyZXQ=', 'AUTH<secret>'],
  ['AUTHPLAIN AGFkYQBzZWNyZXQ=', 'AUTH<secret>'],
  [' AUTH PLAIN AGFkYQBzZWNyZXQ=', ' AUTH PLAIN <secret>'],
  ['AUTH PLAIN AGFk YQBz secret', 'AUTH PLAIN <secret>'],
  ['AUTH PLAIN s\0cret', 'AUTH PLAIN <secret>'],
  ['NOOP AUTH PLAIN AGFk', 'NOOP AUTH PLAIN <secret>'],
  ['EHLO x\rAUTH PLAIN AGFk', 'EHLO x\rAUTH PLAIN <secret>'],
  ['MAIL FROM:<a@b> AUTH PLAIN AGFk', 'MAIL FROM:<a@b> AUTH PLAIN <secret>'],
  // Other protocols' ways to say a password.
  ['PASS secret', 'PASS <secret>'],
  ['a1 LOGIN ada secret', 'a1 LOGIN <secret>'],
  ['Proxy-Authorization: Basic YTpi', 'Proxy-Authorization<secret>'],
])('keeps of %j only %j', (line, text) => expect(kept(line)).toBe(text))

test.each([
  'EHLO client.example',
  'MAIL FROM:<author@auth.example> SIZE=1 AUTH=<>',
  'RCPT TO:<"auth PLAIN x"@remote.example>',
  'RCPT TO:<author@remote example>',
  'DATA',
  'BDAT 86 LAST',
  'VERB ON',
  'MAIL FROM:<a@b> RET=HDRS ENVID=auth HOLDFOR=60 BY=60;R',
  'RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;pass+20word@b',
  'HELP',
  'VRFY ada',
  'XCLIENT NAME=spike',
  'nonsense',
  '',
])('keeps the whole of %j', (line) => expect(kept(line)).toBe(line))

test('keeps nothing of an answer within AUTH but the star that cancels', () => {
  expect(kept('c2VjcmV0', 'exchange')).toBe('<secret>')
  expect(kept('QUIT', 'exchange')).toBe('<secret>')
  expect(kept('*', 'exchange')).toBe('*')
  expect(kept('', 'exchange')).toBe('')
})
test('after a refused AUTH keeps nothing of a line that is no command', () => {
  expect(kept('c2VjcmV0', 'after-refusal')).toBe('<secret>')
  expect(kept('secret with blanks', 'after-refusal')).toBe('<secret>')
  expect(kept('MAIL FROM:<a@b.example>', 'after-refusal')).toBe('MAIL FROM:<a@b.example>')
  expect(kept('AUTH PLAIN !!', 'after-refusal')).toBe('AUTH PLAIN <secret>')
})
