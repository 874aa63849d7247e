import { afterEach, expect, test } from 'vitest'
import {
  bytesOf,
  fakeDeliver,
  mailbox,
  openQueueHouse,
  submissionOf,
  taken,
  type QueueHouse,
} from '../../test/support/queue-house.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import { openTestStore } from '../../test/support/store.ts'
import { systemClock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { readFields } from '../message/read.ts'
import type { Submission } from '../model/submission.ts'
import { findFolder, PERSON } from '../store/folder.ts'
import { listPage } from '../store/message-list.ts'
import { getEntry, listRecipients } from '../store/queue.ts'
import type { Store } from '../store/types.ts'
import { makeSubmit, type SubmitContext } from './submit.ts'

const houses: QueueHouse[] = []
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close()
})
async function open(): Promise<QueueHouse> {
  const house = await openQueueHouse({ deliver: fakeDeliver(taken), settings: { 'queue.paused': true } })
  houses.push(house)
  return house
}
async function accept(house: QueueHouse, submission: Submission): Promise<number> {
  const answer = await house.submit(submission)
  if (!answer.accepted) throw new Error(`${answer.reply.code} ${answer.reply.lines.join()}`)
  return answer.entryId
}
const FROM = 'From: Ada <ada@author.example>'
const refusals: readonly (readonly [string, readonly string[], string])[] = [
  ['several authors and no sender', ['From: ada@a.example, bob@b.example', '', 'x'], '550 5.6.0'],
  ['two From fields', [FROM, FROM, 'Sender: ada@author.example', '', 'x'], '550 5.6.0'],
  ['a line that is no field', [FROM, 'this is no header', '', 'x'], '550 5.6.0'],
  ['a header that begins folded', [' folded', FROM, '', 'x'], '550 5.6.0'],
  ['an mbox line on the wire', ['From ada Mon Jan 1', FROM, '', 'x'], '550 5.6.0'],
  ['more than 50 hops', [FROM, ...Array<string>(51).fill('Received: by x'), '', 'x'], '554 5.4.6'],
  ['a header over 100 KiB', [FROM, ...Array<string>(200).fill(`X: ${'x'.repeat(600)}`), '', 'x'], '552 5.3.4'],
]
for (const [what, lines, expected] of refusals)
  test(`refuses ${what}`, async () => {
    const house = await open()
    const answer = await house.submit(submissionOf(lines))
    expect(answer).toMatchObject({ accepted: false })
    if (!answer.accepted) expect(`${answer.reply.code} ${answer.reply.enhanced}`).toBe(expected)
    expect(getEntry(house.store.read, 1)).toBeUndefined()
  })

test('refuses a message for nobody', async () => {
  const house = await open()
  expect(await house.submit(submissionOf([FROM, '', 'x'], []))).toMatchObject({ accepted: false, reply: { code: 554 } })
})

test('takes several authors with a sender, 50 hops, and a message without any header', async () => {
  const house = await open()
  await accept(house, submissionOf(['From: a@a.example, b@b.example', 'Sender: a@a.example', '', 'x']))
  await accept(house, submissionOf([FROM, ...Array<string>(50).fill('Received: by x'), '', 'x']))
  const bare = await bytesOf(house, await accept(house, submissionOf(['', 'x'])))
  expect(bare).toMatch(
    /^Message-ID: <[\w-]{22}@author\.example>\r\nDate: [^\r]+\r\nFrom: ada@author\.example\r\n\r\nx\r\n$/,
  )
})

test('completes Date and Message-ID in the author’s domain, behind our Received, and leaves the bytes alone', async () => {
  const house = await open()
  const lines = ['From: "x@wrong.example" <ada@Mail.Author.example>', 'Subject: hi', '', 'text']
  const id = await accept(house, submissionOf(lines, undefined, { received: 'Received: by posthorn\r\n' }))
  const [received, messageId, date, ...rest] = (await bytesOf(house, id)).split('\r\n')
  expect(received).toBe('Received: by posthorn')
  expect(messageId).toMatch(/^Message-ID: <[\w-]+@mail\.author\.example>$/)
  expect(date).toMatch(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/)
  expect(rest).toEqual([...lines, ''])
  expect(getEntry(house.store.read, id)).toMatchObject({ messageId: messageId?.slice(12), subject: 'hi' })
})

test('changes nothing of a header that is complete', async () => {
  const house = await open()
  const lines = [FROM, 'Date: Thu, 1 Jan 2026 12:00:00 +0000', 'Message-ID: <1@author.example>', '', 'text']
  expect(await bytesOf(house, await accept(house, submissionOf(lines)))).toBe(`${lines.join('\r\n')}\r\n`)
})

