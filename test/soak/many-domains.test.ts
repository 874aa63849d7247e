import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import { databasePath, openDatabase } from '../../core/store/database.ts'
import { openStore } from '../../core/store/open.ts'
import { openVault } from '../../core/vault/key.ts'
import { chance, printedSeed } from '../support/chance.ts'
import { MailWorld } from '../support/mail-world.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { startSubmitter } from '../support/submitter.ts'

const MESSAGES = 20_000
const DOMAINS = 200
const KILLS = 3
const CLIENTS = 8
const AUTHOR = 'ada@author.test'

/** One message in nineteen has several recipients, two of them at one domain. */
function messages({ domains }: MailWorld) {
  let serial = 0
  return () => {
    if (serial >= MESSAGES) return undefined
    const n = serial++
    const at = (k: number, place: string) => `${place}m${n}@${domains[(n + k) % domains.length]}`
    const to = n % 19 === 7 ? [at(0, 'a'), at(3, 'b'), at(3, 'c'), at(9, 'd')] : [at(0, 'a')]
    const id = `<m${n}@author.test>`
    const text = `From: ${AUTHOR}\r\nTo: undisclosed:;\r\nMessage-ID: ${id}\r\nSubject: ${n}\r\n\r\n${'text\r\n'.repeat(50)}`
    return { id, to, text }
  }
}

interface Row {
  readonly id: number
  readonly address: string
  readonly state: string
  readonly unknowns: number
  readonly messageId: string
  /** Tries that ended between the final dot and its reply. */
  readonly unknownTries: number
}
const ROWS = `
  SELECT r.id, r.local || '@' || r.domain AS address, r.state, r.unknowns, e.message_id AS messageId,
    (SELECT count(*) FROM attempt WHERE recipient_id = r.id AND outcome = 'unknown') AS unknownTries
  FROM queue_recipient r JOIN queue_entry e ON e.id = r.entry_id WHERE e.from_domain = 'author.test'`
const OPEN = `
  SELECT local || '@' || domain AS address FROM queue_recipient
  WHERE state IN ('waiting', 'trying', 'deferred') OR (state = 'unknown' AND unknowns < 2)`

