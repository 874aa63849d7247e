import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { call, readElsewhere, type DraftContent } from '../../test/support/contract.ts'
import { quietReview } from '../../test/support/quiet-review.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import { systemClock } from '../base/clock.ts'
import type { Domain } from '../model/address.ts'
import type { Accept, Submission } from '../model/submission.ts'
import { composeHandlers } from './compose-handlers.ts'
import { identityHandlers } from './identity-handlers.ts'
import { Uploads } from './uploads.ts'

let store: TestStore
let handles: ByteHandles
let uploads: Uploads
let taken: Submission[]
let accept: Accept
let compose: ReturnType<typeof composeHandlers>
let identity: ReturnType<typeof identityHandlers>

beforeEach(async () => {
  store = await openTestStore()
  handles = new ByteHandles(systemClock)
  uploads = new Uploads(store, systemClock)
  taken = []
  accept = (submission) => {
    taken.push(submission)
    return Promise.resolve({ accepted: true, entryId: taken.length })
  }
  const deps = {
    store,
    clock: systemClock,
    uploads,
    handles,
    accept: (one: Submission) => accept(one),
    onFolders: () => {},
    onContacts: () => {},
    drafts: { saved: () => {} },
    ...quietReview,
    log: () => {},
  }
  compose = composeHandlers(deps)
  identity = identityHandlers({ store, identityChanges: new Changes<number>(0) })
})
afterEach(() => store.closeAndRemove())

const draft = (more: Partial<DraftContent> = {}): DraftContent => ({
  identityId: null,
  to: 'bob@example.net',
  cc: '',
  bcc: '',
  subject: 'hello',
  text: 'text',
  inReplyTo: '',
  references: '',
  attachments: [],
  ...more,
})
const ada = () => call(identity.save, { name: 'Ada', address: 'Ada@Example.org', routeId: null })
async function upload(bytes: Buffer, filename = 'x.bin') {
  const contentType = 'application/octet-stream'
  const { handle } = await call(compose.upload.begin, { filename, contentType, sizeBytes: bytes.length })
  const sent: Promise<unknown>[] = []
  for (let from = 0; from < bytes.length; from += 200_000)
    sent.push(call(compose.upload.chunk, { handle, base64: bytes.subarray(from, from + 200_000).toString('base64') }))
  await Promise.all(sent)
  return { handle, filename, contentType, sizeBytes: bytes.length }
}
async function bytesOf({ body }: Submission): Promise<Buffer> {
  if ('raw' in body) return Buffer.from(body.raw)
  return store.readBody({ blobId: body.stagedBlobId, prefix: '', removed: [], sizeBytes: body.sizeBytes })
}

