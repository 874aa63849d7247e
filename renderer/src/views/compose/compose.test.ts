import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import type { IdentityView, MessageView } from '../../../../core/rpc/views.ts'
import { answerTo, prefixed } from './answer.ts'
import { reasonNotTo } from './compose-panel.tsx'
import { addAddressees, isFinished, type Addressee } from './recipients.ts'
import { parsePart } from './part-handle.ts'
import { toBase64 } from './upload.ts'
import { toContent, type Written } from './use-draft.ts'
import { emptyDraft } from './composer.ts'

const NOW = new Date('2026-11-20T14:00:00').getTime()
const me: IdentityView = { id: 4, name: 'Nora Feldt', address: 'nora@feldt.example', routeId: null, routeName: '' }
const tomasz = { name: 'Tomasz Wilga', address: 'tomasz@harbour.example' }
const ines = { name: '', address: 'ines@example.org' }
const message: MessageView = {
  id: 1,
  folderId: 1,
  subject: 'Re: Keys',
  authorName: tomasz.name,
  authorAddress: tomasz.address,
  addressees: '',
  preview: '',
  dateMs: new Date('2026-11-19T13:12:00').getTime(),
  attachments: 0,
  seen: true,
  starred: false,
  answered: false,
  forwarded: false,
  threadId: null,
  threadCount: 1,
  tags: [],
  from: [tomasz],
  to: [{ name: 'Nora', address: 'NORA@feldt.example' }, ines],
  cc: [ines],
  replyTo: [],
  messageId: '<m1@harbour.example>',
  inReplyTo: '<m0@x>',
  references: '',
  text: 'I can open up.\r\n> really?\r\n-- \r\nTomasz\r\n',
  html: null,
  parts: [],
  sizeBytes: 1,
  sessions: [],
  damaged: null,
  leftOut: null,
  partial: null,
}

test('a reply goes to the writer, quotes without the signature, and keeps the thread', () => {
  const draft = answerTo(message, 'reply', [me], NOW)
  expect(draft).toMatchObject({
    identityId: 4,
    to: 'Tomasz Wilga <tomasz@harbour.example>',
    cc: '',
    subject: 'Re: Keys',
    inReplyTo: '<m1@harbour.example>',
    references: '<m0@x> <m1@harbour.example>',
  })
  expect(draft.text).toBe('\n\nOn Thu 19 Nov at 13:12, Tomasz Wilga wrote:\n> I can open up.\n>> really?\n')
})

test('a reply to all names everybody once and never the writer of the reply', () => {
  const draft = answerTo(message, 'reply-all', [me], NOW)
  expect([draft.to, draft.cc]).toEqual(['Tomasz Wilga <tomasz@harbour.example>', 'ines@example.org'])
})

test('Reply-To is where replies go; an answer to an own message goes on to its addressees', () => {
  expect(answerTo({ ...message, replyTo: [ines] }, 'reply', [me], NOW).to).toBe('ines@example.org')
  expect(answerTo({ ...message, from: [me], to: [ines] }, 'reply', [me], NOW).to).toBe('ines@example.org')
})

test('a forwarded message begins no answer to its thread', () => {
  const draft = answerTo(message, 'forward', [me], NOW)
  expect(draft).toMatchObject({ to: '', inReplyTo: '', references: '', subject: 'Fwd: Re: Keys' })
  expect(draft.text).toContain('From: Tomasz Wilga <tomasz@harbour.example>')
})

test('files that are passed on are named by their place, not by a handle that ends', () => {
  const part = { index: 2, filename: 'a.pdf', contentType: 'application/pdf', sizeBytes: 9, contentId: null }
  const [attachment] = answerTo({ ...message, parts: [part] }, 'forward', [me], NOW).attachments
  expect(parsePart(attachment?.handle ?? '')).toEqual({ messageId: 1, index: 2 })
  expect(parsePart('8xJYquapXLFDvC0lhnOz4w')).toBeUndefined()
})

test.each([
  ['Keys', 'Re: Keys'],
  ['RE: re: AW: Keys', 'Re: Keys'],
  ['Re[2]: Keys', 'Re: Keys'],
  ['', 'Re: '],
])('the answer to %j is %j', (subject, expected) => {
  expect(prefixed(subject, 'Re')).toBe(expected)
})

test('an address is finished by a comma or semicolon outside of quotes and brackets', () => {
  for (const typed of ['a@x,', 'a@x;', '"Feldt, Nora" <n@x>,']) expect(isFinished(typed)).toBe(true)
  for (const typed of ['a@x', '"Feldt, Nora', 'Nora <n,', 'Nora (a, b']) expect(isFinished(typed)).toBe(false)
})

const person = (text: string, problem: string | null = null): Addressee => ({
  text,
  name: '',
  address: problem === null ? text : null,
  problem,
  warning: null,
})

test('who is named already is not added twice, whatever the case', () => {
  expect(addAddressees([person('a@x')], [person('A@X'), person('b@x')]).map((one) => one.text)).toEqual(['a@x', 'b@x'])
})

const written: Written = {
  identityId: 4,
  lines: { to: { list: [person('a@x')], typed: '' }, cc: { list: [], typed: 'b@x' }, bcc: { list: [], typed: '' } },
  subject: 's',
  text: 't',
  attached: [],
}
const file = { key: 1, filename: 'f', contentType: 'a/b', sizeBytes: 1, progress: 0.5, handle: null, problem: null }

test('what is typed and not yet read is kept in the draft, too', () => {
  expect(toContent(written, emptyDraft())).toMatchObject({ to: 'a@x', cc: 'b@x', attachments: [] })
})

test('a message that cannot be sent says why', () => {
  const none = { list: [], typed: '' }
  const lines = { to: none, cc: none, bcc: none }
  expect(reasonNotTo(written)).toBeUndefined()
  expect(reasonNotTo({ ...written, lines })).toContain('Nobody')
  // The engine was away and could not read them.
  expect(reasonNotTo({ ...written, lines: { ...lines, to: { list: [], typed: 'a@x' } } })).toContain('does not answer')
  expect(reasonNotTo({ ...written, identityId: null })).toContain('identity')
  expect(reasonNotTo({ ...written, attached: [file] })).toContain('on its way')
  expect(reasonNotTo({ ...written, lines: { ...lines, to: { list: [person('a@', 'no domain')], typed: '' } } })).toBe(
    '“a@” needs a look: no domain.',
  )
})

test('base64 of any length is what Node makes of it', () => {
  for (const length of [0, 1, 2, 3, 32_768, 100_001]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 7) % 256)
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  }
})
