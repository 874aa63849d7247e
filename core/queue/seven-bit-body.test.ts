import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { openInlineStore } from '../../test/support/inline-store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { systemClock } from '../base/clock.ts'
import { makeSevenBit } from './seven-bit-body.ts'

let store: TestStore
afterEach(() => store.closeAndRemove())

/** A message as it is when it came in pieces. */
async function stage(raw: Uint8Array) {
  const staged = await store.stage()
  await staged.append(raw)
  return staged.finish()
}
async function read(body: { readonly stagedBlobId: number; readonly sizeBytes: number }): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const view = { blobId: body.stagedBlobId, prefix: '', removed: [], sizeBytes: body.sizeBytes }
  for await (const chunk of store.openBody(view)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
/** What quoted-printable stands for (RFC 2045 §6.7). */
const decoded = (text: string) =>
  Buffer.from(
    text
      .replaceAll('=\r\n', '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString()

const HEAD = 'Subject: a\r\nMIME-Version: 1.0\r\n'

test('a staged message says the same when it is 7-bit, wherever slices and chunks of it end', async () => {
  store = openInlineStore(systemClock)
  const sizes = fc.integer({ min: -70, max: 70 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(128 * 1024, 256 * 1024, 384 * 1024), sizes, async (near, more) => {
      // Lines of 2 octets a character, so that every kind of line end meets every seam.
      const line = 'größer = weiter \r\n'
      const before = 'x'.repeat(900 + more)
      const text = `${before}\r\n${line.repeat(Math.ceil((near + 2000) / Buffer.byteLength(line)))}`
      const raw = Buffer.from(`${HEAD}Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`)
      const made = await makeSevenBit(await stage(raw), 0, false, store)
      if (made.kind !== 'made' || !('stagedBlobId' in made.body)) throw new Error('it was not made 7-bit in the store')
      const whole = await read(made.body)
      const bodyAt = whole.indexOf('\r\n\r\n') + 4
      expect(whole.every((byte) => byte < 0x80)).toBe(true)
      expect(Buffer.from(made.head).equals(whole.subarray(0, bodyAt))).toBe(true)
      expect(decoded(whole.toString('latin1', bodyAt)) === text).toBe(true)
    }),
    { numRuns: 12 },
  )
})

test('a staged message of many parts becomes what it becomes in memory', async () => {
  store = openInlineStore(systemClock)
  const parts = Array.from({ length: 40 }, (_, n) => {
    const type = n % 3 === 0 ? 'application/octet-stream' : 'text/html; charset=iso-8859-1'
    return `--b=1\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${'\u00e4 -- \r\n'.repeat(n * 977)}`
  })
  const raw = Buffer.from(
    `${HEAD}Content-Type: multipart/mixed; boundary="b=1"\r\n\r\n${parts.join('\r\n')}\r\n--b=1--\r\n`,
    'latin1',
  )
  const inMemory = await makeSevenBit({ raw }, 0, false, store)
  // Behind the line that programs of an mbox put first.
  const from = Buffer.from('From ada Sun Nov 22 07:00:00 2026\r\n')
  const staged = await makeSevenBit(await stage(Buffer.concat([from, raw])), from.length, false, store)
  if (staged.kind !== 'made' || inMemory.kind !== 'made' || !('stagedBlobId' in staged.body))
    throw new Error('not made')
  expect((await read(staged.body)).equals(inMemory.raw ?? Buffer.alloc(0))).toBe(true)
})

test('makes nothing of a staged message that is not what came', async () => {
  store = openInlineStore(systemClock)
  const raw = Buffer.from(`${HEAD}\r\n${'schön\r\n'.repeat(60_000)}`)
  const body = await stage(raw)
  const other = { ...body, sha256: createHash('sha256').update('other').digest() }
  await expect(makeSevenBit(other, 0, false, store)).rejects.toMatchObject({ code: 'blob.damaged' })
  await expect(makeSevenBit({ ...body, sizeBytes: raw.length + 1 }, 0, false, store)).rejects.toMatchObject({
    code: 'blob.damaged',
  })
})
