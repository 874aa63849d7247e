import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { base64Length, decodeBase64 } from './transfer.ts'

const pieces = fc.array(
  fc.oneof(
    fc.constantFrom('=', '==', '\r\n', ' ', '-', '_', '*', '\0', 'A', 'QQ==', 'QUI=', 'QUJD', '//8=', '+/+/'),
    fc.base64String({ maxLength: 40 }),
  ),
  { maxLength: 30 },
)

test('base64 is what the engine’s own decoder makes of each run between pads', () => {
  fc.assert(
    fc.property(pieces, (list) => {
      const text = list.join('')
      const runs = text.replaceAll(/[^A-Za-z0-9+/=]/g, '').split(/=+/)
      const wanted = Buffer.concat(runs.map((run) => Buffer.from(run, 'base64')))
      const body = Buffer.from(text, 'latin1')
      expect(decodeBase64(body).toString('hex')).toBe(wanted.toString('hex'))
      expect(base64Length(body)).toBe(wanted.length)
    }),
    { numRuns: 500 },
  )
})

test('every octet comes back from base64 in lines of any length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.integer({ min: 1, max: 80 }), (bytes, width) => {
      const lines = Buffer.from(bytes)
        .toString('base64')
        .replaceAll(new RegExp(`.{1,${width}}`, 'g'), '$&\r\n')
      expect(decodeBase64(Buffer.from(lines))).toEqual(Buffer.from(bytes))
    }),
  )
})
