import { afterAll, beforeAll, expect, test } from 'vitest'
import { cutWhileReplacing, DraftServers } from '../support/draft-world.ts'
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

needs('dovecot').describe('drafts whose way to the server is cut off', () => {
  let servers: DraftServers
  beforeAll(async () => {
    servers = await DraftServers.start()
  })
  afterAll(() => servers.stop())

  for (const at of ['full', 'plain'] as const)
    test(`whatever the connection ends at, one copy of the last state is left (${at} server)`, async () => {
      for (const verb of ['APPEND', at === 'full' ? 'UID EXPUNGE' : 'UID STORE'] as const)
        for (const when of ['before', 'after'] as const) await cutWhileReplacing(servers, at, verb, when)
    }, 120_000)
})
