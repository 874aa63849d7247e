import { expect, test } from 'vitest'
import { giveBackDraft, type GivenFile } from './undo-handlers.ts'

const view = { blobId: 1, prefix: '', removed: [], sizeBytes: 3 }
const DRAFT = {
  identityId: 1,
  to: 'bob@far.example',
  cc: '',
  bcc: 'eve@far.example',
  subject: 's',
  text: 'hello',
  inReplyTo: '',
  references: '',
}
const files: GivenFile[] = [{ filename: 'a.txt', contentType: 'text/plain', bytes: Buffer.from('abc') }]
const kept: GivenFile[] = []
const context = {
  store: {
    async *openBody() {
      yield Buffer.from('raw')
    },
  },
  attachments: async (raw: readonly Uint8Array[]) => (Buffer.concat(raw).toString() === 'raw' ? files : []),
  keepFile: async (file: GivenFile) => `handle${kept.push(file)}`,
}

test('gives back what was written, its files out of the message itself', async () => {
  const old = { handle: 'gone', filename: 'a.txt', contentType: 'text/plain', sizeBytes: 3 }
  const given = await giveBackDraft(JSON.stringify({ ...DRAFT, attachments: [old] }), view, context)
  expect(given).toMatchObject({ ...DRAFT, attachments: [{ ...old, handle: 'handle1' }] })
  expect(kept).toEqual(files)
})

test('pictures of the text stand in it again, and a message that went along does so once more', async () => {
  const three: GivenFile[] = ['p.png', 'a.txt', 'm.eml'].map((filename) => ({ ...files[0]!, filename }))
  const file = { handle: 'gone', contentType: 'text/plain', sizeBytes: 3 }
  const attachments = [
    { ...file, filename: 'a.txt' },
    { ...file, filename: 'p.png', contentId: 'p@posthorn' },
    { ...file, filename: 'm.eml', isMessage: true },
  ]
  const given = await giveBackDraft(JSON.stringify({ ...DRAFT, attachments }), view, {
    ...context,
    attachments: async () => three,
  })
  expect(given.attachments.map(({ filename, contentId, isMessage }) => [filename, contentId, isMessage])).toEqual([
    ['p.png', 'p@posthorn', undefined],
    ['a.txt', undefined, undefined],
    ['m.eml', undefined, true],
  ])
})

test('reads no message where nothing was attached, and says so when it cannot read what was written', async () => {
  const given = await giveBackDraft(JSON.stringify({ ...DRAFT, attachments: [] }), view, context)
  expect(given.attachments).toEqual([])
  await expect(giveBackDraft('{"to":1}', view, context)).rejects.toMatchObject({ code: 'message.refused' })
})
