import { execFileSync } from 'node:child_process'
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { describe, expect, test } from 'vitest'
import { RelaxedBodyHash, relaxedField } from './dkim-canonical.ts'
import { checkSignature, makeSignature, type SigningKey } from './dkim.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed = generateKeyPairSync('ed25519')
const keys: readonly (SigningKey & { readonly publicKey: KeyObject })[] = [
  { ...rsa, domain: 'sender.test', selector: 'r1', algorithm: 'rsa-sha256' },
  { ...ed, domain: 'sender.test', selector: 'e1', algorithm: 'ed25519-sha256' },
]
const records = {
  'r1._domainkey.sender.test': `v=DKIM1; k=rsa; p=${rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
  'e1._domainkey.sender.test': `v=DKIM1; k=ed25519; p=${ed.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')}`,
}
const NOW = Date.now()
const times = { nowMs: NOW, expiresMs: NOW + 14 * 86_400_000 }

const hashOf = (body: Buffer, cuts: readonly number[] = []) => {
  const hash = new RelaxedBodyHash()
  let at = 0
  for (const cut of [...cuts].map((one) => one % (body.length + 1)).toSorted((a, b) => a - b)) {
    hash.push(body.subarray(at, cut))
    at = Math.max(at, cut)
  }
  hash.push(body.subarray(at))
  return hash.digest()
}
/** Signs with both keys; returns the signed message. */
const signAll = (head: string, body: string, cuts: readonly number[] = []) => {
  const bodyHash = hashOf(Buffer.from(body, 'latin1'), cuts)
  return keys.map((key) => makeSignature({ head, bodyHash }, key, times)).join('') + head + body
}
function dkimpy(messages: readonly string[]): (boolean | string)[][] {
  const cases = messages.map((one) => ({
    message: Buffer.from(one, 'latin1').toString('base64'),
    records,
    signatures: 2,
  }))
  const oracle = fileURLToPath(new URL('../../test/support/dkim-oracle.py', import.meta.url))
  return JSON.parse(
    // Debian's own: another Python of the machine knows nothing of its packages.
    execFileSync('/usr/bin/python3', [oracle], { input: JSON.stringify(cases), encoding: 'utf8', maxBuffer: 1e8 }),
  ) as (boolean | string)[][]
}

const HEAD =
  'From: Ada <ada@sender.test>\r\nTo: bob@dest.test\r\nSubject: Hi\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\n'

describe('signatures', () => {
  // RFC 8463 appendix A: one message, signed with both algorithms by somebody else.
  const message = `From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

`.replaceAll('\n', '\r\n')
  const body = 'Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n'
  const vectors = {
    'ed25519-sha256': {
      signature: `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
`,
      spki: Buffer.concat([
        Buffer.from('302a300506032b6570032100', 'hex'),
        Buffer.from('11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=', 'base64'),
      ]),
    },
    'rsa-sha256': {
      signature: `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
`,
      spki: Buffer.from(
        'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB',
        'base64',
      ),
    },
  }
  test.each(['ed25519-sha256', 'rsa-sha256'] as const)('that of RFC 8463 appendix A with %s is good', (algorithm) => {
    const { signature, spki } = vectors[algorithm]
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    const parts = { head: message, bodyHash: hashOf(Buffer.from(body)) }
    expect(checkSignature(signature.replaceAll('\n', '\r\n'), parts, publicKey)).toBeUndefined()
    const changed = { ...parts, head: message.replace('dinner', 'supper') }
    expect(checkSignature(signature.replaceAll('\n', '\r\n'), changed, publicKey)).toBe('it does not fit the header')
  })

  const line = fc.string({
    unit: fc.constantFrom('a', 'Z', '9', ' ', '  ', '\t', '.', '=', ';', ':', '\xe4', '-'),
    maxLength: 40,
  })
  const bodies = fc.array(line, { maxLength: 12 }).map((lines) => lines.map((one) => `${one}\r\n`).join(''))
  const value = fc
    .array(fc.string({ unit: fc.constantFrom('a', 'B', ' ', '\t', '"', '<', ';', '=', ':'), maxLength: 20 }), {
      minLength: 1,
      maxLength: 3,
    })
    .map((parts) => parts.map((part) => `x${part}y`).join('\r\n\t '))
  const names = [
    'To',
    'CC',
    'subject',
    'X-Other',
    'Received',
    'Message-ID',
    'Content-Type',
    'List-Id',
    'Reply-To',
    'Date',
  ]
  const heads = fc
    .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom('', ' '), value), { maxLength: 10 })
    .map((fields) => `From: Ada <ada@sender.test>\r\n${fields.map(([n, s, v]) => `${n}:${s}${v}\r\n`).join('')}\r\n`)

  test('of messages of every shape are good for dkimpy, for mailauth and for ourselves', async () => {
    const cases = fc.sample(fc.tuple(heads, bodies, fc.array(fc.nat(), { maxLength: 5 })), 60)
    const signed = cases.map(([head, body, cuts]) => signAll(head, body, cuts))
    expect(dkimpy(signed)).toEqual(signed.map(() => [true, true]))
    const resolver = async (name: string) => [[records[name as keyof typeof records]]]
    for (const one of signed.slice(0, 20)) {
      const { results } = await dkimVerify(Buffer.from(one, 'latin1'), { resolver })
      expect(results.map(({ status }) => status.result)).toEqual(['pass', 'pass'])
    }
    for (const [n, [head, body]] of cases.entries()) {
      const bodyHash = hashOf(Buffer.from(body, 'latin1'))
      const own = signed[n]?.split(/(?=^DKIM-Signature|^From:)/m) ?? []
      for (const [i, key] of keys.entries())
        expect(checkSignature(own[i] ?? '', { head, bodyHash }, key.publicKey)).toBeUndefined()
    }
  })

  test('nobody can add a second From, Subject or Content-Type to what is signed', () => {
    const head = HEAD.replace('\r\n\r\n', '\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n')
    const signed = signAll(head, 'hello\r\n')
    const added = ['From: eve@evil.test', 'Subject: Pay', 'To: all@dest.test', 'Content-Type: text/html']
    const forged = added.flatMap((field) => [
      `${field}\r\n${signed}`,
      signed.replace('\r\n\r\n', `\r\n${field}\r\n\r\n`),
    ])
    expect(dkimpy([signed, ...forged]).map(([first]) => first)).toEqual([true, ...forged.map(() => false)])
  })

  test('say when they were made and when they end, in lines that mail may have', () => {
    const bodyHash = hashOf(Buffer.from('x\r\n'))
    const signature = makeSignature({ head: HEAD, bodyHash }, keys[0] as SigningKey, {
      nowMs: 1_000_900,
      expiresMs: 2_000_000,
    })
    expect(signature).toMatch(
      /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=sender\.test;\r\n\ts=r1; t=1000; x=2000;\r\n/,
    )
    expect(signature).toContain('h=from:from:to:to:subject:subject:date:date;')
    expect(Math.max(...signature.split('\r\n').map((one) => one.length))).toBeLessThan(79)
  })
})

