import { call } from '@orpc/server'
import { expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { Changes } from '../base/changes.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import { mailboxOf as mailbox } from '../../test/support/mailbox.ts'
import { aliasHandlers } from './alias-handlers.ts'
import { openLocalMail } from './local.ts'

async function open() {
  const store = openInlineStore(systemClock)
  await store.write('user.add', { mailbox: mailbox('ada@home.example'), verifier: Buffer.from('x') })
  const settings = { 'local.domains': ['home.example', 'one.example'], 'local.quotaBytes': 0 }
  const local = openLocalMail({ read: store.read, settings: () => settings })
  return { handlers: aliasHandlers({ store, local, changes: new Changes<number>(0) }), store }
}

test('reads lines as people write them and says what is wrong with them', async () => {
  const { handlers } = await open()
  const patterns = ['*@One.Example', ' Sales@home.example ', 'SALES@home.example', 'abuse@*', 'x@far.example']
  const targets = ['ada@home.example', 'Kim@Far.example', 'nobody@home.example', '*@one.example']
  const stored = await call(handlers.set, { patterns, targets })
  expect(stored).toMatchObject({
    patterns: ['*@one.example', 'sales@home.example', 'abuse@*', 'x@far.example'],
    targets: ['ada@home.example', 'Kim@far.example', 'nobody@home.example', '*@one.example'],
    problems: ['x@far.example: far.example is not a local domain', 'nobody@home.example leads nowhere'],
  })
  expect(await call(handlers.list, undefined)).toEqual([stored])
  await call(handlers.remove, { id: stored.id })
  expect(await call(handlers.list, undefined)).toEqual([])
})

test('refuses what is no pattern, no target, or stands in another line', async () => {
  const { handlers } = await open()
  const set = (pattern: string, target: string) => call(handlers.set, { patterns: [pattern], targets: [target] })
  for (const [pattern, target] of [
    ['ada', 'ada@home.example'],
    ['@home.example', 'ada@home.example'],
    ['a*@home.example', 'ada'],
    ['ada@home.example', 'ada@home.*'],
    ['ada@home.example', '|/bin/sh'],
    ['ada@home.example', '/var/mail/ada'],
    ['ada@home.example', 'ada@[127.0.0.1]'],
    ['ada@home.example\r\n', 'ada@home.example>\r\nRCPT TO:<x@y.example'],
  ] as const)
    await expect(set(pattern, target)).rejects.toMatchObject({ code: 'address.invalid' })
  await set('a@home.example', 'ada@home.example')
  await expect(set('A@home.example', 'kim@far.example')).rejects.toMatchObject({ code: 'conflict' })
})

test('says where mail to an address would go, and how that was found', async () => {
  const { handlers } = await open()
  await call(handlers.set, { patterns: ['*@one.example'], targets: ['*@home.example', 'kim@far.example'] })
  expect(await call(handlers.resolve, { address: 'Ada+x@one.example' })).toEqual({
    address: 'Ada+x@one.example',
    mailboxes: ['ada@home.example'],
    forwards: ['kim@far.example'],
    reply: '250 2.1.5 ok',
    path: [
      {
        depth: 0,
        address: 'Ada+x@one.example',
        text: 'an alias for all other addresses of the domain (alias 1): goes to Ada+x@home.example, kim@far.example',
      },
      {
        depth: 1,
        address: 'Ada+x@home.example',
        text: 'read as Ada@home.example, an address here: into the mailbox of ada@home.example',
      },
      { depth: 1, address: 'kim@far.example', text: 'not in a local domain: sent on through the queue' },
    ],
  })
  expect(await call(handlers.resolve, { address: 'x@home.example' })).toMatchObject({
    reply: '550 5.1.1 no such user here',
  })
  expect(await call(handlers.resolve, { address: 'x@far.example' })).toMatchObject({
    reply: '550 5.7.1 relaying denied',
  })
  await expect(call(handlers.resolve, { address: 'nobody' })).rejects.toMatchObject({ code: 'address.invalid' })
})
