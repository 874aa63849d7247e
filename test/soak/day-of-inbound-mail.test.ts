import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { chance } from '../support/chance.ts'
import { DayClient, liveDay } from '../support/day-of-mail.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { openInboundHouse } from '../support/inbound-house.ts'

/** Connections that do nothing are left to the server's own deadlines; more than it serves are never opened. */
const MOST_IDLE = 8

test('a day of mail in some minutes: nothing lost, nothing twice, no connection, timer or memory left over', async () => {
  const clock = fakeClock()
  const house = await openInboundHouse({
    clock,
    keepsTranscripts: false,
    settings: { 'inbound.greylist': true, 'inbound.maxPerClient': 20 },
  })
  const random = chance(20_261_122)
  const pick = (most: number) => Math.floor(random() * most)
  const confirmed = new Set<string>()
  const sent = new Set<string>()
  const idle = new Set<Socket>()
  let serial = 0

  /** One client's visit: a message, or one of the ways in which a visit goes wrong. */
  const visit = async () => {
    const client = new DayClient(house.port)
    if (!(await client.reply()).startsWith('220')) return client.socket.destroy()
    const kind = pick(10)
    if (kind === 0 && idle.size < MOST_IDLE) {
      idle.add(client.socket)
      client.socket.once('close', () => idle.delete(client.socket))
      return undefined
    }
    const id = `<${++serial}@far.test>`
    // Some senders come again with what was refused for now, as real ones do.
    const sender = `s${pick(20)}@far.test`
    await client.say('EHLO far.test\r\n')
    if (kind === 1) await client.say('NONSENSE\r\n')
    await client.say(`MAIL FROM:<${sender}>\r\n`)
    const rcpt = await client.say(`RCPT TO:<${kind === 2 ? 'nobody' : pick(2) ? 'ada' : 'bob'}@here.test>\r\n`)
    if (!rcpt.startsWith('250')) return client.socket.end('QUIT\r\n')
    const message = `Message-ID: ${id}\r\nSubject: ${id}\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(pick(100))}end ${id}\r\n`
    sent.add(id)
    await client.say('DATA\r\n')
    if (kind === 3) return client.socket.resetAndDestroy()
    if (kind === 4) return client.socket.end(message.slice(0, pick(message.length)))
    if (kind === 5) {
      expect(await client.say(`${message}bare\n\r\n.\r\n`)).toMatch(/^5/)
      sent.delete(id)
      return client.socket.end('QUIT\r\n')
    }
    if ((await client.say(`${message}.\r\n`)).startsWith('250')) confirmed.add(id)
    await client.say('QUIT\r\n')
    return client.socket.end()
  }

  await liveDay({ clock, visits: () => 2 + pick(3), visit, idle, close: () => house.server.close() })

  const ids = house.store.read.prepare('SELECT message_id AS id FROM message').all() as { id: string }[]
  expect(confirmed.size).toBeGreaterThan(500)
  const kept = new Set(ids.map(({ id }) => id))
  expect(kept.size).toBe(ids.length)
  expect([...confirmed].filter((id) => !kept.has(id))).toEqual([])
  expect([...kept].filter((id) => !sent.has(id))).toEqual([])
  const staged = house.store.read.prepare(`SELECT count(*) AS n FROM blob WHERE state <> 'whole'`).get()
  expect(staged).toEqual({ n: 0 })
  await house.close()
})
