import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createHash, createHmac } from 'node:crypto'
import { ScramClient, scramKeys } from '../../test/support/scram-client.ts'
import { beginScram, finishScram, readClientFirst, type ScramCredentials, type ScramTerms } from './scram.ts'

const primitives = {
  sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest(),
  hmac: (key: Uint8Array, text: string) => createHmac('sha256', key).update(text).digest(),
}
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const LOGIN = { userId: 7, address: 'user@example.org' }
const of = (...passwords: string[]): ScramCredentials => ({
  salt: SALT,
  rounds: 4096,
  keys: passwords.map((password, i) => ({
    ...scramKeys(password, SALT, 4096),
    signIn: () => ({ ...LOGIN, userId: LOGIN.userId + i }),
  })),
})
const PLAIN: ScramTerms = { isPlus: false, bindings: [] }
const PLUS: ScramTerms = { isPlus: true, bindings: ['tls-exporter', 'tls-server-end-point'] }
const CHANNEL = Buffer.from('thirty-two bytes of this channel')

/** The whole exchange; undefined where the server breaks it off. */
function login(
  client: ScramClient,
  credentials: ScramCredentials,
  terms = PLAIN,
  change: (final: string) => string = (final) => final,
) {
  const first = readClientFirst(client.first, terms)
  if (first === undefined) return undefined
  const exchange = beginScram(first, credentials, '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0')
  return finishScram(exchange, change(client.final(exchange.serverFirst)), CHANNEL, primitives)
}

test('says and believes what RFC 7677 §3 shows', () => {
  const first = readClientFirst('n,,n=user,r=rOprNGfwEbeRWgbNEkqO', PLAIN)
  if (first === undefined) throw new Error('not read')
  const exchange = beginScram(first, of('pencil'), '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0')
  expect(exchange.serverFirst).toBe(
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  )
  const final =
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
  expect(finishScram(exchange, final, undefined, primitives)).toEqual({
    login: LOGIN,
    serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  })
})

test('takes any of several passwords of one user, and no other', () => {
  const credentials = of('pencil', 'program one', 'program two')
  for (const [i, password] of ['pencil', 'program one', 'program two'].entries()) {
    const client = new ScramClient('user', password)
    const proof = login(client, credentials)
    expect(proof).toEqual({ login: { ...LOGIN, userId: 7 + i }, serverFinal: client.verifier })
  }
  expect(login(new ScramClient('user', 'Pencil'), credentials)).toBeUndefined()
  expect(login(new ScramClient('user', 'pencil'), of())).toBeUndefined()
})

test('lets nobody in by a password that was revoked during the exchange', () => {
  const { keys, ...rest } = of('pencil')
  const revoked = { ...rest, keys: keys.map((key) => ({ ...key, signIn: () => undefined })) }
  expect(login(new ScramClient('user', 'pencil'), revoked)).toBeUndefined()
})

test('reads a name with comma and equals sign as it was meant', () => {
  expect(readClientFirst('n,,n=a=2Cb=3Dc,r=x', PLAIN)?.user).toBe('a,b=c')
  expect(readClientFirst('n,a=a=2Cb,n=a=2Cb,r=x', PLAIN)?.user).toBe('a,b')
  expect(readClientFirst('n,,n=jürgen,r=x', PLAIN)?.user).toBe('jürgen')
})

test.each([
  ['nothing', ''],
  ['no header', 'n=user,r=x'],
  ['no name', 'n,,r=x'],
  ['an empty name', 'n,,n=,r=x'],
  ['a lone equals sign in the name', 'n,,n=a=b,r=x'],
  ['no nonce', 'n,,n=user'],
  ['an empty nonce', 'n,,n=user,r='],
  ['a nonce with a space', 'n,,n=user,r=a b'],
  ['an endless nonce', `n,,n=user,r=${'x'.repeat(201)}`],
  ['a mandatory extension (RFC 5802 §5.1)', 'n,,m=ext,n=user,r=x'],
  ['another user to act for', 'n,a=eve,n=user,r=x'],
  ['a NUL', 'n,,n=us\0er,r=x'],
  ['a channel binding that was not chosen', 'p=tls-exporter,,n=user,r=x'],
  ['an unknown flag', 'q,,n=user,r=x'],
])('refuses a first message with %s', (_, text) => expect(readClientFirst(text, PLAIN)).toBeUndefined())

