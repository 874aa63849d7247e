import { afterEach, expect } from 'vitest'
import { Conversation } from '../support/conversation.ts'
import { startExim, type Exim } from '../support/exim.ts'
import { needs } from '../support/peers.ts'
import { eventually } from '../support/posthorn.ts'

/** The Exim that other tests talk to is what they take it for. */
const open: Exim[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop()
})
const start = async (options: Parameters<typeof startExim>[0]) => {
  const one = await startExim(options)
  open.push(one)
  return one
}
const MESSAGE = 'From: ada@client.test\nTo: bob@dest.test\nSubject: hi\n\n.dot\nend\n'

needs('exim').test('an Exim passes everything on to another, which keeps it', async () => {
  const dest = await start({ receive: { domain: 'dest.test', users: ['bob'] } })
  const relay = await start({ relay: { host: dest.host, port: dest.port, tls: 'required' } })
  await relay.send('ada@client.test', ['bob@dest.test'], MESSAGE)
  const [message] = await eventually(
    async () => {
      const got = await dest.messages('bob')
      return got.length > 0 && got
    },
    'a message in the Maildir',
    10_000,
  )
  expect(message?.toString()).toContain('\n\n.dot\nend\n')
  expect(await relay.waiting()).toBe(0)
})

needs('exim').test('an Exim offers what it is told to, turns away once, and knows its users', async () => {
  const dest = await start({
    receive: { domain: 'dest.test', users: ['bob'], greylist: '4.7.1 greylisted, come again', sizeBytes: 5000, without: ['SMTPUTF8', 'CHUNKING'] },
  }) // prettier-ignore
  const client = await Conversation.open(dest.port)
  await client.reply()
  const offers = await client.say('EHLO client.test\r\n')
  expect(offers).toMatch(/SIZE 5000/)
  expect(offers).not.toMatch(/SMTPUTF8|CHUNKING/)
  await client.say('MAIL FROM:<ada@client.test>\r\n')
  expect(await client.say('RCPT TO:<eve@dest.test>\r\n')).toMatch(/^550/)
  expect(await client.say('RCPT TO:<bob@dest.test>\r\n')).toMatch(/^451 4\.7\.1 greylisted, come again/)
  expect(await client.say('RCPT TO:<bob@dest.test>\r\n')).toMatch(/^250/)
  client.close()
  const other = await start({ receive: { domain: 'dest.test', users: ['bob'], login: { user: 'u', password: 'p' } } })
  const second = await Conversation.open(other.port)
  await second.reply()
  expect(await second.say('EHLO client.test\r\n')).toMatch(/CHUNKING[\s\S]*SMTPUTF8|SMTPUTF8[\s\S]*CHUNKING/)
  await second.say('MAIL FROM:<ada@client.test>\r\n')
  expect(await second.say('RCPT TO:<bob@far.test>\r\n')).toMatch(/^550/)
  await second.say('RSET\r\n')
  expect(await second.say('AUTH PLAIN AHUAcA==\r\n')).toMatch(/^235/)
  await second.say('MAIL FROM:<ada@client.test>\r\n')
  expect(await second.say('RCPT TO:<bob@far.test>\r\n')).toMatch(/^250/)
  second.close()
})
