import { expect, test } from 'vitest'
import { chance } from '../support/chance.ts'
import { openOutside } from '../support/kill-loop.ts'
import { killWhileSorting } from '../support/rule-kills.ts'

test('killed while rules are at work, nothing of what they say is lost or done twice', async () => {
  const outside = await openOutside()
  try {
    expect(await killWhileSorting(3, outside, chance(7))).toBeGreaterThan(0)
  } finally {
    await outside.close()
  }
})
