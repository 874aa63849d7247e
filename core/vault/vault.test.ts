import { X509Certificate, createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestStore } from '../../test/support/store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { selfSigned } from './certificate.ts'
import { openVault } from './key.ts'
import { vault } from './vault.ts'
import { ownCertificate } from './own-certificate.ts'
import { openPasswords } from './passwords.ts'
import { freshSalt, makeVerifier, parseVerifier, ROUNDS, whichFits } from './verifier.ts'

describe('the database key', () => {
  let root: string
  let folder: string
  let keyFile: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'posthorn-vault-'))
    folder = join(root, 'data')
    keyFile = join(root, 'keys', 'our.key')
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))
  const open = (create = false, at = keyFile) => openVault({ folder, keyFile: at, create })

  test('is made once and found again', () => {
    const made = open(true)
    expect(made).toHaveLength(32)
    expect(open()).toEqual(made)
    expect(open(true)).toEqual(made)
  })

  test('lies in no file as it is, and both files are the owner’s alone', () => {
    const key = open(true)
    const book = readFileSync(join(folder, 'key.json'))
    for (const text of [book, readFileSync(keyFile)]) {
      expect(text.includes(key.toString('base64'))).toBe(false)
      expect(text.includes(key.toString('hex'))).toBe(false)
      expect(text.includes(key)).toBe(false)
    }
    if (process.platform === 'win32') return
    expect(statSync(join(folder, 'key.json')).mode & 0o777).toBe(0o600)
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  test('is not made where none is asked for', () => {
    expect(() => open()).toThrowError(expect.objectContaining({ code: 'vault.key-missing' }))
    expect(existsSync(folder)).toBe(false)
  })

  test('is not made anew beside mail that another key wrote', () => {
    open(true)
    writeFileSync(join(folder, 'mail.db'), 'mail')
    rmSync(join(folder, 'key.json'))
    expect(() => open(true)).toThrowError(expect.objectContaining({ code: 'vault.key-missing' }))
    expect(existsSync(join(folder, 'key.json'))).toBe(false)
  })

  test('is not made anew beside a store of many gigabytes', () => {
    open(true)
    rmSync(join(folder, 'key.json'))
    writeFileSync(join(folder, 'mail.db'), '')
    truncateSync(join(folder, 'mail.db'), 5 * 1024 ** 3) // all of it a hole
    expect(() => open(true)).toThrowError(expect.objectContaining({ code: 'vault.key-missing' }))
    expect(existsSync(join(folder, 'key.json'))).toBe(false)
  })

  test('says what to do when the key file is gone, and makes no other', () => {
    open(true)
    rmSync(keyFile)
    expect(() => open(true)).toThrowError(/put the file back from your backup or name its place with --key-file/)
    expect(existsSync(keyFile)).toBe(false)
  })

  test.skipIf(process.platform === 'win32')('refuses a key file that others may read', () => {
    open(true)
    chmodSync(keyFile, 0o644)
    expect(() => open()).toThrowError(expect.objectContaining({ code: 'vault.key-exposed' }))
  })

  test('refuses the key file of another folder, a file that is none, and a damaged key.json', () => {
    open(true)
    const other = join(root, 'other.key')
    openVault({ folder: join(root, 'other'), keyFile: other, create: true })
    expect(() => open(false, other)).toThrowError(expect.objectContaining({ code: 'vault.key-wrong' }))
    writeFileSync(other, 'not a key', { mode: 0o600 })
    expect(() => open(false, other)).toThrowError(expect.objectContaining({ code: 'vault.key-wrong' }))
    for (const text of ['{', '[]', '{"version":2,"wraps":[]}', '{"version":1,"wraps":[{"kind":"key-file"}]}', '']) {
      writeFileSync(join(folder, 'key.json'), text)
      expect(() => open(true), text).toThrowError(expect.objectContaining({ code: 'vault.key-wrong' }))
      expect(readFileSync(join(folder, 'key.json'), 'utf8')).toBe(text)
    }
  })

  test('opens beside ways in that this version does not know', () => {
    const key = open(true)
    const path = join(folder, 'key.json')
    const book = JSON.parse(readFileSync(path, 'utf8'))
    book.wraps.unshift({ kind: 'passphrase', salt: 'x' })
    writeFileSync(path, JSON.stringify(book))
    expect(open()).toEqual(key)
  })
})

