import { expect } from 'vitest'
import { join } from 'node:path'
import { openDatabase } from '../../core/store/database.ts'
import { readKeyOf } from './key.ts'
import type { Outside } from './kill-loop.ts'
import { freePort } from './postfix.ts'
import { eventually, Home } from './posthorn.ts'
import { measureStart, shortLife } from './short-life.ts'
import { startSubmitter } from './submitter.ts'

interface Counts {
  readonly inbox: number
  readonly starred: number
  readonly copies: number
  readonly told: number
  readonly entries: number
  readonly doubled: number
  readonly left: number
}
const COUNTS = `
  SELECT
    (SELECT count(*) FROM message m JOIN folder f ON f.id = m.folder_id WHERE f.role = 'inbox') AS inbox,
    (SELECT count(*) FROM message m JOIN folder f ON f.id = m.folder_id WHERE f.role = 'inbox' AND m.starred = 1) AS starred,
    (SELECT count(*) FROM message m JOIN folder f ON f.id = m.folder_id WHERE f.role = 'archive') AS copies,
    (SELECT count(*) FROM rule_history) AS told,
    (SELECT count(*) FROM queue_entry WHERE origin = 'rule') AS entries,
    (SELECT count(*) FROM (SELECT message_id FROM queue_entry WHERE origin = 'rule' GROUP BY message_id HAVING count(*) > 1)) AS doubled,
    (SELECT count(*) FROM rule_todo) + (SELECT count(*) FROM rule_send) AS "left"`

/**
 * Kills an engine so many times while mail comes and a rule copies, stars and redirects it. Fails unless every message that is here had
 * each of these done, once. Returns how many came.
 */
export async function killWhileSorting(kills: number, outside: Outside, random: () => number): Promise<number> {
  const port = await freePort('127.0.0.1')
  const home = new Home({
    ...outside.settings,
    submission: { port: 0, tlsPort: null },
    inbound: {
      enabled: true,
      host: '127.0.0.1',
      port,
      delaySeconds: 0,
      greylist: false,
      messagesPerMinute: 100_000,
      connectionsPerMinute: 100_000,
    },
    rules: { forwardsPerDay: 100_000 },
  })
  try {
    await home.run(['identity', 'add', 'me@author.test'])
    await home.run(['rule', 'add', 'all', '--when', 'subject:~.', '--do', 'copy:archive; star; redirect:kim@one.test'])
    const accepted = new Set<string>()
    let serial = 0
    const next = () => {
      const id = `<${serial++}@far.test>`
      return {
        id,
        to: 'me@author.test',
        text: `Message-ID: ${id}\r\nSubject: ${serial}\r\n\r\n${'text\r\n'.repeat(50)}end`,
      }
    }
    const startMs = await measureStart(home)
    for (let kill = 0; kill < kills; kill++) {
      const moment = random()
      const end = random() < 0.2 ? { startingMs: moment * startMs } : { readyMs: moment * 500 }
      await shortLife(home, end, () => void startSubmitter(port, 'kay@far.test', next, accepted)).ended
    }
    const served = await home.serve()
    // Looked into from outside: the database is read beside the engine that writes it.
    const key = readKeyOf(home.data, home.keyFile)
    const look = (): Counts => {
      const db = openDatabase({ path: join(home.data, 'mail.db'), key }, 'read')
      try {
        return db.prepare(COUNTS).get() as Counts
      } finally {
        db.close()
      }
    }
    await eventually(() => look().left === 0, 'rules to be done', 60_000)
    await served.stop()
    const counts = look()
    const all = counts.inbox
    expect(all).toBeGreaterThanOrEqual(accepted.size)
    expect(counts).toEqual({ inbox: all, starred: all, copies: all, told: all, entries: all, doubled: 0, left: 0 })
    return all
  } finally {
    home.remove()
  }
}
