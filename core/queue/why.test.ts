import { expect, test } from 'vitest'
import { explain } from './why.ts'

const words = (errno: string) => explain({ at: 'connect', mx: 'mx.harbour.test', errno }, false).words

test('what a blocked port 25 looks like says so, and names the way out', () => {
  for (const errno of ['ETIMEDOUT', 'ECONNREFUSED', 'EHOSTUNREACH'])
    expect(words(errno)).toMatch(
      /^There is no .*mx\.harbour\.test.*your network blocks port 25: send through a smarthost/,
    )
})

test('what no other route would mend does not name one', () => {
  expect(words('ENETUNREACH')).toBe(
    'There is no connection to mx.harbour.test: this computer has no way there; is it online?',
  )
  expect(words('ECONNRESET')).not.toContain('smarthost')
})

test.each([
  ['requiretls', true, '5.7.30'], // RFC 8689 §8.4
  ['mta-sts', false, '4.7.5'],
  ['ratchet', false, '4.7.5'],
] as const)('what %s keeps back has a status that says so', (policy, isFinal, status) => {
  const told = explain({ at: 'policy', mx: 'mx.harbour.test', policy, reason: 'no TLS' }, isFinal)
  expect(told).toMatchObject({ status, words: expect.stringContaining('as securely as asked for: no TLS.') })
})
