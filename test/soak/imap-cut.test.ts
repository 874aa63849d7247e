import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { startDovecot } from '../support/dovecot.ts'
import { cutOnce, type CutHouse } from '../support/imap-cut.ts'
import { openImapWorld } from '../support/imap-world.ts'
import { needs } from '../support/peers.ts'

needs('dovecot').describe('IMAP sessions that are cut off', () => {
  const password = 'correct-horse-battery'
  let house: CutHouse

  beforeAll(async () => {
    const dovecot = await startDovecot({ password })
    house = {
      dovecot,
      password,
      proxy: await startCuttingProxy(dovecot.imapPort),
      world: await openImapWorld(password),
    }
  })
  afterAll(async () => {
    await house.world.close()
    await house.proxy.close()
    await house.dovecot.stop()
  })

  test('whichever command the connection ends at, nothing is lost, doubled or undone', async () => {
    const whole = await cutOnce(house, 'whole', 0, 'before')
    expect(whole.length).toBeGreaterThan(30)
    for (const [index] of whole.entries())
      for (const when of ['before', 'after'] as const) await cutOnce(house, `cut${index}${when}`, index + 1, when)
  }, 600_000)
})
