import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { call, readElsewhere, type DraftContent } from '../../test/support/contract.ts'
import { keepMessage } from '../../test/support/keep-message.ts'
import { quietReview } from '../../test/support/quiet-review.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import { systemClock } from '../base/clock.ts'
import { openParsePool, type ParsePool } from '../message/parse-pool.ts'
import type { Domain, Mailbox } from '../model/address.ts'
import type { Submission } from '../model/submission.ts'
import { composeHandlers } from './compose-handlers.ts'
import { identityHandlers } from './identity-handlers.ts'
import { Uploads } from './uploads.ts'

let store: TestStore
let parse: ParsePool
let handles: ByteHandles
let taken: Submission[]
let isFull: boolean
let joints: { -readonly [K in keyof typeof quietReview]: (typeof quietReview)[K] }
let compose: ReturnType<typeof composeHandlers>
let identity: ReturnType<typeof identityHandlers>
let nora: number

beforeAll(async () => {
  store = await openTestStore()
  parse = openParsePool({ clock: systemClock })
  handles = new ByteHandles(systemClock)
  compose = composeHandlers({
    store,
    clock: systemClock,
    uploads: new Uploads(store, systemClock),
    handles,
    accept: async (one) =>
      isFull
        ? { accepted: false, reply: { code: 452, lines: ['no room'] } }
        : { accepted: true, entryId: taken.push(one) },
    onFolders: () => {},
    onContacts: () => {},
    drafts: { saved: () => {} },
    log: () => {},
    domainMail: (domain) => joints.domainMail(domain),
    isDirect: (from, domain) => joints.isDirect(from, domain),
    hasSpf: (domain) => joints.hasSpf(domain),
    isSigned: (domain) => joints.isSigned(domain),
    limitsFor: (from, domains) => joints.limitsFor(from, domains),
    behind: (address) => joints.behind(address),
  })
  identity = identityHandlers({ store, identityChanges: new Changes<number>(0) })
})
beforeEach(async () => {
  taken = []
  isFull = false
  joints = { ...quietReview }
  const person = { name: 'Nora', address: 'nora@home.test', routeId: null, replyTo: '' }
  nora = (await call(identity.save, person)).id
})
afterAll(async () => {
  await parse.close()
  await store.closeAndRemove()
})

const draft = (more: Partial<DraftContent> = {}): DraftContent => ({
  identityId: null,
  to: 'bob@far.test',
  cc: '',
  bcc: '',
  subject: 'hello',
  text: 'text',
  inReplyTo: '',
  references: '',
  attachments: [],
  ...more,
})
async function sent(more: Partial<DraftContent>): Promise<Buffer> {
  await call(compose.send, draft(more))
  const { body } = taken.at(-1)!
  if ('raw' in body) return Buffer.from(body.raw)
  return store.readBody({ blobId: body.stagedBlobId, prefix: '', removed: [], sizeBytes: body.sizeBytes })
}
const field = (raw: Buffer, name: string) => new RegExp(`^${name}: (.*)\r$`, 'im').exec(raw.toString('latin1'))?.[1]
async function upload(bytes: Buffer, contentType: string) {
  const { handle } = await call(compose.upload.begin, { filename: 'a', contentType, sizeBytes: bytes.length })
  await call(compose.upload.chunk, { handle, base64: bytes.toString('base64') })
  return handle
}
const keep = async (text: string) => (await keepMessage({ store, parse }, text)).messageId
const address = (text: string) => {
  const [local = '', domain = ''] = text.split('@')
  return { local, domain: domain as Domain } satisfies Mailbox
}

