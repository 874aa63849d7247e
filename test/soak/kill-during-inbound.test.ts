import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import { openStore } from '../../core/store/open.ts'
import { printedSeed, chance } from '../support/chance.ts'
import { readKeyOf } from '../support/key.ts'
import { deliveries, openOutside, type Outside } from '../support/kill-loop.ts'
import { freePort } from '../support/postfix.ts'
import { eventually, Home } from '../support/posthorn.ts'
import { measureStart, shortLife } from '../support/short-life.ts'
import { startSubmitter } from '../support/submitter.ts'

const KILLS = 40

let outside: Outside
beforeAll(async () => {
  outside = await openOutside()
})
afterAll(() => outside.close())

test('killed while other servers deliver: what was answered 250 is in its mailbox once, and went on by its alias', async () => {
  const random = chance(printedSeed('KILL_SEED'))
  const port = await freePort('127.0.0.1')
  const home = new Home({
    ...outside.settings,
    submission: { port: 0, tlsPort: null },
    inbound: {
      enabled: true,
      host: '127.0.0.1',
      port,
      delaySeconds: 0,
      messagesPerMinute: 100_000,
      connectionsPerMinute: 100_000,
    },
  })
  try {
    await home.run(['user', 'add', 'ada@author.test', '--password-stdin'], 'secret secret\n')
    await home.run(['alias', 'set', 'team@author.test', 'ada@author.test,kim@one.test'])
    const accepted = new Set<string>()
    let serial = 0
    const next = () => {
      const id = `<${serial++}@far.test>`
      const text = `Message-ID: ${id}\r\nSubject: ${serial}\r\n\r\n${'text\r\n'.repeat(200)}end`
      return { id, to: serial % 3 === 0 ? 'team@author.test' : 'ada@author.test', text }
    }
    const startMs = await measureStart(home)
    for (let kill = 0; kill < KILLS; kill++) {
      const moment = random()
      const end = random() < 0.2 ? { startingMs: moment * startMs } : { readyMs: moment * 300 }
      await shortLife(home, end, () => {
        for (let i = 0; i < 3; i++) startSubmitter(port, 'kay@far.test', next, accepted)
      }).ended
    }
    const served = await home.serve()
    await eventually(
      async () => {
        const entries = await home.json<{ recipients: { state: string; attempts: number }[] }[]>(['queue', 'list'])
        const left = entries.flatMap(({ recipients }) => recipients).filter(({ state }) => state !== 'delivered')
        return left.every(({ state, attempts }) => state === 'unknown' && attempts > 1)
      },
      'the queue to have nothing left',
      40_000,
    )
    await served.stop()
    const store = await openStore({ folder: home.data, key: readKeyOf(home.data, home.keyFile), clock: systemClock })
    const ids = (store.read.prepare('SELECT message_id AS id FROM message').all() as { id: string }[]).map(
      ({ id }) => id,
    )
    const leftUnknown = store.read
      .prepare(
        `SELECT message_id AS id FROM queue_entry WHERE id IN (SELECT entry_id FROM queue_recipient WHERE state = 'unknown')`,
      )
      .all() as { id: string }[]
    await store.close()
    expect(accepted.size).toBeGreaterThan(100)
    const kept = new Set(ids.filter((id) => id.endsWith('@far.test>')))
    expect([...accepted].filter((id) => !kept.has(id))).toEqual([])
    expect(ids.filter((id) => id.endsWith('@far.test>'))).toHaveLength(kept.size)
    // Every third was for the alias. Killed twice before the last dot, one is left for a person to decide, and says so.
    const unknown = new Set(leftUnknown.map(({ id }) => id))
    const went = deliveries(outside.sink)
    const toAlias = [...accepted].filter((id) => (Number(/^<(\d+)@/.exec(id)?.[1]) + 1) % 3 === 0)
    expect(toAlias.length).toBeGreaterThan(10)
    expect(toAlias.filter((id) => !went.has(id) && !unknown.has(id))).toEqual([])
    console.log(`${KILLS} kills, ${accepted.size} accepted, ${kept.size} kept, ${went.size} sent on`)
  } finally {
    home.remove()
  }
})
