import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { SmtpContent, type Staging } from './smtp-content.ts'

function staging() {
  const log: string[] = []
  const chunks: Buffer[] = []
  const staged: Staging = {
    append: async (chunk) => void chunks.push(Buffer.from(chunk)),
    finish: async () => ({ stagedBlobId: 7, sizeBytes: Buffer.concat(chunks).length, sha256: new Uint8Array(32) }),
    drop: async () => void log.push('drop'),
  }
  return { log, chunks, stage: async () => staged }
}
const none = () => Promise.reject(new Error('nothing is staged here'))

test('keeps a small message in one array of its own, however many pieces it came in', async () => {
  const whole = Buffer.from('Subject: a\r\n\r\n'.repeat(200))
  const content = new SmtpContent(none)
  for (const byte of whole) expect(content.add(Buffer.from([byte]), false)).toBeUndefined()
  const body = await content.body()
  expect('raw' in body && Buffer.from(body.raw).equals(whole)).toBe(true)
  expect('raw' in body && body.raw.buffer.byteLength).toBe(whole.length)
  expect(Buffer.from(content.head(14)).toString()).toBe('Subject: a\r\n\r\n')
})
test('stages what is larger, from its first byte on, and keeps the head at hand', async () => {
  const { stage, chunks, log } = staging()
  const content = new SmtpContent(stage)
  const piece = Buffer.from(`Subject: a\r\n\r\n${'x'.repeat(100_000)}\r\n`)
  for (let i = 0; i < 5; i++) await content.add(piece, false)
  expect(await content.body()).toMatchObject({ stagedBlobId: 7, sizeBytes: piece.length * 5 })
  expect(Buffer.concat(chunks).equals(Buffer.concat(Array<Buffer>(5).fill(piece)))).toBe(true)
  expect(Buffer.from(content.head(14)).toString()).toBe('Subject: a\r\n\r\n')
  expect(log).toEqual([])
})
test.each([1, 3, 6])(
  'of content that is spoiled from piece %i on, keeps both ends and the hash of all',
  async (from) => {
    const { stage, log } = staging()
    const content = new SmtpContent(stage)
    const pieces = Array.from({ length: 6 }, (_, i) => Buffer.alloc(70_000, String(i)))
    for (const [i, piece] of pieces.entries()) await content.add(piece, i + 1 >= from)
    const whole = Buffer.concat(pieces)
    expect(content.kept()).toEqual({
      kind: 'kept',
      first: whole.subarray(0, 4096).toString('latin1'),
      last: whole.subarray(-4096).toString('latin1'),
      sha256: createHash('sha256').update(whole).digest('hex'),
    })
    content.drop()
    expect(log).toEqual(from === 6 ? ['drop'] : [])
  },
)
test.each([1000, 20_000, 65_536, 100_000])(
  'gathers a message that comes %i bytes at a time in memory of its own',
  async (size) => {
    const whole = Buffer.from(Array.from({ length: 250_000 }, (_, i) => i % 251))
    const content = new SmtpContent(none)
    for (let at = 0; at < whole.length; at += size) {
      const piece = Buffer.from(whole.subarray(at, at + size))
      expect(content.add(piece, false)).toBeUndefined()
      expect(content.isCopied).toBe(at + size > 16_384)
      if (content.isCopied) piece.fill(0)
    }
    const body = await content.body()
    expect('raw' in body && Buffer.from(body.raw).equals(whole)).toBe(true)
    expect(Buffer.from(content.head(100)).equals(whole.subarray(0, 100))).toBe(true)
    const sha256 = createHash('sha256').update(whole).digest('hex')
    expect(content.kept()).toMatchObject({ last: whole.subarray(-4096).toString('latin1'), sha256 })
    content.letGo()
    expect('raw' in body && body.raw.length).toBe(0)
  },
)
test('keeps both ends of gathered content that is spoiled only now', () => {
  const content = new SmtpContent(none)
  const pieces = ['a', 'b', 'c'].map((letter) => Buffer.alloc(30_000, letter))
  for (const [i, piece] of pieces.entries()) content.add(piece, i === 2)
  const sha256 = createHash('sha256').update(Buffer.concat(pieces)).digest('hex')
  expect(content.kept()).toMatchObject({ sha256, first: 'a'.repeat(4096), last: 'c'.repeat(4096) })
})
test('drops what is staged only after its client has left', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { stage, log, chunks } = staging()
  const content = new SmtpContent(async () => {
    await promise
    return stage()
  })
  const added = content.add(Buffer.alloc(300_000), false)
  content.drop()
  resolve()
  await added
  expect(log).toEqual(['drop'])
  expect(chunks).toEqual([])
})
