import { expect, test } from 'vitest'
import type { ContactView } from '../../../../core/rpc/reading-contract.ts'
import { membersOf } from './group-members.ts'

test.each([0, 1, 200, 201, 450])('a group of %i people is written to as a whole', async (count) => {
  const all = Array.from({ length: count }, (_, at) => ({ id: at + 1 }) as ContactView)
  const found = await membersOf(7, async ({ after, limit, groupId }) => {
    expect(groupId).toBe(7)
    const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
    return all.slice(from, from + limit)
  })
  expect(found).toEqual(all)
})