describe('send', () => {
  test('hands over when it is to leave, what was written, and says until when it can be taken back', async () => {
    await ada()
    const sendAtMs = Date.now() + 3_600_000
    expect(await call(compose.send, draft({ sendAtMs, subject: 'later' }))).toEqual({
      entryId: 1,
      undoUntilMs: sendAtMs,
    })
    expect(taken[0]?.options).toEqual({ holdUntilMs: sendAtMs })
    expect(JSON.parse(taken[0]?.draft ?? '')).toMatchObject({ subject: 'later', to: 'bob@example.net' })
    accept = (submission) => Promise.resolve({ accepted: true, entryId: taken.push(submission), undoUntilMs: 5 })
    expect(await call(compose.send, draft())).toEqual({ entryId: 2, undoUntilMs: 5 })
    expect(taken[1]?.options).toBeUndefined()
    expect(await call(compose.send, draft({ sendAtMs: Date.now() - 1000 }))).toMatchObject({ entryId: 3 })
    expect(taken[2]?.options).toBeUndefined()
    const never = call(compose.send, draft({ sendAtMs: Date.now() + 400 * 86_400_000 }))
    await expect(never).rejects.toMatchObject({ code: 'message.refused' })
  })

  test('hands the queue a whole message with an envelope; Bcc is in the envelope alone', async () => {
    await ada()
    await call(
      compose.send,
      draft({ to: 'Bob <bob@example.net>, bob@example.net', cc: 'c@example.net', bcc: 'secret@example.net' }),
    )
    const [submission] = taken
    expect(submission).toMatchObject({
      origin: 'window',
      userId: null,
      from: { local: 'Ada', domain: 'example.org' },
      has8bit: false,
      utf8: false,
      received: '',
    })
    expect(submission!.to.map((one) => one.local)).toEqual(['bob', 'c', 'secret'])
    const raw = await bytesOf(submission!)
    expect(raw.toString()).not.toContain('secret')
    expect(raw.subarray(0, submission!.head.length).equals(submission!.head)).toBe(true)
    expect(Buffer.from(submission!.head).toString().endsWith('\r\n\r\n')).toBe(true)
    const read = await readElsewhere(raw)
    expect(read).toMatchObject({ subject: 'hello', text: 'text\n', from: { name: 'Ada', address: 'Ada@example.org' } })
    expect(read.messageId).toMatch(/^<[\w-]{22}@example\.org>$/)
  })

  test('sends a large file as it was uploaded, staged from end to end', async () => {
    await ada()
    const bytes = Buffer.from(Uint8Array.from({ length: 1_500_000 }, (_, i) => (i * 7919) % 251))
    const file = await upload(bytes, 'gr\u00f6\u00dfe.bin')
    await call(compose.send, draft({ attachments: [file] }))
    expect(taken[0]!.body).toHaveProperty('stagedBlobId')
    const read = await readElsewhere(await bytesOf(taken[0]!))
    expect(read.attachments[0]?.filename).toBe('gr\u00f6\u00dfe.bin')
    expect(Buffer.from(read.attachments[0]!.content as ArrayBuffer).equals(bytes)).toBe(true)
    expect(await uploads.get(file.handle)).toBeUndefined()
  })

  test('sends bytes that were given out by handle, such as the attachment of a message passed on', async () => {
    await ada()
    const handle = handles.make({
      filename: 'a.txt',
      contentType: 'text/plain',
      sizeBytes: 2,
      bytes: async function* () {
        yield Buffer.from('hi')
      },
    })
    await call(
      compose.send,
      draft({ attachments: [{ handle, filename: 'a.txt', contentType: 'text/plain', sizeBytes: 2 }] }),
    )
    const read = await readElsewhere(await bytesOf(taken[0]!))
    expect(Buffer.from(read.attachments[0]!.content as ArrayBuffer).toString()).toBe('hi')
  })

  test('says what is in the way, and hands nothing in', async () => {
    await expect(call(compose.send, draft())).rejects.toThrow(
      'send the message: there is no identity to write as; make one first',
    )
    await ada()
    const file = { handle: 'gone', filename: 'a.pdf', contentType: 'a/b', sizeBytes: 1 }
    const cases: [Partial<DraftContent>, string][] = [
      [{ to: '' }, 'nobody is named in To, Cc or Bcc'],
      [{ to: 'bob@' }, '"bob@" has nothing after the @'],
      [{ bcc: 'a@b.example c@d.example' }, 'holds 2 addresses'],
      [
        { to: Array.from({ length: 1001 }, (_, n) => `u${n}@x.example`).join(',') },
        '1001 recipients; the most for one message is 1000',
      ],
      [{ attachments: [file] }, 'the file "a.pdf" is not here any more; attach it again'],
      [{ identityId: 99 }, 'identity 99 is gone'],
      [{ text: 'x'.repeat(3_000_000) }, 'its text has 3000000 characters'],
    ]
    for (const [more, words] of cases) await expect(call(compose.send, draft(more))).rejects.toThrow(words)
    expect(taken).toEqual([])
  })

  test('takes no message of more than 50 MiB', async () => {
    await ada()
    const bytes = async function* () {
      for (let n = 0; n < 40; n++) yield Buffer.alloc(1024 * 1024)
    }
    const handle = handles.make({ filename: 'a', contentType: 'a/b', sizeBytes: undefined, bytes })
    const attachments = [{ handle, filename: 'a', contentType: 'a/b', sizeBytes: 1 }]
    await expect(call(compose.send, draft({ attachments }))).rejects.toThrow(
      'send the message: it is larger than 50 MiB',
    )
    expect(store.read.prepare('SELECT count(*) AS n FROM blob').get()).toEqual({ n: 0 })
  })

  test('passes on why the queue does not take it, and keeps the files for another try', async () => {
    await ada()
    accept = () => Promise.resolve({ accepted: false, reply: { code: 550, enhanced: '5.7.1', lines: ['not today'] } })
    const file = await upload(Buffer.from('x'))
    await expect(call(compose.send, draft({ attachments: [file] }))).rejects.toThrow('send the message: not today')
    expect(await uploads.get(file.handle)).toMatchObject({ sizeBytes: 1 })
  })
})

