import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { HOSTILE } from '../../test/support/hostile-messages.ts'
import { CAPS } from './reading-caps.ts'
import { readFields, readMessage } from './read.ts'
import { readStructure } from './structure.ts'

const reader = fileURLToPath(new URL('../../test/support/hostile-reader.ts', import.meta.url))
/** Of JavaScript's own heap; a reader that keeps something of each octet needs many times as much. */
const HEAP_MB = 40

test('every hostile message is read to its caps in a process with little room, and what was left out is said', () => {
  const args = [`--max-old-space-size=${HEAP_MB}`, reader, String(400 * 1024)]
  const read = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<string, string | null>
  for (const { name, note } of HOSTILE) {
    if (note === null) continue
    expect(read[name], name).toMatch(note)
  }
}, 120_000)

test('a message ten times as large has no more parts, addresses or notes', () => {
  const sizeOf = (raw: Buffer) => {
    const full = readMessage(raw)
    const counts = [full.to.length, full.attachments.length, readStructure(raw).notes.length, full.subject.length]
    return { counts, stored: readFields(raw).parts?.length }
  }
  for (const name of [
    'addressees by the million',
    'tiny parts by the million',
    'uuencoded files by the million',
    'TNEF of files by the million',
  ]) {
    const { make } = HOSTILE.find((one) => one.name === name)!
    expect(sizeOf(make(3_000_000)), name).toEqual(sizeOf(make(320_000)))
  }
})

test('what stands behind an endless field is found', () => {
  const long = `To: ${'a@b.example, '.repeat(20_000)}\r\n`
  const raw = Buffer.from(
    `X-Long: ${'x'.repeat(200_000)}\r\n${long}Subject: behind\r\nFrom: Ada <ada@home.example>\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\n` +
      'Content-Type: text/html\r\n\r\n<b>x</b>',
  )
  const full = readMessage(raw)
  expect(full).toMatchObject({
    subject: 'behind',
    from: [{ name: 'Ada', address: 'ada@home.example' }],
    html: '<b>x</b>',
  })
  expect(full.dateMs).toBe(Date.UTC(2026, 5, 1, 10))
  expect(full.to).toHaveLength(CAPS.addresses)
})

test('of endless References the newest are known', () => {
  const ids = Array.from({ length: 100_000 }, (_, n) => `<${n}@x.example>`)
  const { references } = readMessage(Buffer.from(`References: ${ids.join('\r\n ')}\r\n\r\nx`))
  expect(references.split(' ')).toEqual(ids.slice(-CAPS.references))
})