describe('relaxed', () => {
  test.each([
    ['', ''],
    ['\r\n\r\n', ''],
    [' \t\r\n  \r\n', ''],
    [' C \r\nD \t E\r\n\r\n\r\n', ' C\r\nD E\r\n'], // RFC 6376 §3.4.5
    ['a', 'a\r\n'],
    ['\r\n\r\na\r\n', '\r\n\r\na\r\n'],
    ['a \r\n\r\nb\t\tc', 'a\r\n\r\nb c\r\n'],
    ['a\rb\r\n', 'a\rb\r\n'],
    ['\ta', ' a\r\n'],
  ])('the body %j is hashed as %j, however it comes in pieces', (body, canonical) => {
    const wanted = createHash('sha256').update(canonical).digest('base64')
    for (const cuts of [[], [1], [2], [1, 2, 3, 4, 5], [body.length - 1]])
      expect(hashOf(Buffer.from(body), cuts)).toBe(wanted)
  })
  test.each([
    ['A: X\r\n', 'a:X'],
    ['B : Y\t\r\n\tZ  \r\n', 'b:Y Z'], // RFC 6376 §3.4.5
    ['Subject:\r\n folded\r\n', 'subject:folded'],
    ['C:\r\n', 'c:'],
  ])('the field %j becomes %j', (field, canonical) => expect(relaxedField(field)).toBe(canonical))
})
