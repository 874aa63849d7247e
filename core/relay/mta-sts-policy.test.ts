import fc from 'fast-check'
import { parsePolicy, resolvePolicy, validateMx } from 'mailauth/lib/mta-sts.js'
import { describe, expect, test } from 'vitest'
import { LONGEST_AGE_SECONDS, listsHost, parseStsPolicy, parseStsRecords } from './mta-sts-policy.ts'

const file = (...lines: string[]) => lines.join('\r\n')
const GOOD = file('version: STSv1', 'mode: enforce', 'mx: mail.example.com', 'mx: *.example.net', 'max_age: 604800', '')

describe('a policy file', () => {
  test('as RFC 8461 §3.2 has it', () =>
    expect(parseStsPolicy(GOOD)).toEqual({
      mode: 'enforce',
      mx: ['mail.example.com', '*.example.net'],
      maxAgeSeconds: 604_800,
    }))
  test.each([
    ['bare LF', GOOD.replaceAll('\r', '')],
    ['unknown fields', `${GOOD}x-more: 1\r\n`],
    ['a second mode', `${GOOD}mode: none\r\n`],
    ['blanks around values', GOOD.replace('mode: enforce', 'mode: \tenforce \t')],
    [
      'other order',
      file('max_age: 604800', 'mx: mail.example.com', 'mx: *.EXAMPLE.net', 'mode:enforce', 'version:STSv1'),
    ],
  ])('with %s is the same', (_, text) => expect(parseStsPolicy(text)).toEqual(parseStsPolicy(GOOD)))
  test('for ever is for a year', () =>
    expect(parseStsPolicy(GOOD.replace('604800', '9999999999'))).toMatchObject({ maxAgeSeconds: LONGEST_AGE_SECONDS }))
  test.each([
    ['', 'its version is "", not STSv1'],
    [GOOD.replace('STSv1', 'STSv2'), 'its version is "STSv2", not STSv1'],
    [GOOD.replace('mode', 'Mode'), 'its mode is ""'],
    [GOOD.replace('604800', '-5'), 'its max_age is "-5"'],
    [GOOD.replace('604800', '1e3'), 'its max_age is "1e3"'],
    [GOOD.replace('*.example.net', 'a.*.example.net'), 'the mx pattern "a.*.example.net" is none'],
    [GOOD.replace('*.example.net', '*'), 'the mx pattern "*" is none'],
    [GOOD.replace('*.example.net', 'ex\u0000\u202eample'), 'the mx pattern "ex??ample" is none'],
    [file('version: STSv1', 'mode: testing', 'max_age: 1'), 'it lists no mx'],
    [
      `${GOOD}${Array.from({ length: 500 }, (_, n) => `mx: m${n}.example\r\n`).join('')}`,
      'it lists more than 500 hosts',
    ],
  ])('%j is none', (text, why) => expect(parseStsPolicy(text)).toBe(why))

  test('means what mailauth reads in it', () => {
    const name = fc.constantFrom('version', 'mode', 'mx', 'max_age', 'Mode', 'x-more', ' mx', 'MX')
    const value = fc.constantFrom(
      'STSv1',
      'enforce',
      'testing',
      'none',
      'a.example',
      '*.a.example',
      '*.',
      'a..b',
      '86400',
      '31557600',
      '-1',
      '',
    )
    const field = fc.tuple(name, fc.constantFrom(':', ': ', ' :', ':\t'), value).map((parts) => parts.join(''))
    const sound = fc.constantFrom(
      'version: STSv1',
      'mode: enforce',
      'mode: none',
      'max_age: 86400',
      'mx: a.example',
      'mx: *.B.example',
    )
    const lines = fc.array(fc.oneof({ weight: 4, arbitrary: sound }, field), { maxLength: 9 })
    fc.assert(
      fc.property(lines, fc.constantFrom('\n', '\r\n'), (all, end) => {
        const text = all.join(end)
        const ours = parseStsPolicy(text)
        let theirs: { mode: string; mx: readonly string[]; maxAgeSeconds: number } | string
        try {
          const {
            mode,
            mx = [],
            maxAge,
          } = parsePolicy(text, { strict: true }) as { mode: string; mx?: string[]; maxAge: number }
          theirs = { mode, mx, maxAgeSeconds: maxAge }
        } catch (error) {
          theirs = String(error)
        }
        if (typeof theirs === 'string') expect(typeof ours).toBe('string')
        else expect(ours).toEqual(theirs)
      }),
      { numRuns: 400 },
    )
  })
})