test('says MIME-Version for a message that has a Content-Type without it, and not for one that has none', async () => {
  const house = await open()
  const rest = ['Date: Thu, 1 Jan 2026 12:00:00 +0000', 'Message-ID: <1@author.example>', '', 'text']
  const typed = [FROM, 'Content-Type: text/html', ...rest]
  expect(await bytesOf(house, await accept(house, submissionOf(typed)))).toBe(
    `MIME-Version: 1.0\r\n${typed.join('\r\n')}\r\n`,
  )
  const plain = [FROM, ...rest]
  expect(await bytesOf(house, await accept(house, submissionOf(plain)))).toBe(`${plain.join('\r\n')}\r\n`)
})

test('takes out Bcc, Resent-Bcc and Return-Path with their folded lines', async () => {
  const house = await open()
  const lines = [
    'Return-Path: <x@y.example>',
    'Bcc: one@hidden.example,',
    '\ttwo@hidden.example',
    FROM,
    'Resent-Bcc: three@hidden.example',
    'BCC:',
    'Date: Thu, 1 Jan 2026 12:00:00 +0000',
    'Message-ID: <1@author.example>',
    '',
    'Bcc: this is text',
  ]
  const id = await accept(house, submissionOf(lines, ['one@hidden.example']))
  const text = await bytesOf(house, id)
  expect(text).toBe(`To: undisclosed-recipients:;\r\n${[lines[3], ...lines.slice(6)].join('\r\n')}\r\n`)
  expect(getEntry(house.store.read, id)?.view.sizeBytes).toBe(text.length)
})

test('folds recipients that are named twice, but not those that differ in case', async () => {
  const house = await open()
  const to = ['bob@remote.example', 'bob@REMOTE.example', 'Bob@remote.example', 'bob@remote.example']
  const id = await accept(house, submissionOf([FROM, '', 'x'], to))
  expect(listRecipients(house.store.read, id).map((one) => one.to.local)).toEqual(['bob', 'Bob'])
})

test('makes 8-bit mail 7-bit, so that the bytes never change again', async () => {
  const house = await open()
  const lines = [
    FROM,
    'Bcc: x@hidden.example',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'schön',
  ]
  const id = await accept(house, submissionOf(lines))
  const text = await bytesOf(house, id)
  expect(text).toMatch(/^[\r\n -~]*$/)
  expect(text).not.toContain('hidden')
  expect(readFields(Buffer.from(text)).body.trim()).toBe('schön')
  expect(getEntry(house.store.read, id)).toMatchObject({ is8bit: false, needsUtf8: false })
})

test('leaves signed 8-bit mail as it is and says so', async () => {
  const house = await open()
  const lines = [FROM, 'Message-ID: <1@x.example>', 'Date: Thu, 1 Jan 2026 12:00:00 +0000']
  const signed = [...lines, 'Content-Type: multipart/signed; boundary=b', '', '--b', '', 'schön', '--b--']
  const id = await accept(house, submissionOf(signed))
  expect(await bytesOf(house, id)).toBe(Buffer.from(`${signed.join('\r\n')}\r\n`).toString('latin1'))
  expect(getEntry(house.store.read, id)).toMatchObject({ is8bit: true, needsUtf8: false })
})

test('knows which mail needs SMTPUTF8: by its addresses and by its header', async () => {
  const house = await open()
  const byAddress = await accept(house, submissionOf([FROM, '', 'x'], ['jörg@remote.example']))
  const byHeader = await accept(house, submissionOf([FROM, 'Subject: schön', '', 'x']))
  const byNothing = await accept(house, submissionOf([FROM, '', 'x'], ['joerg@köln.example'], { utf8: true }))
  const needs = [byAddress, byHeader, byNothing].map((id) => getEntry(house.store.read, id)?.needsUtf8)
  expect(needs).toEqual([true, true, false])
  expect(getEntry(house.store.read, byHeader)?.subject).toBe('schön')
})

test('drops the mbox line that programs give to sendmail', async () => {
  const house = await open()
  const lines = ['From ada Mon Jan  1 00:00:00 2026', FROM, 'Subject: x', '', 'text']
  const text = await bytesOf(house, await accept(house, submissionOf(lines, undefined, { origin: 'sendmail' })))
  expect(text).not.toContain('From ada')
  expect(text).toContain(`${FROM}\r\nSubject: x\r\n\r\ntext\r\n`)
})

test('names nobody where all were in Bcc, and leaves To alone where somebody is named', async () => {
  const house = await open()
  const hidden = await bytesOf(house, await accept(house, submissionOf([FROM, 'Bcc: eve@hidden.example', '', 'x'])))
  expect(hidden).toMatch(/^To: undisclosed-recipients:;\r$/m)
  expect(hidden).not.toContain('eve@')
  const named = [FROM, 'Cc: bob@remote.example', 'Bcc: eve@hidden.example', '', 'x']
  expect(await bytesOf(house, await accept(house, submissionOf(named)))).not.toContain('undisclosed')
})

