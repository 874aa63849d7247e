import { expect, test } from 'vitest'
import { cutAndResume, MANY_MESSAGES } from '../support/pop3-cut.ts'

test('a fetch that breaks off at any byte at all goes on without a message lost or twice', async () => {
  const { faults } = await cutAndResume(1)
  expect(faults).toEqual([])
}, 600_000)

test('one that brings headers first does so, too', async () => {
  const { faults } = await cutAndResume(7, MANY_MESSAGES, { headersFirst: 'always' })
  expect(faults).toEqual([])
}, 600_000)
