import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as secure, type TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { impatientClock } from '../../test/support/impatient-clock.ts'
import { localhost, localhostTls } from '../../test/support/localhost.ts'
import { House } from '../../test/support/submission-house.ts'
import type { Clock } from '../base/clock.ts'
import { defaultSettings } from '../settings.ts'
import { createRecorder } from '../transcript/recorder.ts'
import { startSubmission } from './submission.ts'

/** Longer waits than this are deadlines, and none of them passes in these tests: what hangs on one hangs for ever. */
const DEADLINE_MS = 1000
const clock: Clock = {
  ...impatientClock,
  after: (delayMs, run) => (delayMs > DEADLINE_MS ? () => {} : impatientClock.after(delayMs, run)),
}
const recorder = createRecorder({ sink: async () => {}, clock, firstSessionId: 1 })

/** A server for one client at a time, so that a session that stays keeps everyone else out. */
async function start() {
  const house = new House()
  const server = await startSubmission({
    ...house,
    settings: {
      ...defaultSettings(),
      'submission.port': 0,
      'submission.tlsPort': null,
      'submission.maxConnections': 1,
    },
    recorder,
    clock,
    tls: () => localhostTls,
  })
  return { ...server, port: server.plain?.port ?? 0 }
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
async function until(socket: Socket, pattern: RegExp): Promise<void> {
  let text = ''
  const onData = (bytes: Buffer) => (text += bytes.toString())
  socket.on('data', onData)
  while (!pattern.test(text)) await once(socket, 'data')
  socket.off('data', onData)
}
/** A client whose STARTTLS was answered. */
async function readyForTls(port: number): Promise<Socket> {
  const socket = await dial(port)
  await until(socket, /^220 .*\r\n/)
  socket.write('EHLO a\r\nSTARTTLS\r\n')
  await until(socket, /220 2\.0\.0 .*\r\n/)
  return socket
}
async function shakeHands(socket: Socket): Promise<TLSSocket> {
  const secured = secure({ socket, ca: localhost.cert, servername: 'localhost' })
  secured.on('error', () => {})
  await once(secured, 'secureConnect')
  return secured
}

const LEAVING: Record<string, (port: number) => Promise<unknown>> = {
  'closes before TLS': async (port) => (await readyForTls(port)).end(),
  'goes before TLS': async (port) => (await readyForTls(port)).destroy(),
  'goes the moment TLS stands': async (port) => (await shakeHands(await readyForTls(port))).destroy(),
  'closes TLS': async (port) => (await shakeHands(await readyForTls(port))).end(),
  'closes the connection below TLS': async (port) => {
    const socket = await readyForTls(port)
    await shakeHands(socket)
    socket.destroy()
  },
  'resets the connection below TLS': async (port) => {
    const socket = await readyForTls(port)
    await shakeHands(socket)
    socket.resetAndDestroy()
  },
  'speaks something else than TLS': async (port) => (await readyForTls(port)).write('NOOP\r\nNOOP\r\n'),
  'does not trust the certificate': async (port) => {
    const secured = secure({ socket: await readyForTls(port), servername: 'localhost' })
    await new Promise((resolve) => secured.once('error', resolve))
  },
  'says QUIT and closes': async (port) => (await dial(port)).end('QUIT\r\n'),
}
const STAYING: Record<string, (port: number) => Promise<unknown>> = {
  'says nothing and never closes': dial,
  'does not begin with TLS': readyForTls,
  'is idle in TLS and does not read': async (port) => shakeHands(await readyForTls(port)),
  'said QUIT and never closes': async (port) => (await dial(port)).write('QUIT\r\n'),
  'is put off after a wrong password': async (port) => {
    const secured = await shakeHands(await readyForTls(port))
    secured.write(`EHLO a\r\nAUTH PLAIN ${Buffer.from('\0ada\0wrong').toString('base64')}\r\n`)
  },
  'was one too many': async (port) => {
    await dial(port)
    await until(await dial(port), /421 4\.3\.2 /)
  },
}

describe('a client that has left takes no place and holds up no end: it', () => {
  test.each(Object.entries(LEAVING))('%s', async (_, leave) => {
    const server = await start()
    await leave(server.port)
    for (let greeting = '421'; greeting !== '220';) {
      const next = await dial(server.port)
      const [bytes] = (await once(next, 'data')) as [Buffer]
      greeting = bytes.toString('latin1', 0, 3)
      next.destroy()
    }
    await server.close()

    const atExit = await start()
    await leave(atExit.port)
    await expect(atExit.close()).resolves.toBeUndefined()
  })
})

describe('a client that has nothing under way holds up no end: it', () => {
  test.each(Object.entries(STAYING))('%s', async (_, stay) => {
    const server = await start()
    await stay(server.port)
    await expect(server.close()).resolves.toBeUndefined()
  })
})
