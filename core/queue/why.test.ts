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
