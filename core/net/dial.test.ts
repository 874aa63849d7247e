import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { systemClock, type Clock } from '../base/clock.ts'
import { makeDialer } from './dial.ts'

/** A port at which nothing listens. */
const NOBODY = { address: '127.0.0.1', port: 1, timeoutMs: 30_000 }

test('connects, and says with the word of the system why it cannot', async () => {
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dialled = await makeDialer()({ address: '127.0.0.1', port, timeoutMs: 30_000 })
  if (!dialled.ok) throw new Error(dialled.errno)
  expect(String((await once(dialled.socket, 'data'))[0])).toBe('hello')
  dialled.socket.destroy()
  server.close()
  expect(await makeDialer()(NOBODY)).toMatchObject({ ok: false, errno: 'ECONNREFUSED' })
})

test('gives up at its deadline, and at once when it is told to', async () => {
  // Over before the system can have answered.
  const impatient: Clock = {
    ...systemClock,
    after(_, run) {
      process.nextTick(run)
      return () => {}
    },
  }
  expect(await makeDialer(impatient)(NOBODY)).toMatchObject({ ok: false, errno: 'ETIMEDOUT' })
  const stop = new AbortController()
  const dialling = makeDialer()(NOBODY, stop.signal)
  stop.abort()
  expect(await dialling).toMatchObject({ ok: false, errno: 'ABORTED' })
  expect(await makeDialer()(NOBODY, stop.signal)).toMatchObject({ ok: false, errno: 'ABORTED' })
})
