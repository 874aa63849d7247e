import { expect, test } from 'vitest'
import { openWithLogin } from './account-login.ts'
import type { AccountLogin, NoLogin } from './fetch-deps.ts'

const token = (secret: string): AccountLogin => ({ kind: 'token', secret })
const again: NoLogin = { problem: 'Sign in again.', retry: 'person' }

/** Opens with logins in that order at a server that takes one of them; which were tried, and which were said to be refused. */
async function open(
  logins: readonly (AccountLogin | NoLogin | undefined)[],
  good: string,
  how: { signInId?: number | null; isRefusal?: boolean } = {},
) {
  const { signInId = 1, isRefusal = true } = how
  const tried: string[] = []
  const refused: (string | undefined)[] = []
  const result = await openWithLogin(
    { id: 7, signInId },
    { loginOf: (_, used) => logins[Math.min(refused.push(used), logins.length) - 1] },
    async ({ secret }) => ({ ok: tried.push(secret) > 0 && secret === good }),
    () => isRefusal,
  )
  return { result, tried, refused }
}

test('a token that is taken is used as it is', async () => {
  expect(await open([token('a')], 'a')).toEqual({ result: { ok: true }, tried: ['a'], refused: [undefined] })
})

test('one that is refused is changed for another one, once', async () => {
  expect(await open([token('a'), token('b')], 'b')).toEqual({
    result: { ok: true },
    tried: ['a', 'b'],
    refused: [undefined, 'a'],
  })
  expect(await open([token('a'), token('b'), token('c')], 'c')).toMatchObject({
    result: { ok: false },
    tried: ['a', 'b'],
  })
})

test.each<[string, Parameters<typeof open>]>([
  ['the same one comes again', [[token('a'), token('a')], 'b']],
  ['it failed for another reason', [[token('a'), token('b')], 'b', { isRefusal: false }]],
  ['the account has a secret of its own', [[token('a'), token('b')], 'b', { signInId: null }]],
])('nobody signs in twice where %s', async (_, how) => {
  expect(await open(...how)).toMatchObject({ result: { ok: false }, tried: ['a'] })
})

test('what keeps it from signing in is told, before and after a refusal', async () => {
  expect(await open([again], 'a')).toMatchObject({ result: again, tried: [] })
  expect(await open([token('a'), again], 'b')).toMatchObject({ result: again, tried: ['a'] })
  expect(await open([undefined], 'a')).toMatchObject({
    result: { problem: expect.stringContaining('is missing'), retry: 'person' },
  })
})