test(`${MESSAGES} messages to ${DOMAINS} domains and ${KILLS} kills: each recipient has the end that its world decided`, async () => {
  const random = chance(printedSeed('DOMAINS_SEED'))
  const world = await MailWorld.start(DOMAINS)
  const home = new Home({
    submission: { port: 0, trustedAddresses: ['127.0.0.1'] },
    local: { domains: ['author.test'] },
    dns: { servers: [world.dnsServer] },
    relay: { port: world.port, allowPrivateAddresses: true, mtaSts: false },
    pace: { profile: 'relay' },
    retry: { scheduleSeconds: [1, 2, 4, 8], unknownAfterSeconds: 2 },
  })
  let served: Served | undefined
  try {
    const accepted = new Set<string>()
    const next = messages(world)
    let peakKib = 0
    const measure = () => {
      const status = readFileSync(`/proc/${served?.ready.pid}/status`, 'latin1')
      peakKib = Math.max(peakKib, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
    }
    const beganMs = performance.now()
    const seconds = () => ((performance.now() - beganMs) / 1000).toFixed(0)
    for (let life = 0; life <= KILLS; life++) {
      served = await home.serve()
      const { port } = served.submission
      const clients = Array.from({ length: CLIENTS }, () => startSubmitter(port, AUTHOR, next, accepted))
      if (life === KILLS) await Promise.all(clients.map(({ ended }) => ended))
      else {
        const most = ((life + random()) / KILLS) * MESSAGES
        await eventually(() => accepted.size >= most || undefined, 'the moment of the kill', 120_000)
        await new Promise((resolve) => setTimeout(resolve, random() * 500))
        measure()
        await served.kill()
        console.log(`killed after ${seconds()} s with ${accepted.size} accepted`)
      }
    }
    console.log(`${accepted.size} accepted within ${seconds()} s`)

    const at = {
      path: databasePath(home.data),
      key: openVault({ folder: home.data, keyFile: home.keyFile, create: false }),
    }
    const db = openDatabase(at, 'read')
    try {
      // Where nobody answers most have not even been tried: one try finds out for all.
      const isDone = () =>
        db
          .prepare<[], { address: string }>(OPEN)
          .all()
          .every(({ address }) => world.fateOf(address) === 'waits')
      await eventually(isDone, 'every recipient to have its end', 240_000)
      measure()
      console.log(`settled after ${seconds()} s, at most ${Math.round(peakKib / 1024)} MiB resident`)
      expect(await served?.stop()).toBe(0)

      const rows = db.prepare<[], Row>(ROWS).all()
      const wrong = rows.filter((row) => !isRight(row, world))
      expect(
        wrong.map((row) => ({ ...row, kind: world.kindOf(row.address), came: world.arrivals.get(row.address) })),
      ).toEqual([])
      const stored = new Set(rows.map(({ messageId }) => messageId))
      expect([...accepted].filter((id) => !stored.has(id))).toEqual([])
      const addresses = new Set(rows.map(({ address }) => address))
      expect(addresses.size).toBe(rows.length)
      expect([...world.arrivals.keys()].filter((address) => !addresses.has(address))).toEqual([])
      const twice = rows.filter(({ address }) => (world.arrivals.get(address) ?? 0) > 1)
      const count = (state: string) => rows.filter((row) => row.state === state).length
      console.log(
        `${rows.length} recipients: ${count('delivered')} delivered (${twice.length} twice), ${count('bounced')} bounced, ` +
          `${count('deferred') + count('waiting')} wait, ${count('unknown')} unknown`,
      )
    } finally {
      db.close()
    }
    await expectReports(home, at.key)
  } finally {
    await served?.stop()
    home.remove()
    await world.close()
  }
}, 420_000)

/** Once and no more, but for each try of which nobody can know; and those are marked. */
function isRight({ address, state, unknowns, unknownTries }: Row, world: MailWorld): boolean {
  const came = world.arrivals.get(address) ?? 0
  const fate = world.fateOf(address)
  // Twice between dot and reply: it is left to its writer.
  if (state === 'unknown') return unknowns >= 2 && unknownTries >= 2 && came <= unknownTries && fate !== 'waits'
  if (fate === 'waits') return came === 0 && (state === 'waiting' || state === 'deferred')
  if (state !== fate) return false
  if (state === 'delivered') return came >= 1 && came <= 1 + unknownTries
  return came === 0
}

/** Each recipient that bounced is told of in one report, or is to be told of with others that still wait; and nobody else is. */
async function expectReports(home: Home, key: Uint8Array): Promise<void> {
  const store = await openStore({ folder: home.data, key, clock: systemClock })
  const db = openDatabase({ path: databasePath(home.data), key }, 'read')
  try {
    const bounced = db
      .prepare<[], { address: string }>(
        `SELECT local || '@' || domain AS address FROM queue_recipient WHERE state = 'bounced' AND untold_ms IS NULL`,
      )
      .all()
    const inbox = db
      .prepare<[], { blobId: number; sizeBytes: number }>(
        `SELECT m.blob_id AS blobId, b.size_bytes AS sizeBytes FROM message m JOIN folder f ON f.id = m.folder_id
          JOIN blob b ON b.id = m.blob_id WHERE f.role = 'inbox'`,
      )
      .all()
    const told: string[] = []
    for (const view of inbox) {
      const raw = Buffer.from(await store.readBody({ ...view, prefix: '', removed: [] })).toString('latin1')
      told.push(...[...raw.matchAll(/^Final-Recipient: rfc822; ?(.+?)\r$/gim)].map(([, address = '']) => address))
    }
    expect(told.toSorted()).toEqual(bounced.map(({ address }) => address).toSorted())
    console.log(`${bounced.length} bounced recipients in ${inbox.length} reports`)
  } finally {
    db.close()
    await store.close()
  }
}