describe('a password verifier', () => {
  test('fits its password alone', async () => {
    const verifier = await makeVerifier('correct horse')
    expect(verifier.rounds).toBe(65_536)
    expect(ROUNDS).toBe(verifier.rounds)
    expect(await whichFits([verifier], 'correct horse')).toBe(verifier)
    expect(await whichFits([verifier], 'correct horsf')).toBe(undefined)
    expect(await whichFits([], 'correct horse')).toBe(undefined)
  })

  test('is what RFC 5802 §3 says, computed another way', async () => {
    const { salt, rounds, storedKey, serverKey } = await makeVerifier('pencil', freshSalt(4096))
    const salted = pbkdf2Sync('pencil', Buffer.from(salt, 'base64'), rounds, 32, 'sha256')
    const clientKey = createHmac('sha256', salted).update('Client Key').digest()
    expect(storedKey).toBe(createHash('sha256').update(clientKey).digest('base64'))
    expect(serverKey).toBe(createHmac('sha256', salted).update('Server Key').digest('base64'))
  })

  test('checks the example of RFC 7677 §3', async () => {
    const salted = pbkdf2Sync('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096, 32, 'sha256')
    const serverKey = createHmac('sha256', salted).update('Server Key').digest()
    const said =
      'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
    expect(createHmac('sha256', serverKey).update(said).digest('base64')).toBe(
      '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    )
    const clientKey = createHmac('sha256', salted).update('Client Key').digest()
    const verifier = {
      scheme: 'SCRAM-SHA-256',
      rounds: 4096,
      salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
      storedKey: createHash('sha256').update(clientKey).digest('base64'),
      serverKey: serverKey.toString('base64'),
    } as const
    expect(await whichFits([verifier], 'pencil')).toBe(verifier)
    expect(await whichFits([verifier], 'pencils')).toBe(undefined)
  })

  test('does not care how a keyboard composes a letter', async () => {
    const verifier = await makeVerifier('Grüße\u00A0\u2168', freshSalt(4096))
    expect(await whichFits([verifier], 'Gru\u0308ße IX')).toBe(verifier)
  })

  test('lets many ask at once and still answers each of them rightly', async () => {
    const verifier = await makeVerifier('right', freshSalt(4096))
    const asked = Array.from({ length: 40 }, (_, i) => whichFits([verifier], i % 3 === 0 ? 'right' : `wrong ${i}`))
    expect(await Promise.all(asked)).toEqual(asked.map((_, i) => (i % 3 === 0 ? verifier : undefined)))
  })

  test('is refused when what is stored is none', () => {
    for (const text of ['', '{}', 'null', '[1]', '{"scheme":"PLAIN"}'])
      expect(parseVerifier(text), text).toBe(undefined)
  })
})

describe('the own certificate', () => {
  test('names this computer and nothing else, and is no authority', () => {
    const { cert, key, fingerprint256 } = selfSigned(['localhost', '127.0.0.1', '::1'])
    const read = new X509Certificate(cert)
    expect(read.checkHost('localhost')).toBe('localhost')
    expect(read.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(read.checkIP('::1')).toBe('::1')
    expect(read.checkHost('example.org')).toBe(undefined)
    expect(read.ca).toBe(false)
    expect(read.verify(read.publicKey)).toBe(true)
    expect(read.fingerprint256).toBe(fingerprint256)
    expect(key).toContain('BEGIN PRIVATE KEY')
  })

  test('says its dates rightly after 2049', () => {
    const nowMs = Date.UTC(2049, 6, 1)
    const { cert, notAfterMs } = selfSigned(['localhost'], { nowMs, days: 825 })
    const read = new X509Certificate(cert)
    expect(Date.parse(read.validFrom)).toBe(nowMs - 3_600_000)
    expect(Date.parse(read.validTo)).toBe(notAfterMs)
  })

  test('serves TLS to a client that trusts it', async () => {
    const { cert, key } = selfSigned(['localhost', '127.0.0.1', '::1'])
    const server = createServer({ cert, key }, (socket) => socket.end('hello'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const socket = connect({ host: '127.0.0.1', port, ca: cert })
    const said: Buffer[] = []
    for await (const part of socket) said.push(part as Buffer)
    expect(Buffer.concat(said).toString()).toBe('hello')
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('the vault of a store', () => {
  let store: TestStore
  beforeEach(async () => void (store = await openTestStore()))
  afterEach(() => store.closeAndRemove())

  test('keeps, lists and truly removes secrets', async () => {
    const kept = vault(store)
    await kept.putSecret('account-password', '3', 'pässword')
    await kept.putSecret('account-password', '3', 'another')
    await kept.putSecret('account-password', '12', 'x')
    expect(kept.getSecret('account-password', '3')).toBe('another')
    expect(kept.listNames('account-password')).toEqual(['12', '3'])
    await kept.removeSecret('account-password', '3')
    expect(kept.getSecret('account-password', '3')).toBe(undefined)
    expect(kept.listNames('tls')).toEqual([])
  })

  test('knows whose password it is and keeps only verifiers', async () => {
    const passwords = await openPasswords(store)
    const own = { kind: 'local-user', name: '1' }
    const value = await passwords.verifierOf('open sesame', [])
    expect(Buffer.from(value).toString()).not.toContain('sesame')
    await store.write('secret.put', { ...own, value })
    const made = await passwords.newAppPassword([own])
    const app = { kind: 'app-password', name: '1' }
    await store.write('secret.put', { ...app, value: made.verifier })

    expect(made.password).toMatch(/^(?:[a-z2-9]{4}-){5}[a-z2-9]{4}$/)
    expect(await passwords.find([own, app], 'open sesame')).toBe(own)
    expect(await passwords.find([own, app], made.password)).toBe(app)
    expect(await passwords.find([own, app], made.password.replaceAll('-', ' ').toUpperCase())).toBe(app)
    expect(await passwords.find([own], made.password)).toBe(undefined)
    expect(await passwords.find([{ kind: 'local-user', name: '2' }], 'open sesame')).toBe(undefined)
    expect(await passwords.find([], 'open sesame')).toBe(undefined)
  })

  test('has one challenge of SCRAM for all passwords of a user, and always the same for nobody', async () => {
    const passwords = await openPasswords(store)
    const own = { kind: 'local-user', name: '1' }
    await store.write('secret.put', { ...own, value: await passwords.verifierOf('open sesame', []) })
    const { verifier } = await passwords.newAppPassword([own])
    const app = { kind: 'app-password', name: '1' }
    await store.write('secret.put', { ...app, value: verifier })
    const { salt, rounds, keys } = passwords.scramKeys([own, app], 'ada@home.test')
    expect(keys.map(({ secret }) => secret)).toEqual([own, app])
    const salted = pbkdf2Sync('open sesame', salt, rounds, 32, 'sha256')
    expect(keys[0]?.serverKey).toEqual(createHmac('sha256', salted).update('Server Key').digest())

    const nobody = passwords.scramKeys([], 'bob@home.test')
    expect(nobody).toMatchObject({ rounds, keys: [] })
    expect(nobody.salt).toHaveLength(salt.length)
    expect((await openPasswords(store)).scramKeys([], 'bob@home.test')).toEqual(nobody)
    expect(passwords.scramKeys([], 'eve@home.test').salt).not.toEqual(nobody.salt)
  })

  test('makes one certificate an installation, and another before it ends, of the same key', async () => {
    const kept = vault(store)
    const nowMs = Date.UTC(2026, 0, 1)
    const first = await ownCertificate(kept, '', nowMs)
    expect(await ownCertificate(kept, '', nowMs + 86_400_000)).toEqual(first)
    const later = await ownCertificate(kept, '', first.notAfterMs - 30 * 86_400_000)
    expect(later.fingerprint256).not.toBe(first.fingerprint256)
    expect(later.key).toBe(first.key)
    expect(await ownCertificate(kept, '', first.notAfterMs)).toEqual(later)
  })

  test('makes a certificate for a chosen name, too, and for no name that is chosen no longer', async () => {
    const kept = vault(store)
    const nowMs = Date.UTC(2026, 0, 1)
    const named = await ownCertificate(kept, 'mail.home.test', nowMs)
    const read = new X509Certificate(named.cert)
    expect(read.checkHost('mail.home.test')).toBe('mail.home.test')
    expect(read.checkIP('127.0.0.1')).toBe('127.0.0.1')
    const addressed = await ownCertificate(kept, '192.0.2.1', nowMs)
    expect(new X509Certificate(addressed.cert).checkIP('192.0.2.1')).toBe('192.0.2.1')
    const plain = await ownCertificate(kept, '', nowMs)
    expect(plain.key).toBe(named.key)
    expect(new X509Certificate(plain.cert).checkHost('mail.home.test')).toBe(undefined)
  })
})
