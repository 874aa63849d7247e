import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { listen } from './listen.ts'

test('a connection that cannot be accepted does not end the server', async () => {
  const { server, port } = await listen('127.0.0.1', 0, (socket) => socket.end('hello'))
  try {
    server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
    const [said] = (await once(connect(port, '127.0.0.1'), 'data')) as [Buffer]
    expect(said.toString()).toBe('hello')
  } finally {
    server.close()
  }
})
