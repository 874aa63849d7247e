import Database from 'better-sqlite3'
import { randomInt } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MessageRow, MessageView, QueueEntryView } from '../../core/rpc/views.ts'
import { databasePath, openDatabase, unlock } from '../../core/store/database.ts'
import { openVault } from '../../core/vault/key.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { startSink, type SmtpSink } from '../support/smtp-sink.ts'

/*
 * A store whose file has come to harm, or lies in other hands. One home is filled, and copied for each harm.
 */
const MARKER = 'quicksilver-7f3a'
const SUBJECT = `Subject ${MARKER}`
let sink: SmtpSink
let dns: DnsStub
let filled: Home
const homes: Home[] = []

const settings = () => ({
  submission: { port: 0 },
  dns: { servers: [dns.server] },
  relay: { port: sink.port, allowPrivateAddresses: true },
})
beforeAll(async () => {
  sink = await startSink()
  dns = await startDnsServer({
    'far.test': { MX: [{ preference: 10, exchange: 'localhost' }] },
    'localhost': { A: ['127.0.0.1'] },
  })
  filled = new Home(settings())
  const files = Array.from({ length: 40 }, (_, n) => {
    const file = join(filled.root, `${n}.eml`)
    const line = `${MARKER} ${n} ${'x'.repeat(60)}\r\n`
    writeFileSync(file, `From: ada@home.test\r\nSubject: ${SUBJECT} ${n}\r\n\r\n${line.repeat(100)}`)
    return file
  })
  expect(await filled.run(['import', ...files])).toMatchObject({ status: 0 })
  const letter = `From: ada@home.test\nSubject: queued ${MARKER}\n\n${MARKER}\n`
  expect(await filled.sendmail(['-i', '-f', 'ada@home.test', 'bob@far.test'], letter)).toMatchObject({ status: 0 })
})
afterAll(async () => {
  await sink.close()
  await dns.close()
  for (const home of [filled, ...homes]) home.remove()
})

/** A copy of the filled home. */
function copy(): Home {
  const home = new Home(settings())
  homes.push(home)
  cpSync(filled.data, home.data, { recursive: true })
  cpSync(filled.keyFile, home.keyFile)
  return home
}
/** Opens the database as the product does. */
function open(home: Home): Database.Database {
  const key = openVault({ folder: home.data, keyFile: home.keyFile, create: false })
  return openDatabase({ path: databasePath(home.data), key }, 'write')
}
const fileOf = (home: Home) => databasePath(home.data)