describe('what is sent', () => {
  test('rich text goes with its plain twin and the pictures that stand in it', async () => {
    const png = Buffer.from('89504e470d0a1a0a', 'hex')
    const handle = await upload(png, 'image/png')
    const raw = await sent({
      text: 'Hello *you*',
      html: '<p>Hello <strong>you</strong> <img src="cid:p1@posthorn"></p>',
      attachments: [{ handle, filename: 'p.png', contentType: 'image/png', sizeBytes: 8, contentId: 'p1@posthorn' }],
    })
    const text = raw.toString()
    expect(text).toMatch(
      /multipart\/alternative[^]*text\/plain; charset=utf-8;\s+format=flowed[^]*multipart\/related[^]*text\/html/,
    )
    expect(text).toMatch(/^Content-Id: <p1@posthorn>\r$/im)
    expect(text).toMatch(/^Content-Disposition: inline; filename=p\.png\r$/m)
    const read = await readElsewhere(raw)
    expect(read).toMatchObject({
      text: expect.stringContaining('Hello *you*'),
      html: expect.stringContaining('<strong>you'),
    })
    expect(read.attachments.map((one) => [one.mimeType, one.related])).toEqual([['image/png', true]])
  })

  test('plain text alone is one that flows', async () => {
    const paragraph = 'word '.repeat(60).trim()
    const raw = await sent({ text: paragraph, html: null })
    expect(raw.toString()).toMatch(/^Content-Type: text\/plain; charset=utf-8; format=flowed\r$/m)
    expect(raw.toString()).not.toContain('multipart')
    expect((await readElsewhere(raw)).text?.trim()).toBe(paragraph)
  })

  test('who is named in Bcc alone stays unnamed, and To says so', async () => {
    const raw = await sent({ to: '', bcc: 'bob@far.test, lea@far.test' })
    expect(field(raw, 'To')).toBe('undisclosed-recipients:;')
    expect(raw.toString()).not.toContain('bob')
    expect(taken[0]?.to.map(({ local }) => local)).toEqual(['bob', 'lea'])
  })

  test('answers go where the identity says, or where this message does', async () => {
    await call(identity.save, {
      id: nora,
      name: 'Nora',
      address: 'nora@home.test',
      routeId: null,
      replyTo: 'Desk <desk@home.test>',
    })
    expect(field(await sent({}), 'Reply-To')).toBe('Desk <desk@home.test>')
    expect(field(await sent({ replyTo: 'me@else.test' }), 'Reply-To')).toBe('me@else.test')
    expect(field(await sent({ replyTo: '' }), 'Reply-To')).toBeUndefined()
    const bad = { id: nora, name: '', address: 'nora@home.test', routeId: null, replyTo: 'desk@' }
    await expect(call(identity.save, bad)).rejects.toMatchObject({ code: 'address.invalid' })
  })

  test('priority, a receipt and a report of delivery are asked for only where somebody wants them', async () => {
    const plain = await sent({})
    for (const name of ['Importance', 'X-Priority', 'Disposition-Notification-To'])
      expect(field(plain, name)).toBeUndefined()
    expect(taken[0]?.recipientOptions).toBeUndefined()
    const raw = await sent({ priority: 'high', wantsReceipt: true, wantsDsn: true, cc: 'lea@far.test' })
    expect(field(raw, 'Importance')).toBe('high')
    expect(field(raw, 'X-Priority')).toBe('1 (Highest)')
    expect(field(raw, 'Disposition-Notification-To')).toBe('nora@home.test')
    const notify = { notify: ['success', 'failure', 'delay'] }
    expect(taken[1]).toMatchObject({ recipientOptions: [notify, notify], options: { ret: 'headers' } })
  })

  test('a stored message goes along as a message, byte for byte', async () => {
    const inner = 'Subject: inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße\r\n'
    const make = (bytes: Buffer) =>
      handles.make({
        filename: 'inner.eml',
        contentType: 'message/rfc822',
        sizeBytes: bytes.length,
        bytes: async function* () {
          yield bytes
        },
      })
    const file = { filename: 'inner.eml', contentType: 'message/rfc822', sizeBytes: 1, isMessage: true }
    const raw = await sent({ attachments: [{ ...file, handle: make(Buffer.from(inner)) }] })
    expect(raw.toString()).toContain(inner)
    expect(raw.toString()).toMatch(
      /Content-Type: message\/rfc822; name=inner\.eml\r\n[^]*Content-Transfer-Encoding: 8bit/,
    )
    expect(taken[0]).toMatchObject({ has8bit: true, hasLongLines: false })
    // What no message may hold goes as a file.
    const odd = await sent({ attachments: [{ ...file, handle: make(Buffer.from('Subject: x\r\n\r\n\0')) }] })
    expect(odd.toString()).toMatch(/application\/octet-stream[^]*base64/)
  })
})

