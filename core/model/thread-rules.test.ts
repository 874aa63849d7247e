import { expect, test } from 'vitest'
import { referencesOf, replySubject } from './thread-rules.ts'

test('a message refers to those of References, then the first of In-Reply-To, each once and never itself', () => {
  const of = (references: string, inReplyTo: string) => referencesOf({ messageId: '<me@x>', references, inReplyTo })
  expect(of('', '')).toEqual([])
  expect(of('<a@x> <b@x>', '<b@x>')).toEqual(['<a@x>', '<b@x>'])
  expect(of('<a@x> junk <b@x>', '<c@x> <d@x>')).toEqual(['<a@x>', '<b@x>', '<c@x>'])
  expect(of('<a@x><a@x> <me@x>', 'no id')).toEqual(['<a@x>'])
})

test.each([
  ['Re: hello', true, 'hello'],
  ['RE: Re[2]: re (3): Hello   there', true, 'hello there'],
  ['AW: WG: Frage', true, 'frage'],
  ['回复：你好', true, '你好'],
  ['[list] Re: [list] topic', true, 'topic'],
  ['Re: [all of it]', true, '[all of it]'],
  ['Fwd: hello', false, 'hello'],
  ['Regarding: hello', false, 'regarding: hello'],
  ['Re:', true, ''],
  ['', false, ''],
])('the subject %j is an answer: %s, and without that %j', (subject, isReply, base) => {
  expect(replySubject(subject)).toEqual({ isReply, base })
})

test('a subject of nothing but prefixes is read at once', () => {
  expect(replySubject('Re: '.repeat(100_000)).isReply).toBe(true)
  expect(replySubject(`${'['.repeat(50_000)}Re:`).isReply).toBe(false)
})
