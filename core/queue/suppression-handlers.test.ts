import { afterEach, beforeEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { suppressionHandlers } from './suppression-handlers.ts'

let store: TestStore
let suppression: ReturnType<typeof suppressionHandlers>
beforeEach(() => {
  store = openInlineStore(fakeClock())
  suppression = suppressionHandlers({ store })
})
afterEach(() => store.closeAndRemove())

test('an address is marked, listed and forgotten', async () => {
  const added = await call(suppression.add, { address: ' "a b"@Remote.example ' })
  expect(added).toMatchObject({ address: '"a b"@remote.example', failures: 0, byHand: true, lastReply: null })
  expect(await call(suppression.list, undefined)).toEqual([added])
  expect(await call(suppression.remove, { address: '"A B"@remote.example' })).toEqual({ ok: true })
  expect(await call(suppression.list, undefined)).toEqual([])
})

test('what is no address and what is not listed are told apart', async () => {
  await expect(call(suppression.add, { address: 'bob' })).rejects.toMatchObject({ code: 'address.invalid' })
  await expect(call(suppression.remove, { address: 'bob@remote.example' })).rejects.toMatchObject({ code: 'not-found' })
})
