import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { installedHow, isConfigured, isSignedBy, notesOf } from './update-feed.ts'

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')
  return { privateKey, key }
}

test('nothing is looked for until both the feed and its key are known', () => {
  expect(isConfigured({ feed: '', key: '' })).toBe(false)
  expect(isConfigured({ feed: 'https://example.org/', key: '' })).toBe(false)
  expect(isConfigured({ feed: '', key: 'x' })).toBe(false)
  expect(isConfigured({ feed: 'https://example.org/', key: 'x' })).toBe(true)
})

test('a signature counts for its own bytes and its own key alone', () => {
  const { privateKey, key } = newKey()
  const bytes = Buffer.from('version: 1.2.3\n')
  const signature = sign(null, bytes, privateKey).toString('base64')
  expect(isSignedBy(bytes, `${signature}\n`, key)).toBe(true)
  expect(isSignedBy(Buffer.from('version: 1.2.4\n'), signature, key)).toBe(false)
  expect(isSignedBy(bytes, signature, newKey().key)).toBe(false)
  expect(
    isSignedBy(
      bytes,
      signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
      key,
    ),
  ).toBe(false)
})

test.each(['', 'no signature', 'AAAA', 'A'.repeat(88), '\0'])('%j is no signature, and nothing fails', (signature) => {
  expect(isSignedBy(Buffer.from('x'), signature, newKey().key)).toBe(false)
  expect(isSignedBy(Buffer.from('x'), 'A'.repeat(86), signature)).toBe(false)
})

test('release notes come as plain words of a bounded length', () => {
  expect(notesOf('One\r\nTwo\u202e')).toBe('One\nTwo')
  expect(notesOf('a\x1b[31mb\0')).toBe('a[31mb')
  expect(
    notesOf([
      { version: '1', note: 'One' },
      { version: '2', note: null },
      { version: '3', note: 'Three' },
    ]),
  ).toBe('One\n\nThree')
  expect(notesOf(undefined)).toBe('')
  expect(notesOf({ note: 'x' })).toBe('')
  expect(notesOf('x'.repeat(1e6)).length).toBeLessThan(3010)
})

test.each([
  ['win32', {}, '', 'by-installer'],
  ['win32', { PORTABLE_EXECUTABLE_FILE: 'C:\\Posthorn.exe' }, '', 'by-hand'],
  ['darwin', {}, '', 'by-installer'],
  ['linux', { APPIMAGE: '/home/a/Posthorn.AppImage' }, '', 'by-installer'],
  ['linux', {}, 'deb', 'by-packages'],
  ['linux', {}, 'rpm', 'by-packages'],
  ['linux', { FLATPAK_ID: 'org.posthorn.Posthorn' }, '', 'by-packages'],
  ['linux', {}, '', 'by-hand'],
] as const)('on %s with %j and package type "%s" a new version comes %s', (platform, env, packageType, how) => {
  expect(installedHow({ platform, env, packageType })).toBe(how)
})
