import { expect, test } from 'vitest'
import { chance, printedSeed } from '../support/chance.ts'
import { openOutside } from '../support/kill-loop.ts'
import { killWhileSorting } from '../support/rule-kills.ts'

test('killed sixty times while rules are at work, nothing of what they say is lost or done twice', async () => {
  const outside = await openOutside()
  try {
    expect(await killWhileSorting(60, outside, chance(printedSeed('KILL_SEED')))).toBeGreaterThan(100)
  } finally {
    await outside.close()
  }
})
