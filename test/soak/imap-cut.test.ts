import { afterAll, beforeAll, expect, test } from 'vitest'
import { cutOnce, openCutHouse } from '../support/imap-cut.ts'
import { needs } from '../support/peers.ts'

needs('dovecot').describe('IMAP sessions that are cut off', () => {
  let house: Awaited<ReturnType<typeof openCutHouse>>
  beforeAll(async () => {
    house = await openCutHouse('correct-horse-battery')
  })
  afterAll(() => house.close())

  test('whichever command the connection ends at, nothing is lost, doubled or undone', async () => {
    const whole = await cutOnce(house, 'whole', 0, 'before')
    expect(whole.length).toBeGreaterThan(30)
    for (const [index] of whole.entries())
      for (const when of ['before', 'after'] as const) await cutOnce(house, `cut${index}${when}`, index + 1, when)
  }, 600_000)
})
