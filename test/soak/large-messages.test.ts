import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { Home, type Served } from '../support/posthorn.ts'
import { freePort } from '../support/postfix.ts'

const CLIENTS = 20
const MESSAGE_BYTES = 50 * 1024 * 1024
/** Of the whole process, whatever it is doing: its runtime alone has about 140 MB of them. */
const MOST_RESIDENT_BYTES = 300 * 1000 * 1000
/** Of what comes from other servers a sample is read as well, one message at a time, in a thread with a runtime of its own. */
const MOST_RECEIVING_BYTES = 300 * 1000 * 1000

/** The greatest resident size the process ever had (`VmHWM` of proc(5)). */
function peakBytes(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

let home: Home
let served: Served
let inboundPort = 0
async function start(): Promise<void> {
  inboundPort = await freePort('127.0.0.1')
  home = new Home({
    submission: { port: 0, trustedAddresses: ['127.0.0.0/8'], maxPerClient: CLIENTS },
    inbound: { enabled: true, host: '127.0.0.1', port: inboundPort, maxPerClient: CLIENTS },
    local: { domains: ['home.test'] },
    queue: { paused: true },
  })
  // The first start compiles what has changed, and keeps it for all others.
  await (await home.serveByScript()).stop()
  served = await home.serveByScript()
}
afterEach(async () => {
  await served.stop()
  home.remove()
})

/** What a server says, reply by reply. */
async function expectReply(socket: Socket, pattern: RegExp): Promise<string> {
  let text = ''
  while (!pattern.test(text)) {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    text += bytes.toString('latin1')
    if (/^[45]\d\d /m.test(text)) throw new Error(`the server said ${text}`)
  }
  return text
}
async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (!socket.write(bytes)) await once(socket, 'drain')
}

/** Sends one message as fast as the server takes it, by DATA or in chunks (RFC 3030). */
async function send(block: Buffer, asChunks: boolean, port: number, to: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  const heard = expectReply(socket, /^220 .*\r\n/)
  await heard
  socket.write(`EHLO client.test\r\nMAIL FROM:<ada@home.test>\r\nRCPT TO:<${to}>\r\n`)
  await expectReply(socket, /250 2\.1\.5 .*\r\n/)
  const head = Buffer.from('From: ada@home.test\r\nSubject: large\r\n\r\n')
  if (!asChunks) {
    socket.write('DATA\r\n')
    await expectReply(socket, /354 .*\r\n/)
    await write(socket, head)
  }
  const most = MESSAGE_BYTES - head.length - 1024
  for (let sent = 0; sent + block.length <= most; sent += block.length) {
    if (!asChunks) {
      await write(socket, block)
      continue
    }
    const chunk = sent === 0 ? Buffer.concat([head, block]) : block
    const isLast = sent + 2 * block.length > most
    const answer = expectReply(socket, /250 .*\r\n/)
    socket.write(`BDAT ${chunk.length}${isLast ? ' LAST' : ''}\r\n`)
    await write(socket, chunk)
    await answer
  }
  if (!asChunks) {
    const answer = expectReply(socket, /250 2\.0\.0 ok, (?:queued|delivered).*\r\n/)
    socket.write('.\r\n')
    await answer
  }
  socket.end('QUIT\r\n')
  await once(socket, 'close')
}

const ASCII = Buffer.from(`${'x'.repeat(76)}\r\n`.repeat(840))
const LONG = Buffer.from(`${'word '.repeat(300)}\r\n`.repeat(44))
const UTF8 = Buffer.from(`${'Grüße über alle Berge '.repeat(3)}\r\n`.repeat(840))

describe('twenty clients that send 50 MiB each at once are streamed to the store', () => {
  test.each([
    ['7-bit text by DATA', ASCII, false],
    ['7-bit text by BDAT', ASCII, true],
    ['8-bit text by DATA, which is made 7-bit', UTF8, false],
    ['8-bit text by BDAT, which is made 7-bit', UTF8, true],
    ['lines over 998 octets by DATA, which are encoded', LONG, false],
  ] as const)('%s', async (_, block, asChunks) => {
    await start()
    const before = peakBytes(served.ready.pid)
    await Promise.all(
      Array.from({ length: CLIENTS }, () => send(block, asChunks, served.submission.port, 'bob@remote.test')),
    )
    const peak = peakBytes(served.ready.pid)
    console.log(`resident: ${Math.round(before / 1e6)} MB at the start, ${Math.round(peak / 1e6)} MB at most`)
    expect(await home.json<{ waiting: number }>(['status'])).toMatchObject({ waiting: CLIENTS })
    expect(peak).toBeLessThan(MOST_RESIDENT_BYTES)
  })
  test('text from other servers by DATA', async () => {
    await start()
    await home.run(['user', 'add', 'bob@home.test', '--password-stdin'], 'Gh3-lampenschirm-Rot7\n')
    await Promise.all(Array.from({ length: CLIENTS }, () => send(ASCII, false, inboundPort, 'bob@home.test')))
    const peak = peakBytes(served.ready.pid)
    console.log(`resident: ${Math.round(peak / 1e6)} MB at most`)
    expect(peak).toBeLessThan(MOST_RECEIVING_BYTES)
  })
})