describe('who answers', () => {
  const to = (header: string) => keep(`From: kim@far.test\r\n${header}\r\nSubject: s\r\n\r\ntext\r\n`)
  const who = async (header: string) => (await call(compose.answering, { messageId: await to(header) })).identityId

  test('is the identity that received it, also by a plus address, an alias, a list or Bcc', async () => {
    const { id: desk } = await call(identity.save, { name: '', address: 'desk@home.test', routeId: null })
    joints.behind = ({ local }) => (local === 'sales' ? ['sales@home.test', 'desk@home.test'] : [])
    expect(await who('To: lea@far.test, Desk <DESK@home.test>')).toBe(desk)
    expect(await who('To: desk+shop@home.test')).toBe(desk)
    expect(await who('Cc: sales@home.test')).toBe(desk)
    expect(await who('To: list@far.test\r\nDelivered-To: desk@home.test')).toBe(desk)
    expect(await who('To: nora+x@home.test, desk@home.test')).toBe(nora)
    expect(await who('To: stranger@far.test')).toBeNull()
    const own = await keep('From: desk@home.test\r\nTo: stranger@far.test\r\nSubject: s\r\n\r\ntext\r\n')
    expect((await call(compose.answering, { messageId: own })).identityId).toBe(desk)
  })

  test('is an identity beyond ASCII, too (RFC 6531)', async () => {
    const { id } = await call(identity.save, { name: '', address: '日本@home.test', routeId: null })
    expect(await who('To: Ида <日本@home.test>')).toBe(id)
  })

  test('a list is answered where it takes mail', async () => {
    const post = async (line: string) => (await call(compose.answering, { messageId: await to(line) })).listPost
    expect(await post('List-Post: <mailto:list@far.test?subject=x>')).toBe('list@far.test')
    expect(await post('List-Post: <https://far.test/>, <mailto:a%2Bb@far.test>')).toBe('a+b@far.test')
    expect(await post('List-Post: NO (nobody may)')).toBeNull()
    expect(await post('To: list@far.test')).toBeNull()
  })
})

test('what is redirected keeps its author and every byte, under the fields of who sent it on', async () => {
  const original =
    'From: kim@far.test\r\nTo: nora@home.test\r\nSubject: Plan\r\nMessage-ID: <1@far.test>\r\n\r\nGrüße\r\n'
  const messageId = await keep(original)
  await call(compose.redirect, { messageId, identityId: null, to: 'Lea <lea@else.test>, bob@else.test' })
  const [submission] = taken
  expect(submission).toMatchObject({ from: { local: 'nora', domain: 'home.test' }, has8bit: true })
  expect(submission?.to.map(({ local }) => local)).toEqual(['lea', 'bob'])
  const raw = 'raw' in submission!.body ? Buffer.from(submission!.body.raw).toString() : ''
  expect(raw).toMatch(
    /^Resent-From: Nora <nora@home\.test>\r\nResent-To: lea@else\.test,\r\n bob@else\.test\r\nResent-Date: .+\r\nResent-Message-ID: <[\w-]+@home\.test>\r\n/,
  )
  expect(raw.endsWith(original)).toBe(true)
  const to = (text: string) => call(compose.redirect, { messageId, identityId: null, to: text })
  await expect(to('')).rejects.toMatchObject({ code: 'message.refused' })
  await expect(to('lea@')).rejects.toMatchObject({ code: 'address.invalid' })
})

test('templates are kept by name, without what belonged to one message', async () => {
  const content = draft({ subject: 'Thanks', text: 'Thank you', inReplyTo: '<1@x>', about: { id: 1, how: 'answered' } })
  const made = await call(compose.templates.save, { id: null, name: ' Thanks ', content })
  expect(made).toMatchObject({ name: 'Thanks', content: { subject: 'Thanks', inReplyTo: '', attachments: [] } })
  expect(made.content.about).toBeUndefined()
  await call(compose.templates.save, { id: null, name: 'absence', content })
  expect((await call(compose.templates.list, undefined)).map(({ name }) => name)).toEqual(['absence', 'Thanks'])
  const again = { id: null, name: 'THANKS', content }
  await expect(call(compose.templates.save, again)).rejects.toMatchObject({ code: 'conflict' })
  expect(await call(compose.templates.save, { ...again, id: made.id })).toMatchObject({ id: made.id, name: 'THANKS' })
  await call(compose.templates.remove, { id: made.id })
  expect(await call(compose.templates.list, undefined)).toHaveLength(1)
  await expect(call(compose.templates.save, { ...again, id: made.id })).rejects.toMatchObject({ code: 'not-found' })
})

test('a picture that is written about can be looked at', async () => {
  const handle = await upload(Buffer.from('picture'), 'image/png')
  const { handle: shown } = await call(compose.upload.open, { handle })
  const parts: Uint8Array[] = []
  for await (const part of handles.open(shown)!.bytes()) parts.push(part)
  expect(Buffer.concat(parts).toString()).toBe('picture')
  await expect(call(compose.upload.open, { handle: 'gone' })).rejects.toMatchObject({ code: 'not-found' })
})

