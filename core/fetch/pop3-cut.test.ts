import { expect, test } from 'vitest'
import { cutAndResume, MANY_MESSAGES } from '../../test/support/pop3-cut.ts'

test('a fetch that breaks off at any of many bytes goes on without a message lost or twice', async () => {
  const { tried, faults } = await cutAndResume(37)
  expect(tried).toBeGreaterThan(40)
  expect(faults).toEqual([])
})

test('one that brings headers first does so, too', async () => {
  const { tried, faults } = await cutAndResume(149, MANY_MESSAGES, { headersFirst: 'always' })
  expect(tried).toBeGreaterThan(40)
  expect(faults).toEqual([])
})
