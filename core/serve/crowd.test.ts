import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { localhostTls } from '../../test/support/localhost.ts'
import { House } from '../../test/support/submission-house.ts'
import { systemClock } from '../base/clock.ts'
import { defaultSettings } from '../settings.ts'
import { createRecorder } from '../transcript/recorder.ts'
import { startSubmission, type SubmissionServer } from './submission.ts'

let server: SubmissionServer
let recorded = 0
beforeEach(async () => {
  recorded = 0
  server = await startSubmission({
    ...new House(),
    settings: { ...defaultSettings(), 'submission.port': 0, 'submission.tlsPort': null },
    recorder: createRecorder({
      sink: async ({ heads }) => void (recorded += heads.length),
      clock: systemClock,
      firstSessionId: 1,
    }),
    clock: systemClock,
    tls: () => localhostTls,
  })
})
afterEach(() => server.close())

/** Sockets of this process. */
const openSockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length

async function firstLine(localAddress: string): Promise<{ readonly socket: Socket; readonly line: string }> {
  const socket = connect({ port: server.plain?.port ?? 0, host: '127.0.0.1', localAddress })
  socket.on('error', () => {})
  let line = ''
  for await (const [bytes] of on(socket)) {
    line += bytes.toString('latin1')
    if (line.includes('\n')) break
  }
  return { socket, line }
}
/** What a socket says, until it closes. */
async function* on(socket: Socket): AsyncGenerator<readonly [Buffer]> {
  const heard: Buffer[] = []
  let isClosed = false
  let wake = () => {}
  socket.on('data', (bytes) => {
    heard.push(bytes)
    wake()
  })
  socket.on('close', () => {
    isClosed = true
    wake()
  })
  for (;;) {
    const next = heard.shift()
    if (next !== undefined) yield [next]
    else if (isClosed) return
    else await new Promise<void>((resolve) => (wake = resolve))
  }
}

test('of a thousand clients at once twenty are served, ten of each address, and all others are told to come again', async () => {
  const before = openSockets()
  const clients = await Promise.all(
    Array.from({ length: 1000 }, (_, n) => firstLine(n % 2 === 0 ? '127.0.0.1' : '127.0.0.2')),
  )
  const served = clients.filter(({ line }) => line.startsWith('220 '))
  expect(served).toHaveLength(20)
  expect(clients.filter(({ line }) => line.startsWith('421 4.3.2 '))).toHaveLength(980)
  // A flood does not fill the log.
  expect(recorded).toBeLessThan(300)

  const closed = clients.map(({ socket }) => (socket.destroyed ? undefined : once(socket, 'close')))
  for (const { socket } of served) socket.end('QUIT\r\n')
  await Promise.all(closed)
  while (openSockets() > before) await new Promise((resolve) => setImmediate(resolve))

  // Their places are free again.
  const again = await Promise.all(Array.from({ length: 10 }, () => firstLine('127.0.0.1')))
  expect(again.map(({ line }) => line.slice(0, 4))).toEqual(Array<string>(10).fill('220 '))
  for (const { socket } of again) socket.destroy()
})