/** Small and repeatable; the seed is printed. */
function chance(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('a file with bytes overwritten or cut off is refused in words and left as it is, or served without a crash', async () => {
  const seed = Number(process.env['DAMAGE_SEED'] ?? randomInt(2 ** 31))
  console.log(`damaged store: DAMAGE_SEED=${seed}`)
  const random = chance(seed)
  const overwrite = (home: Home, at: number, length: number) => {
    const bytes = readFileSync(fileOf(home))
    for (let n = at; n < Math.min(at + length, bytes.length); n++) bytes[n] = (bytes[n] ?? 0) ^ (1 + random(255))
    writeFileSync(fileOf(home), bytes)
  }
  const size = statSync(fileOf(filled)).size
  const harms: readonly [string, (home: Home) => void, mustRefuse: boolean][] = [
    ['the first page', (home) => overwrite(home, 16 + random(3000), 500), true],
    ['the file cut in the middle of a page', (home) => truncateSync(fileOf(home), 4096 * 20 + 1 + random(4000)), true],
    ['half of the file cut off', (home) => truncateSync(fileOf(home), Math.floor(size / 8192) * 4096), true],
    ['a place', (home) => overwrite(home, random(size), 1 + random(64)), false],
    ['a large place', (home) => overwrite(home, random(size), 20_000), false],
    ['many places', (home) => [1, 2, 3, 4, 5].forEach(() => overwrite(home, random(size), 16)), false],
  ]
  await Promise.all(
    harms.map(async ([what, harm, mustRefuse]) => {
      const home = copy()
      harm(home)
      const before = readFileSync(fileOf(home))
      const served: Served | Error = await home.serve().catch((error: Error) => error)
      if (served instanceof Error) {
        expect(served.message, what).toMatch(
          /ended with 75: (?:[^\n]*\n)*posthorn: [^\n]*mail\.db[^\n]*(?:damaged|malformed)[^\n]*\n$/,
        )
        // What is found out only later may have been written to before, as any page may.
        if (mustRefuse) expect(readFileSync(fileOf(home)).equals(before), what).toBe(true)
        return
      }
      try {
        expect(mustRefuse, what).toBe(false)
        for (const question of [
          ['list', '--json'],
          ['queue', 'list', '--json'],
        ]) {
          const ran = await home.run(question)
          if (ran.status !== 0) expect(ran.stderr, what).toMatch(/^posthorn: .*(?:damaged|malformed)/)
        }
      } finally {
        expect(await served.stop(), what).toBe(0)
      }
    }),
  )
})

test('a database of a newer version is refused, and stays as it is', async () => {
  const home = copy()
  const db = open(home)
  db.pragma('user_version = 9999')
  db.close()
  const before = readFileSync(fileOf(home))
  await expect(home.serve()).rejects.toThrow(/ended with 75: posthorn: .*newer/)
  expect(readFileSync(fileOf(home)).equals(before)).toBe(true)
})

test('no word of the stored mail can be read in any file of the folder, and without the key nothing opens', async () => {
  const home = copy()
  const served = await home.serve()
  try {
    await eventually(() => sink.messages.some(({ raw }) => raw.includes(MARKER)), 'the mail to leave')
    const rows = await home.json<MessageRow[]>(['list'])
    expect(rows.filter(({ subject }) => subject.includes(MARKER))).toHaveLength(40)
    const files = readdirSync(home.data)
    expect(files).toContain('mail.db-wal')
    const forms = [MARKER, Buffer.from(MARKER).toString('base64').slice(0, -4), Buffer.from(MARKER).toString('hex')]
    for (const name of files) {
      const bytes = readFileSync(join(home.data, name))
      for (const form of [...forms, Buffer.from(MARKER, 'utf16le'), 'CREATE TABLE', 'SQLite format 3'])
        expect(bytes.includes(form), `${String(form)} in ${name}`).toBe(false)
    }
  } finally {
    await served.stop()
  }
  for (const key of [undefined, Buffer.alloc(32, 7)]) {
    const db = new Database(fileOf(home), { readonly: true })
    if (key) unlock(db, key)
    expect(() => db.prepare('SELECT * FROM message').all()).toThrow(/not a database/)
    db.close()
  }
})

test('a body that fails its checksum is quarantined and reported, and neither sent nor deleted', async () => {
  const home = copy()
  const [entry] = await home.json<QueueEntryView[]>(['queue', 'list'])
  const [row] = await home.json<MessageRow[]>(['list'])
  const db = open(home)
  const damage = (table: string, id: number | undefined) => {
    const { blob_id: blobId } = db.prepare(`SELECT blob_id FROM ${table} WHERE id = ?`).get(id) as { blob_id: number }
    const chunk = db.prepare('SELECT id, bytes FROM blob_chunk WHERE id >= ? * 4096 ORDER BY id').get(blobId)
    const { id: chunkId, bytes } = chunk as { id: number; bytes: Buffer }
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1
    db.prepare('UPDATE blob_chunk SET bytes = ? WHERE id = ?').run(bytes, chunkId)
    return blobId
  }
  const blobs = [damage('queue_entry', entry?.id), damage('message', row?.id)]
  db.close()

  const sunk = sink.count
  const served = await home.serve()
  try {
    const returned = await eventually(async () => {
      const found = await home.json<QueueEntryView>(['queue', 'show', String(entry?.id)])
      return found.recipients.some(({ state }) => state === 'bounced') ? found : undefined
    }, 'the message to be returned')
    expect(`${returned.recipients[0]?.lastReply} ${returned.recipients[0]?.why}`).toMatch(/checksum/)
    expect(returned.damaged).toMatch(/damaged/)
    const shown = await home.json<MessageView>(['show', String(row?.id)])
    expect(shown.damaged).toMatch(/checksum/)
    expect(shown.subject).toContain(MARKER)
    const source = await home.run(['source', String(row?.id)])
    expect(source).toMatchObject({ status: 1, stderr: expect.stringContaining('checksum') })
    expect(sink.count).toBe(sunk)
  } finally {
    expect(await served.stop()).toBe(0)
  }
  const after = open(home)
  const state = after.prepare('SELECT state FROM blob WHERE id = ?').pluck()
  expect(blobs.map((id) => state.get(id))).toEqual(['quarantined', 'quarantined'])
  // What was there, and the report that the queued one cannot be sent.
  expect(after.prepare('SELECT count(*) FROM message').pluck().get()).toBe(41)
  after.close()
})
