import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import type { IdentityView, MessageView } from '../../../../core/rpc/views.ts'
import { answerTo, editedAsNew, prefixed } from './answer.ts'
import { LONGEST_QUOTED } from './quote.ts'
import { addAddressees, isFinished, type Addressee } from './recipients.ts'
import { parsePart } from './part-handle.ts'
import { toBase64 } from './upload.ts'
import { emptyDraft } from './composer.ts'
import { hrefOf } from './format-bar.tsx'
import { reasonNotTo } from './use-sending.ts'
import { signatureText, withSignature } from './signature.ts'
import { withoutQuote } from './change-text.ts'
import { toContent, type Written } from './written.ts'

const me: IdentityView = {
  id: 4,
  name: 'Nora Feldt',
  address: 'nora@feldt.example',
  routeId: null,
  routeName: '',
  replyTo: '',
  signature: '',
  signsAnswers: true,
  language: '',
  sentFolderId: null,
}
const how = {
  terms: { format: 'plain', answer: 'above', review: true },
  answering: { identityId: 4, listPost: null },
} as const
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
  const draft = answerTo(message, 'reply', [me], how)
  expect(draft).toMatchObject({
    identityId: 4,
    to: 'Tomasz Wilga <tomasz@harbour.example>',
    cc: '',
    subject: 'Re: Keys',
    inReplyTo: '<m1@harbour.example>',
    references: '<m0@x> <m1@harbour.example>',
  })
  expect(draft.text).toMatch(/^\n\nOn .+, Tomasz Wilga wrote:\n> I can open up\.\n>> really\?\n$/)
  expect(draft.html).toBeNull()
})

test('a reply to all names everybody once and never the writer of the reply', () => {
  const draft = answerTo(message, 'reply-all', [me], how)
  expect([draft.to, draft.cc]).toEqual(['Tomasz Wilga <tomasz@harbour.example>', 'ines@example.org'])
})

test('Reply-To is where replies go; an answer to an own message goes on to its addressees', () => {
  expect(answerTo({ ...message, replyTo: [ines] }, 'reply', [me], how).to).toBe('ines@example.org')
  expect(answerTo({ ...message, from: [me], to: [ines] }, 'reply', [me], how).to).toBe('ines@example.org')
})

test('a forwarded message begins no answer to its thread', () => {
  const draft = answerTo(message, 'forward', [me], how)
  expect(draft).toMatchObject({ to: '', inReplyTo: '', references: '', subject: 'Fwd: Re: Keys' })
  expect(draft.text).toContain('From: Tomasz Wilga <tomasz@harbour.example>')
})