test('keeps a copy of what the window sends, Bcc and all, and nothing of what others submit', async () => {
  const house = await open()
  const lines = [FROM, 'To: bob@remote.example', 'Bcc: eve@hidden.example', 'Subject: hello', '', 'text']
  const id = await accept(
    house,
    submissionOf(lines, ['bob@remote.example', 'eve@hidden.example'], { origin: 'window' }),
  )
  await accept(house, submissionOf(lines))
  const sent = findFolder(house.store.read, PERSON, 'sent')
  expect(sent).toMatchObject({ total: 1, unread: 0 })
  const [row] = listPage(house.store.read, sent?.id ?? 0, null, 10).rows
  expect(row).toMatchObject({ subject: 'hello', messageId: getEntry(house.store.read, id)?.messageId })
  expect(row && (await house.store.readBody(row.view)).toString()).toContain('Bcc: eve@hidden.example')
  expect(row?.view.blobId).toBe(getEntry(house.store.read, id)?.view.blobId)
})

test('makes a large staged message 7-bit and leaves only the new bytes', async () => {
  const store = await openTestStore()
  const house = await openQueueHouse({ deliver: fakeDeliver(taken), settings: { 'queue.paused': true }, store })
  houses.push(house)
  const head = Buffer.from(`${FROM}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n`)
  const line = Buffer.from(`${'schön und gut '.repeat(4)}\r\n`)
  const raw = Buffer.concat([head, ...Array<Buffer>(12_000).fill(line)])
  const staged = await store.stage()
  await staged.append(raw)
  const body = await staged.finish()
  const id = await accept(house, {
    ...submissionOf([]),
    from: mailbox('ada@author.example'),
    body,
    head,
    has8bit: true,
  })
  const text = await bytesOf(house, id)
  expect(text).toMatch(/^[\r\n -~]*$/)
  expect(text.length).toBeGreaterThan(raw.length)
  expect(text).toContain('Content-Transfer-Encoding: quoted-printable\r\n')
  expect(readFields(Buffer.from(text)).body).toContain('schön und gut schön und gut')
  await store.write('queue.countOnline', { addMs: 0 }) // whatever was handed in before it is committed with it
  const blobs = store.read.prepare('SELECT count(*) AS n FROM blob').get() as { n: number }
  expect(blobs.n).toBe(1)
})

const full = () => Promise.reject(new Fault('store.full', 'write: the disk is full', { path: 'mail.db' }))
/** A store where the n-th write of that name finds a full disk. */
function fullAt(store: Store, name: string, nth: number): SubmitContext['store'] {
  let met = 0
  return {
    openBody: store.openBody,
    query: store.query,
    write: (what, args) => (what === name && ++met === nth ? full() : store.write(what, args)),
    async stage() {
      const staged = await store.stage()
      const append: typeof staged.append = (bytes) =>
        name === 'blob.append' && ++met === nth ? full() : staged.append(bytes)
      return { blobId: staged.blobId, append, finish: () => staged.finish(), drop: () => staged.drop() }
    },
  }
}
test.each(['blob.append', 'queue.submit'])(
  'leaves nothing of a message behind when the disk is full at %s',
  async (at) => {
    const store = openInlineStore(systemClock)
    const nothing = () => {}
    const submit = makeSubmit({
      store: fullAt(store, at, at === 'blob.append' ? 2 : 1),
      clock: systemClock,
      describe: readFields,
      onAccepted: nothing,
      onFolders: nothing,
    })
    const message = submissionOf([
      FROM,
      'Content-Type: text/plain; charset=utf-8',
      '',
      ...Array<string>(30_000).fill('schön'),
    ])
    await expect(submit(message)).rejects.toMatchObject({ code: 'store.full' })
    await store.write('queue.countOnline', { addMs: 0 })
    expect(store.read.prepare('SELECT count(*) AS n FROM blob').get()).toEqual({ n: 0 })
    expect(store.read.prepare('SELECT count(*) AS n FROM blob_chunk').get()).toEqual({ n: 0 })
    await store.closeAndRemove()
  },
)

test('says that a message was taken once it is committed, whatever happens then', async () => {
  const store = openInlineStore(systemClock)
  const submit = makeSubmit({
    store,
    clock: systemClock,
    describe: readFields,
    onAccepted: () => {
      throw new Error('the queue cannot look at it now')
    },
    onFolders: () => {},
  })
  expect(await submit(submissionOf([FROM, '', 'x']))).toEqual({ accepted: true, entryId: 1 })
  await store.closeAndRemove()
})