describe('looking at a message before it goes', () => {
  const kinds = async (more: Partial<DraftContent>) =>
    (await call(compose.review, draft(more))).map(({ kind, level, about }) => [kind, level, ...about])

  test('finds nothing where all is well', async () => {
    expect(await kinds({})).toEqual([])
  })
  test('names domains that take no mail, and says nothing where DNS did not answer', async () => {
    const said: Record<string, 'no-domain' | 'null-mx' | 'no-server' | 'unknown'> = {
      'gone.test': 'no-domain',
      'null.test': 'null-mx',
      'bare.test': 'no-server',
      'slow.test': 'unknown',
    }
    joints.domainMail = (domain) => Promise.resolve(said[domain] ?? 'takes-mail')
    expect(await kinds({ to: 'a@gone.test, b@gone.test, c@slow.test', cc: 'a@null.test', bcc: 'x@bare.test' })).toEqual(
      [
        ['no-domain', 'ask', 'gone.test'],
        ['null-mx', 'ask', 'null.test'],
        ['no-server', 'ask', 'bare.test'],
      ],
    )
  })
  test('asks DNS nothing about mail that a smarthost takes', async () => {
    joints.domainMail = () => Promise.resolve('no-domain')
    joints.hasSpf = () => Promise.resolve(false)
    joints.isDirect = ({ local }, domain) => !(local === 'nora' && domain === 'relayed.test')
    expect(await kinds({ to: 'a@relayed.test' })).toEqual([])
    expect(await kinds({ to: 'a@relayed.test, b@other.test' })).toEqual([
      ['no-domain', 'ask', 'other.test'],
      ['no-spf', 'note', 'home.test'],
    ])
  })
  test('asks for a subject, a file that was announced, and Bcc where many would be seen', async () => {
    const many = Array.from({ length: 20 }, (_, n) => `u${n}@far.test`).join(', ')
    expect(await kinds({ subject: ' ', text: 'see the attached plan', to: many })).toEqual([
      ['no-subject', 'ask'],
      ['no-attachment', 'ask', 'attached'],
      ['many-visible', 'ask', '20'],
    ])
    expect(await kinds({ to: 'a@far.test', bcc: many })).toEqual([])
    const file = { handle: 'h', filename: 'plan.pdf', contentType: 'application/pdf', sizeBytes: 10 }
    expect(await kinds({ text: 'see the attached plan', attachments: [file] })).toEqual([])
  })
  test('asks about a message that says nothing at all', async () => {
    const bare = { subject: '', text: '\n\n-- \nNora' }
    expect(await kinds(bare)).toEqual([
      ['no-subject', 'ask'],
      ['no-text', 'ask'],
    ])
    const picture = { ...bare, html: '<p><img src="cid:a"></p>' }
    expect(await kinds(picture)).toEqual([['no-subject', 'ask']])
    expect(await kinds({ ...bare, subject: 'call me' })).toEqual([])
  })
  test('knows whose mail came back, what is large, and what the own domain lacks', async () => {
    await store.write('suppression.add', address('eve@far.test'))
    joints.hasSpf = () => Promise.resolve(false)
    joints.isSigned = () => false
    const file = { handle: 'h', filename: 'film', contentType: 'video/mp4', sizeBytes: 30_000_000 }
    expect(await kinds({ to: 'eve@far.test', attachments: [file] })).toEqual([
      ['came-back', 'ask', 'eve@far.test'],
      ['large', 'note', '41054526'],
      ['no-spf', 'note', 'home.test'],
      ['no-dkim', 'note', 'home.test'],
    ])
  })
})

describe('how large a message may be', () => {
  const file = { handle: 'h', filename: 'film', contentType: 'video/mp4', sizeBytes: 30_000_000 }
  const limit = (largestBytes: number) => ({ host: 'mx.far.test', largestBytes, seenMs: 5, domains: [far] })
  const far = 'far.test' as Domain
  const found = async (...attachments: DraftContent['attachments']) =>
    (await call(compose.review, draft({ attachments }))).map(({ kind, level, about }) => [kind, level, ...about])

  test('is asked of the servers it would go to, and told with who said so', async () => {
    joints.limitsFor = (from, domains) =>
      Promise.resolve(from?.local === 'nora' && domains[0] === far ? [limit(9)] : [])
    expect(await call(compose.limits, { identityId: nora, to: 'bob@far.test, half', cc: '', bcc: '' })).toEqual({
      ownBytes: 52_428_800,
      servers: [limit(9)],
    })
  })
  test('is asked about before one goes that would come back', async () => {
    joints.limitsFor = () => Promise.resolve([limit(25_000_000)])
    expect(await found(file)).toEqual([['too-large', 'ask', '41054526', '25000000', 'mx.far.test']])
    joints.limitsFor = () => Promise.resolve([limit(50_000_000)])
    expect(await found(file)).toEqual([])
    expect(await found({ ...file, sizeBytes: 50_000_000 })).toEqual([['too-large', 'ask', '68422932', '52428800']])
  })
})

