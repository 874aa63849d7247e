import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { findFolder } from '../../core/store/folder.ts'
import { newMessage, openPop3Service } from '../support/pop3-server-service.ts'

const COUNT = 100_000
const ADA = 1

test(`a maildrop of ${COUNT} messages is listed and emptied in little memory`, async () => {
  const service = await openPop3Service({ real: true, settings: { 'submission.allowClearTextLogin': true } })
  const raw = Buffer.from('Subject: one of many\r\n\r\nhello\r\n')
  const messageOf = (n: number) => {
    const message = newMessage(raw, Date.UTC(2026, 0, 1) + n * 1000)
    return { ...message, fields: { ...message.fields, messageId: `<${n}@far.example>` } }
  }
  const owner = { accountId: null, userId: ADA }
  for (let n = 0; n < COUNT; n += 1000)
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        service.store.write('message.deliver', {
          owner,
          role: 'inbox',
          message: messageOf(n + i),
        }),
      ),
    )
  const socket = connect({ port: service.port, host: '127.0.0.1' })
  let held = ''
  let lines = 0
  let waiting: { readonly pattern: RegExp; done(text: string): void } | undefined
  socket.on('data', (bytes: Buffer) => {
    const text = held + bytes.toString('latin1')
    // Only the end is looked at: the listings go by.
    lines += bytes.toString('latin1').split('\n').length - 1
    held = text.slice(-200)
    if (waiting?.pattern.test(held) === true) {
      const { done } = waiting
      waiting = undefined
      held = ''
      done(text)
    }
  })
  const ask = (said: string, pattern: RegExp) =>
    new Promise<string>((resolve) => {
      waiting = { pattern, done: resolve }
      socket.write(said)
    })
  await once(socket, 'connect')
  await ask('USER ada\r\n', /now the password\r\n$/)
  globalThis.gc?.()
  const before = process.memoryUsage()
  expect(await ask('PASS secret\r\n', /octets\)\r\n$/)).toContain(`${COUNT} messages`)
  lines = 0
  await ask('UIDL\r\n', /\r\n\.\r\n$/)
  await ask('LIST\r\n', /\r\n\.\r\n$/)
  expect(lines).toBe(2 * (COUNT + 2))
  globalThis.gc?.()
  const after = process.memoryUsage()
  const grown = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed
  expect(grown).toBeLessThan(64 * 1024 * 1024)

  for (let n = 1; n <= COUNT; n += 1000) {
    const deletes = Array.from({ length: 1000 }, (_, i) => `DELE ${n + i}\r\n`).join('')
    await ask(deletes, new RegExp(`message ${n + 999} goes at QUIT\r\n$`))
  }
  const started = performance.now()
  expect(await ask('QUIT\r\n', /deleted\r\n$/)).toContain(`${COUNT} messages deleted`)
  console.log(`${COUNT} messages were removed in ${Math.round(performance.now() - started)} ms`)
  expect(findFolder(service.store.read, owner, 'inbox')).toMatchObject({ total: 0, unread: 0 })
  await service.close()
})
