import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { selfSignedOf } from '../../test/support/certificate.ts'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { openCertificates } from './certificates.ts'

let folder: string
let certificateFile: string
let keyFile: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-certificates-'))
  certificateFile = join(folder, 'cert.pem')
  keyFile = join(folder, 'key.pem')
})
afterEach(() => rmSync(folder, { recursive: true }))

const START = Date.UTC(2026, 0, 1)
const DAY = 86_400_000
const own = selfSignedOf(['localhost'], { nowMs: START })
const mine = selfSignedOf(['mail.home.test'], { nowMs: START })
const next = selfSignedOf(['mail.home.test'], { nowMs: START })

async function open(files = { 'tls.certificateFile': certificateFile, 'tls.keyFile': keyFile }) {
  const clock = fakeClock(START)
  const settings = { 'tls.name': '', ...files }
  const said: string[] = []
  const asked: string[] = []
  let changes = 0
  const certificates = await openCertificates({
    settings: () => settings,
    own: async (name) => {
      asked.push(name)
      return name === '' ? own : selfSignedOf(['localhost', name], { nowMs: clock.nowMs() })
    },
    clock,
    log: (line) => void said.push(line),
    onChange: () => void changes++,
  })
  const shown = () => {
    clock.advance(1000)
    return certificates.current().fingerprint256
  }
  return { certificates, clock, settings, said, asked, shown, changes: () => changes }
}
/** As certbot and editors do it: another file takes the name. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

test('without a setting the own certificate is shown, and is for the chosen name as soon as there is one', async () => {
  const { shown, settings, certificates, asked } = await open({ 'tls.certificateFile': '', 'tls.keyFile': '' })
  expect(shown()).toBe(own.fingerprint256)
  expect(certificates.facts()).toMatchObject({ from: 'own', names: ['localhost'], trouble: null })
  settings['tls.name'] = 'mail.home.test'
  shown()
  await new Promise(setImmediate)
  shown()
  expect(certificates.facts().names).toEqual(['localhost', 'mail.home.test'])
  expect(asked).toEqual(['', 'mail.home.test'])
})

test('the own certificate is asked for again while it runs, sixty days before its end', async () => {
  const { shown, clock, asked } = await open({ 'tls.certificateFile': '', 'tls.keyFile': '' })
  clock.advance(764 * DAY)
  shown()
  expect(asked).toHaveLength(1)
  clock.advance(2 * DAY)
  shown()
  expect(asked).toHaveLength(2)
})

test('a file that changes is shown from the next handshake on', async () => {
  replace(certificateFile, mine.cert)
  replace(keyFile, mine.key)
  const { shown, certificates, changes } = await open()
  expect(shown()).toBe(mine.fingerprint256)
  expect(certificates.facts()).toMatchObject({ from: 'file', names: ['mail.home.test'], subject: 'CN=mail.home.test' })
  const before = changes()
  replace(certificateFile, next.cert)
  replace(keyFile, next.key)
  expect(shown()).toBe(next.fingerprint256)
  expect(certificates.pem()).toBe(next.cert)
  expect(changes()).toBeGreaterThan(before)
})

test('key, certificate and chain may be in one file', async () => {
  replace(certificateFile, `${mine.key}${mine.cert}${next.cert}`)
  const { shown, certificates } = await open({ 'tls.certificateFile': certificateFile, 'tls.keyFile': '' })
  expect(shown()).toBe(mine.fingerprint256)
  expect(certificates.pem()).toContain(next.cert.trim())
})

test('between a new certificate and its new key the one before stays, and that is said once', async () => {
  replace(certificateFile, mine.cert)
  replace(keyFile, mine.key)
  const { shown, certificates, said } = await open()
  shown()
  replace(certificateFile, next.cert)
  for (let n = 0; n < 5; n++) expect(shown()).toBe(mine.fingerprint256)
  expect(certificates.facts().trouble).toBe(
    `read the certificate from "${keyFile}": its key is not that of the certificate; the one before it is used`,
  )
  expect(said.filter((line) => line.includes('is not that of'))).toHaveLength(1)
  replace(keyFile, next.key)
  expect(shown()).toBe(next.fingerprint256)
  expect(certificates.facts().trouble).toBeNull()
})

test.each<readonly [string, string | undefined, string]>([
  ['is not there', undefined, 'there is no such file'],
  ['holds no certificate', 'nothing', 'it holds no PEM certificate'],
  ['holds half a certificate', mine.cert.replace(/.{200}/s, ''), 'it holds no PEM certificate'],
  ['holds rubbish', mine.cert.replaceAll(/M/g, 'N'), 'OpenSSL cannot read its certificate or key'],
  ['is far too long', 'x'.repeat(2_000_000), 'it is no PEM file'],
])('with a file that %s the own certificate is shown, and why', async (_, text, why) => {
  if (text !== undefined) replace(certificateFile, text)
  replace(keyFile, mine.key)
  const { shown, certificates } = await open()
  expect(shown()).toBe(own.fingerprint256)
  expect(certificates.facts().trouble).toContain(why)
  replace(certificateFile, mine.cert)
  expect(shown()).toBe(mine.fingerprint256)
})

const encrypted = createPrivateKey(mine.key).export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'of its owner',
})
test.each<readonly [string, string | undefined, string]>([
  ['is not there', undefined, 'there is no such file'],
  ['is encrypted', String(encrypted), 'needs a passphrase'],
  ['holds no key', mine.cert, 'it holds no PEM private key'],
  ['begins keys without end', '-----BEGIN PRIVATE KEY-----\n'.repeat(36_000), 'it holds no PEM private key'],
])('with a key file that %s the own certificate is shown, and why', async (_, text, why) => {
  replace(certificateFile, mine.cert)
  if (text !== undefined) replace(keyFile, text)
  const { shown, certificates } = await open()
  expect(shown()).toBe(own.fingerprint256)
  expect(certificates.facts().trouble).toContain(why)
})

test('says that a certificate of the file has ended', async () => {
  replace(certificateFile, mine.cert)
  replace(keyFile, mine.key)
  const { shown, certificates, clock } = await open()
  shown()
  expect(certificates.facts().trouble).toBeNull()
  clock.advance(900 * DAY)
  shown()
  expect(certificates.facts().trouble).toContain('ended on')
})
