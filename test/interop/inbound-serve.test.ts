import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Conversation } from '../support/conversation.ts'
import { needs, pathOf } from '../support/peers.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { freePort } from '../support/postfix.ts'
import { runProgram } from '../support/run-program.ts'

const PASSWORD = 'Gh3-lampenschirm-Rot7'
const MESSAGE =
  'From: kay@far.test\r\nTo: team@one.test\r\nSubject: from outside\r\nMessage-ID: <7@far.test>\r\n\r\n.dot\r\nend\r\n'

/** The product as it is started, receiving mail from other servers for its own domains. */
describe('posthorn serve with inbound mail', () => {
  let home: Home
  let served: Served
  let port = 0
  beforeAll(async () => {
    port = await freePort('127.0.0.1')
    home = new Home({
      'local': { domains: ['home.test', 'one.test', 'two.test'] },
      'submission': { port: 0, tlsPort: null },
      'inbound': { enabled: true, host: '127.0.0.1', port, delaySeconds: 0, greylist: true },
      'queue.paused': true,
    })
    served = await home.serve()
    await home.run(['user', 'add', 'ada@home.test', '--password-stdin'], `${PASSWORD}\n`)
  })
  afterAll(async () => {
    await served?.stop()
    home?.remove()
  })
  const source = async (id: string | number) => (await home.run(['source', String(id)])).bytes.toString('latin1')
  const mail = () => home.json<{ readonly id: number; readonly subject: string }[]>(['list'])

  test('says plainly that mail can be received, and from where', async () => {
    expect(served.ready).toMatchObject({ inbound: { host: '127.0.0.1', port } })
    const { stdout } = await home.run(['status'])
    expect(stdout).toContain(
      `Mail for home.test, one.test, two.test is received on 127.0.0.1:${port}, from programs on this computer only`,
    )
    expect(await home.json(['status'])).toMatchObject({ inbound: { state: 'listening', reach: 'this-computer', port } })
  })

  test('the table of aliases is kept and explained on the command line', async () => {
    const set = await home.run(['alias', 'set', '*@one.test, *@two.test', '*@home.test'])
    expect(set).toMatchObject({ status: 0, stdout: expect.stringContaining('goes to *@home.test') })
    expect((await home.run(['alias', 'set', 'team@one.test', 'ada@home.test,kim@far.test'])).status).toBe(0)
    const again = await home.run(['alias', 'set', 'TEAM@one.test', 'ada@home.test,kim@far.test,nobody@home.test'])
    expect(again.stderr).toContain('nobody@home.test leads nowhere')
    expect((await home.run(['alias', 'set', 'team@one.test,x@one.test', 'ada@home.test'])).stderr).toContain(
      'stands in alias',
    )
    const resolved = await home.run(['alias', 'resolve', 'Ada+shop@two.test'])
    expect(resolved.stdout).toContain('goes to Ada+shop@home.test')
    expect(resolved.stdout).toContain('into the mailbox of ada@home.test')
    expect(resolved.stdout).toContain('A server that delivers to it hears: 250 2.1.5 ok')
    expect((await home.run(['alias', 'resolve', 'x@two.test'])).stdout).toContain('hears: 550 5.1.1 no such user here')
    expect((await home.run(['alias', 'list'])).stdout).toMatch(/\*@one\.test, \*@two\.test\s+\*@home\.test/)
    expect((await home.run(['alias', 'set', 'no address', 'ada@home.test'])).status).toBe(64)
  })

  needs('swaks').test(
    'swaks delivers, greylisted as a stranger and not once it has signed in; the bytes are its own',
    async () => {
      const file = join(home.root, 'message')
      writeFileSync(file, `${MESSAGE.replaceAll(/^\./gm, '..')}.`)
      const args = ['--server', '127.0.0.1', '--port', String(port), '--from', 'kay@far.test', '--to', 'team@one.test']
      const data = ['--data', `@${file}`, '--no-data-fixup']
      const stranger = await runProgram(pathOf('swaks'), [...args, ...data, '--tls'])
      expect(stranger.said).toContain('451 4.7.1 greylisted')
      const login = ['--tls', '--auth', 'PLAIN', '--auth-user', 'ada@home.test', '--auth-password', PASSWORD]
      const known = await runProgram(pathOf('swaks'), [...args, ...data, ...login])
      expect(known.said).toContain('250 2.0.0 ok, delivered')
      const [row] = await mail()
      const text = await source(row?.id ?? 0)
      expect(text.endsWith(MESSAGE)).toBe(true)
      expect(text).toMatch(
        /^Return-Path: <kay@far\.test>\r\nDelivered-To: team@one\.test\r\nReceived: from [^\r]+\r\n\tby home\.test with ESMTPSA id /,
      )
      // What the alias sends on waits in the queue, with the first sender's address.
      const queue = await home.json<{ from: string; recipients: { address: string }[] }[]>(['queue', 'list'])
      expect(queue).toMatchObject([{ from: 'kay@far.test', recipients: [{ address: 'kim@far.test' }] }])
      const sessions = await home.json<{ readonly id: number }[]>(['log', 'list'])
      const logs = await Promise.all(
        sessions.map(async ({ id }) => (await home.run(['log', 'show', String(id)])).stdout),
      )
      expect(logs.join('\n')).toContain('not greylisted: it has signed in')
      expect(logs.join('\n')).toMatch(/reverse DNS: 127\.0\.0\.1/)
    },
  )

  needs('curl').test('EXPN tells who has signed in whom a list stands for, and nobody else', async () => {
    const caFile = join(home.root, 'ca.pem')
    writeFileSync(caFile, (await home.run(['certificate'])).stdout)
    const args = ['--silent', '--ssl-reqd', '--cacert', caFile, `smtp://localhost:${served.submission.port}`]
    const ask = (list: string, login: string[]) =>
      runProgram(pathOf('curl'), [...args, ...login, '--mail-rcpt', list, '--request', 'EXPN'])
    const login = ['--user', `ada@home.test:${PASSWORD}`]
    const members = await ask('team@one.test', login)
    expect(members.said).toContain('<ada@home.test>')
    expect(members.said).toContain('<kim@far.test>')
    expect((await ask('nothing@one.test', login)).status).not.toBe(0)
    expect((await ask('team@one.test', [])).status).not.toBe(0)
  })

  test('relays for nobody, also not for a user of its own', async () => {
    const client = await Conversation.open(port)
    await client.reply()
    expect(await client.say('EHLO far.test\r\n')).not.toMatch(/AUTH/)
    await client.say('MAIL FROM:<ada@home.test>\r\n')
    expect(await client.say('RCPT TO:<kim@far.test>\r\n')).toMatch(/^550 5\.7\.1 relaying denied/)
    client.close()
  })

  test('a quota is set and shown, and a full mailbox is said at RCPT', async () => {
    expect((await home.run(['user', 'quota', 'ada@home.test', '10'])).status).toBe(0)
    const { stdout } = await home.run(['alias', 'resolve', 'ada@home.test'])
    expect(stdout).toContain('hears: 452 4.2.2 the mailbox is full')
    expect((await home.run(['user', 'list'])).stdout).toMatch(/ada@home\.test.*10\s*$/m)
    expect((await home.run(['user', 'quota', 'ada@home.test', 'none'])).status).toBe(0)
  })
})

test('a taken port is said and keeps nothing else from running', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await eventually(() => taken.listening, 'a listener')
  const { port } = taken.address() as { port: number }
  const home = new Home({ submission: { port: 0, tlsPort: null }, inbound: { enabled: true, host: '127.0.0.1', port } })
  const served = await home.serve()
  try {
    expect(served.ready).toMatchObject({ inbound: null })
    expect((await home.run(['status'])).stdout).toContain(
      `Mail from other servers cannot be received: listen on 127.0.0.1 port ${port}: another program listens there.`,
    )
    expect(served.stderr).toContain('another program listens there')
    // With nothing in its settings file the domains are a person's to change.
    for (const name of ['One.test', 'two.test']) await home.run(['domain', 'add', name])
    expect((await home.run(['domain', 'remove', 'ONE.test'])).stdout).toContain('one.test')
    expect((await home.run(['domain', 'list'])).stdout).toBe('two.test\n')
    expect(await home.run(['domain', 'remove', 'one.test'])).toMatchObject({ status: 64 })
  } finally {
    await served.stop()
    taken.close()
    home.remove()
  }
})
