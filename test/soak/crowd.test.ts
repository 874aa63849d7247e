import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, Home, type Served } from '../support/posthorn.ts'

const CROWD = 1000
const ROUNDS = 12
/** What later rounds may add to what the first ones left behind: heaps grow to their working size, and no further. */
const MOST_GROWTH_BYTES = 40 * 1000 * 1000

let home: Home
let served: Served
beforeEach(async () => {
  home = new Home({ submission: { port: 0, maxConnections: 20, maxPerClient: 20 } })
  served = await home.serveByScript()
})
afterEach(async () => {
  await served.stop()
  home.remove()
})

const openFiles = () => readdirSync(`/proc/${served.ready.pid}/fd`).length
function residentBytes(): number {
  const status = readFileSync(`/proc/${served.ready.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

/** One of the crowd: what it is told first, and how long that took from when all began (ms). */
async function arrive(
  beganMs: number,
): Promise<{ readonly socket: Socket; readonly line: string; readonly ms: number }> {
  const socket = connect({ port: served.submission.port, host: '127.0.0.1' })
  socket.on('error', () => {})
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  return { socket, line: bytes.toString('latin1'), ms: performance.now() - beganMs }
}

/** A thousand clients at once, who leave in all ways there are. Returns how long the slowest waited for its first line (ms). */
async function crowd(): Promise<number> {
  const beganMs = performance.now()
  const all = await Promise.all(Array.from({ length: CROWD }, () => arrive(beganMs)))
  expect(all.filter(({ line }) => line.startsWith('220 '))).toHaveLength(20)
  expect(all.filter(({ line }) => line.startsWith('421 4.3.2 '))).toHaveLength(CROWD - 20)
  const left = all.map(({ socket }) => (socket.destroyed ? undefined : once(socket, 'close')))
  for (const [n, { socket, line }] of all.entries()) {
    if (!line.startsWith('220 ')) socket.end()
    else if (n % 3 === 0) socket.resetAndDestroy()
    else socket.end(n % 3 === 1 ? 'QUIT\r\n' : 'EHLO client.test\r\nMAIL FR')
    socket.resume()
  }
  await Promise.all(left)
  return Math.max(...all.map(({ ms }) => ms))
}

test('a thousand connections at once, again and again, leave neither sockets nor memory behind', async () => {
  const before = openFiles()
  let slowest = 0
  const resident: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    slowest = Math.max(slowest, await crowd())
    await eventually(() => openFiles() <= before + 4, 'the sockets of the crowd to be gone')
    resident.push(residentBytes())
  }
  const inMegabytes = resident.map((bytes) => Math.round(bytes / 1e6)).join(', ')
  console.log(`slowest first line ${Math.round(slowest)} ms; resident after each round: ${inMegabytes} MB`)
  expect(Math.min(...resident.slice(-3)) - Math.min(...resident.slice(2, 5))).toBeLessThan(MOST_GROWTH_BYTES)
})
