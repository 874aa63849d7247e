import * as fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decompressRtf, readRtf } from './rtf.ts'
import { readStructure, type Part } from './structure.ts'
import { decodeContent } from './content.ts'
import { CAPS } from './reading-caps.ts'
import { readTnef } from './tnef.ts'

const folder = new URL('../../test/messages/', import.meta.url)
/** Every winmail.dat of the odd mail. */
const parts = readdirSync(folder)
  .filter((name) => /^tnef-.*\.eml$/.test(name))
  .map((name) => {
    const raw = readFileSync(new URL(name, folder))
    const { root } = readStructure(raw)
    const part = [root, ...root.children].find((one: Part) => one.type === 'application/ms-tnef')!
    return decodeContent(raw, part)
  })

/** MS-OXRTFCP §3.1.1 and §3.1.2: the examples of the specification. */
const EXAMPLES: [string, string][] = [
  [
    '2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0',
    '{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n',
  ],
  ['1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0', '{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}'],
]
test.each(EXAMPLES)('the compressed RTF %s is read as its specification has it', (hex, rtf) => {
  expect(decompressRtf(Buffer.from(hex, 'hex'))?.toString('latin1')).toBe(rtf)
})

test('RTF is words, with lines, escapes and characters beyond its code page', () => {
  const rtf =
    "{\\rtf1\\ansi\\ansicpg1251{\\fonttbl{\\f0 Arial;}}{\\*\\generator x;}\\uc1 \\'cf\\'f0\\'e8\\par a\\{b\\}\\\\c\\tab\\u8364?\\line\\emdash d}"
  expect(readRtf(Buffer.from(rtf))).toEqual({ kind: 'text', text: 'При\na{b}\\c\t€\n—d' })
})

test('RTF that says it is endless becomes no more than its octets can hold, and no more than the cap', () => {
  const bomb = Buffer.concat([
    Buffer.alloc(16),
    Buffer.alloc(4_000_000, Buffer.from(`\xff${'\x00\x0f'.repeat(8)}`, 'latin1')),
  ])
  bomb.writeUInt32LE(0xffffffff, 4)
  bomb.write('LZFu', 8, 'latin1')
  expect(decompressRtf(bomb)?.length).toBeLessThanOrEqual(CAPS.rtfBytes)
})

test('TNEF that was damaged anywhere is read as far as it goes and never throws', () => {
  expect(parts.length).toBeGreaterThan(8)
  const damage = fc.record({
    part: fc.constantFrom(...parts),
    cut: fc.nat(),
    changes: fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0xff)), { maxLength: 12 }),
  })
  fc.assert(
    fc.property(damage, ({ part, cut, changes }) => {
      const bytes = Buffer.from(part.subarray(0, part.length - (cut % 3 === 0 ? cut % part.length : 0)))
      for (const [at, value] of changes) if (bytes.length > 6) bytes[6 + (at % (bytes.length - 6))] = value
      const read = readTnef(bytes)
      const sizeBytes = read?.files.reduce((sum, file) => sum + file.bytes.length, 0) ?? 0
      // Files lie side by side in it: what they hold together is never more than it has.
      expect(sizeBytes).toBeLessThanOrEqual(bytes.length)
    }),
    { numRuns: 2000 },
  )
})