describe('a TXT record', () => {
  test.each([
    ['v=STSv1; id=20160831085700Z;', '20160831085700Z'],
    ['v=STSv1;id=1', '1'],
    ['v=STSv1 ; id=1 ; x-a=b:c', '1'],
    ['v=STSv1; x-a=b; id=1; id=2;', '1'],
  ])('%s names a policy', (record, id) =>
    expect(parseStsRecords(['v=spf1 -all', record])).toEqual({ kind: 'found', id }),
  )
  test.each([[[]], [['v=spf1 -all']], [['v=STSv2; id=1;']], [['V=STSv1; id=1;']], [[' v=STSv1; id=1']]])(
    'of others (%j) is none',
    (records) => expect(parseStsRecords(records)).toEqual({ kind: 'none' }),
  )
  test.each([
    'v=STSv1;',
    'v=STSv1; id=',
    'v=STSv1; id=a-b',
    `v=STSv1; id=${'1'.repeat(33)}`,
    'v=STSv1; id=1; ;',
    'v=STSv1; id=1; x',
  ])('%s is invalid', (record) => expect(parseStsRecords([record])).toMatchObject({ kind: 'invalid' }))
  test('twice is invalid (RFC 8461 §3.1)', () =>
    expect(parseStsRecords(['v=STSv1; id=1', 'v=STSv1; id=1'])).toMatchObject({ kind: 'invalid' }))

  test('means what mailauth reads in it', async () => {
    const part = fc.constantFrom(
      'id=1',
      'id=abc9',
      ' id=2 ',
      'x=y',
      'x-a=b:c',
      '',
      ' ',
      'id=a_b',
      'id',
      '=',
      'id = 3',
      'a b=c',
      'x=',
    )
    const record = fc.tuple(fc.constantFrom('v=STSv1', 'v=STSv1 ', 'v=STSv2'), fc.array(part, { maxLength: 4 }))
    await fc.assert(
      fc.asyncProperty(record, async ([version, parts]) => {
        const text = [version, ...parts].join(';')
        // A blank at the very end does no harm; mailauth has it as an error.
        const resolver = async () => [[text.trimEnd()]]
        const theirs = await resolvePolicy('x.example', { resolver, strict: true })
        const ours = parseStsRecords([text])
        expect(ours.kind === 'found' ? ours.id : false).toBe(theirs)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a host', () => {
  const policy = { mode: 'enforce', mx: ['mail.example.com', '*.example.net', '*.b.example'], maxAge: 1 } as const
  test.each(['mail.example.com', 'MAIL.example.com.', 'a.example.net', 'a-1.example.net'])('%s is listed', (host) => {
    expect(listsHost(policy, host)).toBe(true)
  })
  test.each([
    'example.com',
    'x.mail.example.com',
    'example.net',
    'a.b.example.net',
    '.example.net',
    'xexample.net',
    '',
  ])('%s is not listed', (host) => expect(listsHost(policy, host)).toBe(false))
  test('is listed where mailauth says so', () => {
    const label = fc.constantFrom('a', 'b', 'mail', 'example', 'net', 'com', 'x-y')
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
        const host = labels.join('.')
        const { valid } = validateMx(host, { ...policy, mx: [...policy.mx] } as never) as { valid: boolean }
        expect(listsHost(policy, host)).toBe(valid)
      }),
    )
  })
})