describe('channel binding', () => {
  const plus = (gs2: string, binding = CHANNEL) => new ScramClient('user', 'pencil', { gs2, binding })

  test.each(['p=tls-exporter,,', 'p=tls-server-end-point,,'])('holds with %s', (gs2) => {
    expect(login(plus(gs2), of('pencil'), PLUS)?.login).toEqual(LOGIN)
  })
  test('fails over another channel, as it is with someone in the middle', () => {
    expect(login(plus('p=tls-exporter,,', Buffer.from('another')), of('pencil'), PLUS)).toBeUndefined()
    expect(login(plus('p=tls-exporter,,', Buffer.alloc(0)), of('pencil'), PLUS)).toBeUndefined()
  })
  test('refuses bindings we do not have, and -PLUS without one', () => {
    for (const gs2 of ['p=tls-unique,,', 'n,,', 'y,,']) expect(login(plus(gs2), of('pencil'), PLUS)).toBeUndefined()
    const only = { isPlus: true, bindings: ['tls-server-end-point'] } as const
    expect(login(plus('p=tls-exporter,,'), of('pencil'), only)).toBeUndefined()
  })
  test('takes `y` only where -PLUS was not offered: elsewhere somebody has taken it off the list', () => {
    const client = new ScramClient('user', 'pencil', { gs2: 'y,,' })
    expect(login(client, of('pencil'), PLAIN)?.login).toEqual(LOGIN)
    expect(login(client, of('pencil'), { ...PLUS, isPlus: false })).toBeUndefined()
    const unaware = new ScramClient('user', 'pencil')
    expect(login(unaware, of('pencil'), { ...PLUS, isPlus: false })?.login).toEqual(LOGIN)
  })
})

test.each<[string, (final: string) => string]>([
  ['another nonce', (final) => final.replace('r=rOpr', 'r=rOpx')],
  ['the client’s nonce alone', (final) => final.replace(/,r=[^,]*/, ',r=rOprNGfwEbeRWgbNEkqO')],
  ['another header', (final) => final.replace('c=biws', 'c=eSws')],
  ['no proof', (final) => final.replace(/,p=.*/, '')],
  ['a short proof', (final) => final.replace(/,p=.*/, ',p=AAAA')],
  ['a proof of nothing', (final) => final.replace(/,p=.*/, `,p=${Buffer.alloc(32).toString('base64')}`)],
  ['something behind the proof', (final) => `${final},x=1`],
  ['an extension that was not hashed', (final) => final.replace(',p=', ',x=1,p=')],
])('lets nobody in by a last message with %s', (_, change) => {
  expect(login(new ScramClient('user', 'pencil'), of('pencil'), PLAIN, change)).toBeUndefined()
})

test('whatever one byte of the last message is changed to, nobody gets in', () => {
  const client = new ScramClient('user', 'pencil')
  const first = readClientFirst(client.first, PLAIN)
  if (first === undefined) throw new Error('not read')
  const exchange = beginScram(first, of('pencil'), 'fresh')
  const final = client.final(exchange.serverFirst)
  fc.assert(
    fc.property(fc.nat(final.length - 1), fc.integer({ min: 0x20, max: 0x7e }), (at, code) => {
      const changed = final.slice(0, at) + String.fromCharCode(code) + final.slice(at + 1)
      const proof = finishScram(exchange, changed, undefined, primitives)
      expect(proof !== undefined).toBe(sameMessage(changed, final))
    }),
    { numRuns: 500 },
  )
})
/** Base64 may be written so that bits which mean nothing differ. */
function sameMessage(changed: string, final: string): boolean {
  const [before, proof = ''] = changed.split(',p=')
  const [same, meant = ''] = final.split(',p=')
  const isBase64 = /^[A-Za-z0-9+/]{43}=$/.test(proof)
  return before === same && isBase64 && Buffer.from(proof, 'base64').equals(Buffer.from(meant, 'base64'))
}