describe('a request for a read receipt', () => {
  const asking = (more = '') =>
    keep(
      `From: Kim <kim@far.test>\r\nTo: nora@home.test\r\nSubject: Grüße\r\nMessage-ID: <9@far.test>\r\nDisposition-Notification-To: kim@far.test\r\n${more}\r\ntext\r\n`,
    )
  const get = (messageId: number) => call(compose.receipt.get, { messageId })
  const answer = (messageId: number, send: boolean) => call(compose.receipt.answer, { messageId, send })

  test('is told, and answered once, by nobody but a person, with no reverse-path', async () => {
    const messageId = await asking()
    expect(await get(messageId)).toEqual({ to: ['kim@far.test'], isElsewhere: false, answer: null })
    expect(taken).toEqual([])
    expect(await answer(messageId, true)).toMatchObject({ answer: 'sent' })
    expect(taken[0]).toMatchObject({ from: null, author: { local: 'nora' }, recipientOptions: [{ notify: 'never' }] })
    const raw = 'raw' in taken[0]!.body ? Buffer.from(taken[0]!.body.raw) : Buffer.alloc(0)
    const read = await readElsewhere(raw)
    expect(read).toMatchObject({
      subject: 'Read: Grüße',
      inReplyTo: '<9@far.test>',
      from: { address: 'nora@home.test' },
    })
    expect(raw.toString()).toMatch(/^Content-Type: multipart\/report; report-type=disposition-notification;\r$/m)
    expect(raw.toString()).toMatch(
      /^Final-Recipient: rfc822; nora@home\.test\r\nOriginal-Message-ID: <9@far\.test>\r\nDisposition: manual-action\/MDN-sent-manually; displayed\r$/m,
    )
    await expect(answer(messageId, true)).rejects.toMatchObject({ code: 'conflict' })
    expect(taken).toHaveLength(1)
  })
  test('holds nothing but what was asked: no letter of the sender’s ends a line of it', async () => {
    // The low bytes of U+010D and U+010A are CR and LF.
    const messageId = await asking(
      'Original-Recipient: rfc822;a@far.test\u010d\u010aDisposition: forged\u010a.\u010d\u010a\r\nX: 4\r\n',
    )
    await answer(messageId, true)
    const raw = 'raw' in taken[0]!.body ? Buffer.from(taken[0]!.body.raw).toString('latin1') : ''
    expect(raw).toMatch(/^Original-Recipient: rfc822;a@far\.test\?\?Disposition: forged\?\.\?\?\r$/m)
    expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  })
  test('that the queue does not take is not said to be sent, and can be answered again', async () => {
    const messageId = await asking('X: 5\r\n')
    isFull = true
    await expect(answer(messageId, true)).rejects.toMatchObject({ code: 'message.refused' })
    expect(await get(messageId)).toMatchObject({ answer: null })
    isFull = false
    expect(await answer(messageId, true)).toMatchObject({ answer: 'sent' })
  })
  test('can be declined, and nothing goes out', async () => {
    const messageId = await asking('X: 1\r\n')
    expect(await answer(messageId, false)).toMatchObject({ answer: 'declined' })
    await expect(answer(messageId, true)).rejects.toMatchObject({ code: 'conflict' })
    expect(taken).toEqual([])
  })
  test('says when somebody else than the author asks, and is none in one’s own mail or in mail to others', async () => {
    const other = await keep(
      'From: kim@far.test\r\nTo: nora@home.test\r\nDisposition-Notification-To: spy@else.test\r\nSubject: s\r\n\r\nx\r\n',
    )
    expect(await get(other)).toMatchObject({ to: ['spy@else.test'], isElsewhere: true })
    const own = await keep(
      'From: nora@home.test\r\nTo: kim@far.test\r\nDisposition-Notification-To: nora@home.test\r\nSubject: s\r\n\r\nx\r\n',
    )
    expect(await get(own)).toMatchObject({ to: [] })
    const strange = await keep(
      'From: kim@far.test\r\nTo: list@far.test\r\nDisposition-Notification-To: kim@far.test\r\nSubject: s\r\n\r\nx\r\n',
    )
    expect(await get(strange)).toMatchObject({ to: [] })
    await expect(answer(strange, true)).rejects.toMatchObject({ code: 'conflict' })
  })
})
