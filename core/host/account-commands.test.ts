import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, Home, type Served } from '../../test/support/posthorn.ts'
import { numbered } from '../../test/support/fetch-house.ts'
import { startPop3Server, type Maildrop, type Pop3TestServer } from '../../test/support/pop3-server.ts'
import type { AccountView } from '../rpc/views.ts'

let home: Home
let served: Served
let server: Pop3TestServer
const maildrop: Maildrop = { messages: [] }
beforeEach(async () => {
  home = new Home({ submission: { port: 0 } })
  served = await home.serve()
  maildrop.messages.splice(0)
  server = await startPop3Server(maildrop)
})
afterEach(async () => {
  await served.stop()
  await server.close()
  home.remove()
})

test('an account with its rules is added, changed and fetched, and the rest of a large message brought', async () => {
  const at = ['--host', '127.0.0.1', '--port', String(server.port), '--user', 'ada', '--tls', 'none']
  const add = ['account', 'add', 'pop3', ...at, '--password-stdin']
  const refused = await home.run([...add, '--delete-after-days', '7'], 'secret\n')
  expect(refused.status).toBe(64)
  expect(refused.stderr).toContain('give --leave, too')

  const rules = ['--leave', '--delete-after-days', '7', '--delete-when-removed', '--headers-only-over-mb', '1']
  const order = ['--newest-first', '--headers-first', 'always']
  const added = await home.json<AccountView>([...add, ...rules, ...order, '--no-apop'], 'secret\n')
  expect(added).toMatchObject({
    keep: true,
    login: 'password',
    pop3: {
      deleteAfterDays: 7,
      deleteWhenRemoved: true,
      headersOnlyOverMb: 1,
      newestFirst: true,
      headersFirst: 'always',
      allowApop: false,
    },
  })
  expect(added.pop3?.warnings.join()).toContain('not encrypted')
  const back = ['--no-leave', '--delete-after-days', 'never', '--no-delete-when-removed', '--oldest-first', '--apop']
  expect((await home.run(['account', 'set', 'ada', '--headers-first', 'often'])).stderr).toContain(
    'auto, always, never',
  )
  const changed = await home.json<AccountView>([
    'account',
    'set',
    'ada',
    ...back,
    '--headers-first',
    'auto',
    '--name',
    'Ada',
  ])
  expect(changed).toMatchObject({
    name: 'Ada',
    keep: false,
    pop3: {
      deleteAfterDays: null,
      deleteWhenRemoved: false,
      headersOnlyOverMb: 1,
      newestFirst: false,
      headersFirst: 'auto',
      allowApop: true,
    },
  })

  maildrop.messages.push(numbered(1, `${'x'.repeat(1_100_000)}\r\n`))
  // One that began before the message came brings nothing.
  const row = await eventually(async () => {
    await home.json(['fetch', 'Ada'])
    return (await home.json<{ readonly id: number }[]>(['list']))[0]
  }, 'the message')
  const id = String(row.id)
  expect((await home.run(['show', id])).stdout).toContain('only its header is here')
  expect((await home.json<{ readonly partial: unknown }>(['show', id, '--whole'])).partial).toBeNull()
  expect(maildrop.messages).toEqual([])
}, 60_000)