test('files that are passed on are named by their place, not by a handle that ends', () => {
  const part = { index: 2, filename: 'a.pdf', contentType: 'application/pdf', sizeBytes: 9, contentId: null }
  const [attachment] = answerTo({ ...message, parts: [part] }, 'forward', [me], how).attachments
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

const nobody = { list: [], typed: '' }
const written: Written = {
  identityId: 4,
  lines: {
    to: { list: [person('a@x')], typed: '' },
    cc: { list: [], typed: 'b@x' },
    bcc: nobody,
    replyTo: nobody,
  },
  hasReplyTo: false,
  subject: 's',
  format: 'plain',
  text: 't',
  priority: null,
  wantsDsn: false,
  wantsReceipt: false,
  language: null,
  attached: [],
}
const plain = { text: 't', html: null }
const file = { key: 1, filename: 'f', contentType: 'a/b', sizeBytes: 1, progress: 0.5, handle: null, problem: null }

test('what is typed and not yet read is kept in the draft, too', () => {
  expect(toContent(written, emptyDraft(), plain)).toMatchObject({ to: 'a@x', cc: 'b@x', attachments: [] })
})

test('a message that cannot be sent says why', () => {
  const lines = { to: nobody, cc: nobody, bcc: nobody, replyTo: nobody }
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

test('a list is answered where it takes mail; without one a reply goes to the writer', () => {
  const answering = { identityId: null, listPost: 'list@harbour.example' }
  expect(answerTo(message, 'reply-list', [me], { ...how, answering })).toMatchObject({
    to: 'list@harbour.example',
    cc: '',
    identityId: null,
  })
  expect(answerTo(message, 'reply-list', [me], how).to).toBe('Tomasz Wilga <tomasz@harbour.example>')
})

test('an answer stands below the quote, or alone, where somebody wants that; what is marked is quoted all the same', () => {
  const below = answerTo(message, 'reply', [me], { ...how, terms: { ...how.terms, answer: 'below' } })
  expect(below.text).toMatch(/^On .+ wrote:\n> I can open up\.\n>> really\?\n\n\n$/)
  const alone = { ...how, terms: { ...how.terms, answer: 'alone' as const } }
  expect(answerTo(message, 'reply', [me], alone).text.trim()).toBe('')
  const marked = answerTo({ ...message, text: 'a\nb' }, 'reply', [me], { ...how, selected: { text: 'b', html: 'b' } })
  expect(marked.text).toMatch(/wrote:\n> b\n$/)
})

test('a message goes along whole where it is forwarded as attachment', () => {
  const draft = answerTo({ ...message, subject: 'a/b: c' }, 'forward-attached', [me], how)
  expect(draft).toMatchObject({ to: '', subject: 'Fwd: a/b: c', text: '\n', about: { how: 'forwarded' } })
  expect(draft.attachments).toEqual([
    { handle: 'message/1', filename: 'a b c.eml', contentType: 'message/rfc822', sizeBytes: 1, isMessage: true },
  ])
  expect(parsePart('message/1')).toEqual({ messageId: 1, index: null })
})

test('the signature of who writes stands below, and that of another identity takes its place', () => {
  const signed = { ...me, signature: 'Nora\nRope Walk 3' }
  expect(answerTo(message, 'reply', [signed], how).text.endsWith('\n-- \nNora\nRope Walk 3')).toBe(true)
  expect(answerTo(message, 'reply', [{ ...signed, signsAnswers: false }], how).text).not.toContain('-- ')
  const text = `Hello\n${signatureText('Nora')}`
  expect(withSignature(text, 'Nora', 'Desk')).toBe('Hello\n\n-- \nDesk')
  expect(withSignature(text, 'Nora', '')).toBe('Hello\n')
  expect(withSignature('Hello', '', 'Desk')).toBe('Hello\n-- \nDesk')
  // What somebody has changed by hand stays.
  expect(withSignature('Hello\n-- \nmine', 'Nora', 'Desk')).toBe('Hello\n-- \nmine')
})

test('a quote goes with the line above it', () => {
  expect(withoutQuote('Hi\n\nOn Monday Kim wrote:\n> a\n>> b\n\nBye')).toBe('Hi\n\nBye')
  expect(withoutQuote('Note:\nno quote')).toBe('Note:\nno quote')
})

test.each([
  ['https://a.example/x', 'https://a.example/x'],
  ['a.example/x?y#z', 'https://a.example/x?y#z'],
  ['nora@feldt.example', 'mailto:nora@feldt.example'],
  ['javascript:alert(1)', undefined],
  ['data:text/html,x', undefined],
  ['two words.example', undefined],
  ['word', undefined],
])('a link typed as %j leads to %j', (typed, expected) => {
  expect(hrefOf(typed)).toBe(expected)
})

test('base64 of any length is what Node makes of it', () => {
  for (const length of [0, 1, 2, 3, 32_768, 100_001]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 7) % 256)
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  }
})

test('of a message of ten megabytes the beginning is quoted, and whoever sends it on sends all of it', () => {
  const long: MessageView = { ...message, text: `${'A line of very many.\r\n'.repeat(500_000)}` }
  const reply = answerTo(long, 'reply', [me], how)
  expect(reply.text.length).toBeLessThan(LONGEST_QUOTED * 1.5)
  expect(reply.text).toMatch(
    /\n> A line of very many\.\n\n\[The rest of this message, [\d.,]+\sMB, is not quoted\.\]\n$/,
  )
  expect(reply.attachments).toEqual([])
  for (const draft of [answerTo(long, 'forward', [me], how), editedAsNew(long, [me])]) {
    expect(draft.text.length).toBeLessThan(LONGEST_QUOTED * 1.5)
    expect(draft.text).toContain('[This is the beginning of the message. All of it is attached.]\n\nA line')
    expect(draft.attachments).toMatchObject([
      { filename: 'Re Keys.eml', contentType: 'message/rfc822', isMessage: true },
    ])
  }
  // Text without a line's end is cut where it must be.
  expect(answerTo({ ...message, text: 'x'.repeat(1_000_000) }, 'reply', [me], how).text.length).toBeLessThan(
    LONGEST_QUOTED * 1.5,
  )
})
