import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { publicKeyOf } from './dkim-keys.ts'
import { formatKeyRecord, formatZoneText, namesKey } from './dkim-record.ts'

const key = { algorithm: 'rsa-sha256', publicKey: 'MIIBIjANBg+/AQAB' } as const
const ed = { algorithm: 'ed25519-sha256', publicKey: '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=' } as const

test('the text of a record is what RFC 6376 §3.6.1 and RFC 8463 §4 have', () => {
  expect(formatKeyRecord(key)).toBe('v=DKIM1; k=rsa; p=MIIBIjANBg+/AQAB')
  expect(formatKeyRecord(ed)).toBe('v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=')
})

test('a long text is split for zone files, and nothing of it is lost', () => {
  const text = formatKeyRecord({ ...key, publicKey: 'A'.repeat(392) })
  const parts = [...formatZoneText(text).matchAll(/"([^"]*)"/g)].map(([, part = '']) => part)
  expect(parts.map((part) => part.length)).toEqual([255, text.length - 255])
  expect(parts.join('')).toBe(text)
})

test('the Ed25519 key of RFC 8463 appendix A.1 is read as its record has it', () => {
  const seed = Buffer.from('nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', 'base64')
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  const own = createPublicKey(createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' }))
  expect(publicKeyOf(ed).export({ type: 'spki', format: 'pem' })).toBe(own.export({ type: 'spki', format: 'pem' }))
})

describe('a record', () => {
  test.each([
    'v=DKIM1; k=rsa; p=MIIBIjANBg+/AQAB',
    'p=MIIBIjANBg+/AQAB',
    ' v = DKIM1;p= MIIB IjANBg+/AQAB ;',
    'v=DKIM1; h=sha1:sha256; s=email; t=y; n=a note; p=MIIBIjANBg+/AQAB',
    'v=DKIM1; s=*; p=MIIBIjANBg+/AQAB',
  ])('says the key: %s', (record) => expect(namesKey(['v=spf1 -all', record], key)).toBe(true))
  test.each([
    '',
    'v=DKIM1; k=rsa; p=',
    'v=DKIM1; k=rsa; p=MIIBIjANBg+/AQAC',
    'v=DKIM1; k=ed25519; p=MIIBIjANBg+/AQAB',
    'v=DKIM2; p=MIIBIjANBg+/AQAB',
    'v=DKIM1; h=sha1; p=MIIBIjANBg+/AQAB',
    'v=DKIM1; s=web; p=MIIBIjANBg+/AQAB',
    'v=DKIM1; p=MIIBIjANBg+/AQAB; p=MIIBIjANBg+/AQAB',
  ])('does not say it: %s', (record) => expect(namesKey([record], key)).toBe(false))
})