describe('uploads', () => {
  test('take no more bytes than were announced and give nothing before all are here', async () => {
    const { handle } = await call(compose.upload.begin, { filename: 'a', contentType: 'a/b', sizeBytes: 4 })
    await call(compose.upload.chunk, { handle, base64: 'YWI=' })
    await expect(uploads.get(handle)).rejects.toThrow('2 of its 4 bytes have arrived')
    await expect(call(compose.upload.chunk, { handle, base64: 'YWJj' })).rejects.toThrow(
      'more bytes came than the 4 announced',
    )
    await call(compose.upload.chunk, { handle, base64: 'YWI=' })
    expect(await uploads.get(handle)).toMatchObject({ sizeBytes: 4 })
    await expect(call(compose.upload.chunk, { handle, base64: 'YQ==' })).rejects.toThrow('more bytes')
  })
  test('are gone once dropped', async () => {
    const file = await upload(Buffer.alloc(300_000))
    await call(compose.upload.drop, { handle: file.handle })
    expect(await uploads.get(file.handle)).toBeUndefined()
    await expect(call(compose.upload.chunk, { handle: file.handle, base64: '' })).rejects.toThrow('attach it again')
    expect(store.read.prepare('SELECT count(*) AS n FROM blob').get()).toEqual({ n: 0 })
  })
  test('of an empty file are whole at once', async () => {
    expect(await uploads.get((await upload(Buffer.alloc(0))).handle)).toMatchObject({ sizeBytes: 0 })
  })
})

test('keeps drafts, the last changed first', async () => {
  const first = await call(compose.saveDraft, { id: null, content: draft({ subject: 'one' }) })
  const second = await call(compose.saveDraft, { id: null, content: draft({ subject: 'two' }) })
  expect(await call(compose.saveDraft, { id: first.id, content: draft({ subject: 'one again' }) })).toEqual(first)
  const subjects = async () => (await call(compose.drafts, undefined)).map((one) => one.content.subject).toSorted()
  expect(await subjects()).toEqual(['one again', 'two'])
  await call(compose.dropDraft, second)
  expect(await subjects()).toEqual(['one again'])
  await expect(call(compose.saveDraft, { id: second.id, content: draft() })).rejects.toMatchObject({
    code: 'not-found',
  })
})

test('reads addresses as they are typed', async () => {
  expect(await call(compose.check, { addresses: 'Bob <b@example.net>, oops' })).toEqual([
    { text: 'Bob <b@example.net>', name: 'Bob', address: 'b@example.net', problem: null, warning: null },
    { text: 'oops', name: '', address: null, problem: '"oops" has no @', warning: null },
  ])
})

test('warns of an address whose mail came back, and sends there all the same', async () => {
  await store.write('suppression.add', { local: 'b', domain: 'example.net' as Domain })
  const [first] = await call(compose.check, { addresses: 'B@example.net' })
  expect(first).toMatchObject({ problem: null, warning: expect.stringContaining('does not work') })
})

describe('identities', () => {
  test('are one for each address, made or changed', async () => {
    const made = await ada()
    expect(made).toEqual({
      id: made.id,
      name: 'Ada',
      address: 'Ada@example.org',
      routeId: null,
      routeName: '',
      replyTo: '',
      signature: '',
      signsAnswers: true,
      language: '',
      sentFolderId: null,
    })
    const again = await call(identity.save, { name: 'Countess', address: 'ada@example.org', routeId: null })
    expect(again).toMatchObject({ id: made.id, name: 'Countess' })
    const other = await call(identity.save, { name: 'B', address: 'b@example.org', routeId: null })
    await expect(
      call(identity.save, { id: other.id, name: 'B', address: 'ada@example.org', routeId: null }),
    ).rejects.toMatchObject({ code: 'conflict' })
    await call(identity.remove, { id: other.id })
    expect(await call(identity.list, undefined)).toEqual([again])
  })
  test('refuse what is no address, and a route that is gone', async () => {
    await expect(call(identity.save, { name: 'A', address: 'ada', routeId: null })).rejects.toThrow(
      'save the identity: "ada" has no @',
    )
    await expect(call(identity.save, { name: 'A', address: 'a@b.example', routeId: 5 })).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})
