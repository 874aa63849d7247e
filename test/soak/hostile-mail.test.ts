import { once } from 'node:events'
import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MessageRow, MessageView } from '../../core/rpc/views.ts'
import { HOSTILE, type HostileMessage } from '../support/hostile-messages.ts'
import { Home, type Served } from '../support/posthorn.ts'
import { freePort } from '../support/postfix.ts'

/** Of JavaScript's own heap, for each thread: a reader that kept something of each octet would need many times as much. */
const HEAP_MB = 256
const FETCHED_BYTES = 100 * 1000 * 1000
/** What a server takes at once (`inbound` and submission refuse more). */
const SENT_BYTES = 40 * 1000 * 1000

let home: Home
let served: Served
let inboundPort = 0
/** Messages that were looked at. */
let seen = new Set<number>()
beforeEach(async () => {
  seen = new Set()
  inboundPort = await freePort('127.0.0.1')
  home = new Home({
    inbound: { enabled: true, host: '127.0.0.1', port: inboundPort },
    local: { domains: ['far.example'] },
    queue: { paused: true },
  })
  served = await home.serve([`--max-old-space-size=${HEAP_MB}`])
})
afterEach(async () => {
  await served.stop()
  home.remove()
})

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** The message that came last is whole, and shown as far as it can be. */
async function expectShown({ name, note }: HostileMessage, digestOf: (source: Buffer) => string, digest: string) {
  const row = (await home.json<MessageRow[]>(['list'])).find((one) => !seen.has(one.id))
  const id = String(row?.id)
  seen.add(row?.id ?? 0)
  const view = await home.json<MessageView>(['show', id])
  expect([name, view.subject.slice(0, 7), view.from[0]?.address]).toEqual([
    name,
    expect.stringMatching(/^(?:endless|ä{7})$/),
    'ada@home.example',
  ])
  // Where there is more than 64 MiB of it, winmail.dat stays a file, and where a text goes on the rest is left out.
  if (note !== null) expect(`${name}: ${view.leftOut}`).toMatch(new RegExp(`${note.source}|TNEF part of \\d+ bytes`))
  expect([name, view.damaged]).toEqual([name, null])
  const source = await home.run(['source', id])
  expect([name, digestOf(source.bytes)]).toEqual([name, digest])
}

/** By SMTP, as anybody on the internet may. What the server refuses for good it says; undefined where it takes the message. */
async function send(raw: Buffer): Promise<string | undefined> {
  const socket = connect({ port: inboundPort, host: '127.0.0.1' })
  let heard = ''
  socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')))
  socket.on('error', () => {}) // it may have hung up on us
  const closed = once(socket, 'close')
  /** The refusal, or undefined. */
  const reply = async (pattern: RegExp): Promise<string | undefined> => {
    while (!pattern.test(heard)) {
      if (/^5\d\d .*\r\n/m.test(heard)) return heard
      if (/^4\d\d /m.test(heard) || socket.destroyed) throw new Error(`the server said "${heard}"`)
      await Promise.race([once(socket, 'data'), closed])
    }
    heard = ''
    return undefined
  }
  await reply(/^220 .*\r\n/)
  socket.write('EHLO far.example\r\n')
  await reply(/^250 .*\r\n/m)
  socket.write('MAIL FROM:<ada@home.example>\r\n')
  await reply(/^250 .*\r\n/)
  socket.write('RCPT TO:<bob@far.example>\r\n')
  await reply(/^250 .*\r\n/)
  for (let at = 0; at < raw.length; at += 8_000_000) {
    const chunk = raw.subarray(at, at + 8_000_000)
    const isLast = at + chunk.length >= raw.length
    socket.write(`BDAT ${chunk.length}${isLast ? ' LAST' : ''}\r\n`)
    socket.write(chunk)
    const refusal = await reply(/^250 .*\r\n/)
    if (refusal === undefined) continue
    socket.destroy()
    return refusal
  }
  socket.end('QUIT\r\n')
  await closed
  return undefined
}

test('a hundred megabytes of every kind, imported: stored whole, shown to its caps, in a process with little room', async () => {
  for (const hostile of HOSTILE) {
    const raw = hostile.make(FETCHED_BYTES)
    const file = join(home.root, 'hostile.eml')
    writeFileSync(file, raw)
    expect(await home.json(['import', file]), hostile.name).toMatchObject({ imported: 1, problems: 0 })
    rmSync(file)
    await expectShown(hostile, sha256, sha256(raw))
  }
})

test('forty megabytes of every kind from another server', async () => {
  await home.run(['user', 'add', 'bob@far.example', '--password-stdin'], 'Gh3-lampenschirm-Rot7\n')
  let taken = 0
  for (const hostile of HOSTILE) {
    const raw = hostile.make(SENT_BYTES)
    const refusal = await send(raw)
    // No header may be endless, and no line; what is refused is not here.
    if (refusal !== undefined) {
      expect([hostile.name, refusal]).toEqual([
        hostile.name,
        expect.stringMatching(/^(?:552 5\.3\.4|55\d 5\.[56]\.\d) /),
      ])
      continue
    }
    taken++
    // The server puts its own fields before it.
    await expectShown(hostile, (source) => sha256(source.subarray(source.length - raw.length)), sha256(raw))
  }
  expect(taken).toBeGreaterThan(10)
})
