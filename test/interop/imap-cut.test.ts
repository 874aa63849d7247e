import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { startDovecot } from '../support/dovecot.ts'
import { cutOnce, openCutHouse } from '../support/imap-cut.ts'
import { needs } from '../support/peers.ts'

needs('dovecot').describe('IMAP sessions that are cut off', () => {
  const password = 'correct-horse-battery'
  let house: Awaited<ReturnType<typeof openCutHouse>>
  beforeAll(async () => {
    house = await openCutHouse(password)
  })
  afterAll(() => house.close())

  // Every command of the session is cut in test/soak/imap-cut.test.ts.
  test('a connection that ends while a change is said leaves nothing lost, doubled or undone', async () => {
    const whole = await cutOnce(house, 'whole', 0, 'before')
    const changing = ['UID STORE', 'UID MOVE', 'UID EXPUNGE', 'APPEND']
    expect(whole).toEqual(expect.arrayContaining(changing))
    for (const verb of changing) await cutOnce(house, `after${verb}`.replace(' ', ''), whole.indexOf(verb) + 1, 'after')
    await cutOnce(house, 'beforeFetch', whole.indexOf('UID FETCH') + 1, 'before')
  })

  test('with a server that can only what IMAP4rev1 must, copies are neither lost nor doubled', async () => {
    const plain = await startDovecot({
      password,
      more: 'protocol imap {\n  imap_capability = IMAP4rev1 LITERAL+ NAMESPACE\n}\n',
    })
    const proxy = await startCuttingProxy(plain.imapPort)
    const poor = { ...house, dovecot: plain, proxy, isPlain: true }
    try {
      const whole = await cutOnce(poor, 'whole', 0, 'before')
      expect(whole).not.toContain('UID MOVE')
      for (const verb of ['UID COPY', 'UID STORE', 'APPEND'])
        await cutOnce(poor, `after${verb}`.replace(' ', ''), whole.lastIndexOf(verb) + 1, 'after')
    } finally {
      await proxy.close()
      await plain.stop()
    }
  })
})
