import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { Conversation } from '../../test/support/conversation.ts'
import { impatientClock } from '../../test/support/impatient-clock.ts'
import { openInboundHouse, type InboundHouse } from '../../test/support/inbound-house.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close()
})
async function house(options: Partial<Parameters<typeof openInboundHouse>[0]> = {}): Promise<InboundHouse> {
  const opened = await openInboundHouse({ clock: systemClock, ...options })
  open.push(opened)
  return opened
}
async function greeted({ port }: { readonly port: number }): Promise<Conversation> {
  const client = await Conversation.open(port)
  open.push(client)
  expect(await client.reply()).toMatch(/^220 here\.test ESMTP/)
  await client.say('EHLO mx.far.test\r\n')
  return client
}
const MESSAGE =
  'From: kay@far.test\r\nTo: ada@here.test\r\nSubject: hi\r\nMessage-ID: <1@far.test>\r\n\r\n.dot\r\nend\r\n'
const STUFFED = MESSAGE.replace('\r\n.dot', '\r\n..dot')

/** One message over a session that has said EHLO; returns the answers to RCPT and to the message. */
async function deliver(client: Conversation, to: readonly string[], from = 'kay@far.test', message = STUFFED) {
  const mail = await client.say(`MAIL FROM:<${from}>\r\n`)
  if (!mail.startsWith('250')) return [mail]
  const answers: string[] = []
  for (const one of to) answers.push(await client.say(`RCPT TO:<${one}>\r\n`))
  if (answers.some((one) => one.startsWith('250'))) {
    expect(await client.say('DATA\r\n')).toMatch(/^354/)
    answers.push(await client.say(`${message}.\r\n`))
  } else await client.say('RSET\r\n')
  return answers.map((one) => one.trim())
}

test('takes mail for its own domains from anybody, byte for byte behind its own header lines', async () => {
  const inbound = await house()
  const client = await greeted(inbound)
  expect(await deliver(client, ['ada@here.test'])).toEqual(['250 2.1.5 ok', '250 2.0.0 ok, delivered'])
  const [mail] = await inbound.inbox('ada')
  const ours =
    /^Return-Path: <kay@far\.test>\r\nDelivered-To: ada@here\.test\r\nReceived: from mx\.far\.test \(\[127\.0\.0\.1\]\)\r\n\tby here\.test with ESMTP id [0-9a-f-]{36}\r\n\tfor <ada@here\.test>;\r\n\t\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000\r\n/
  expect(mail).toMatch(ours)
  expect(mail?.replace(ours, '')).toBe(MESSAGE)
})

test('a message without a reverse-path, such as a report, is taken like any other', async () => {
  const inbound = await house()
  const client = await greeted(inbound)
  expect(await deliver(client, ['ada@here.test'], '')).toEqual(['250 2.1.5 ok', '250 2.0.0 ok, delivered'])
  expect(await inbound.inbox('ada')).toEqual([expect.stringMatching(/^Return-Path: <>\r\n/)])
})

test('relays for nobody and knows its own users, also for who has signed in', async () => {
  const inbound = await house()
  const client = await greeted(inbound)
  expect(await deliver(client, ['eve@far.test'])).toEqual([expect.stringMatching(/^550 5\.7\.1 relaying denied/)])
  expect(await deliver(client, ['eve@[127.0.0.1]'])).toEqual([expect.stringMatching(/^550 5\.7\.1/)])
  expect(await deliver(client, ['eve%far.test@here.test'])).toEqual([expect.stringMatching(/^550 5\.1\.1/)])
  expect(await deliver(client, ['nobody@here.test', 'me@here.test'])).toEqual([
    '550 5.1.1 no such user here',
    '250 2.1.5 ok',
    '250 2.0.0 ok, delivered',
  ])
  expect(await deliver(client, ['Postmaster'])).toEqual(['250 2.1.5 ok', '250 2.0.0 ok, delivered'])
  expect(await inbound.inbox('me')).toHaveLength(2)
})

test('several recipients in one commit: a mailbox that two of them lead to gets the message once', async () => {
  const inbound = await house()
  const client = await greeted(inbound)
  const commits: string[] = []
  const { write } = inbound.store
  Object.assign(inbound.store, {
    write: (...args: Parameters<typeof write>) => (commits.push(args[0]), write(...args)),
  })
  const answers = await deliver(client, ['ada@here.test', 'ada+lists@here.test', 'bob@here.test', 'nobody@here.test'])
  expect(answers.map((one) => one.slice(0, 3))).toEqual(['250', '250', '250', '550', '250'])
  expect(commits).toEqual(['inbound.deliver'])
  const [mail, ...more] = await inbound.inbox('ada')
  expect(more).toEqual([])
  expect(mail).toContain('\r\nDelivered-To: ada@here.test\r\nDelivered-To: ada+lists@here.test\r\nReceived: ')
  expect(mail).not.toMatch(/\r\n\tfor </)
  expect(await inbound.inbox('bob')).toHaveLength(1)
})

test('an alias with targets here and elsewhere: one copy here, one entry for the queue, the reverse-path kept', async () => {
  const inbound = await house()
  await inbound.alias('team@there.test', 'ada@here.test, kim@far.test')
  const client = await greeted(inbound)
  await deliver(client, ['team@there.test'])
  expect(await inbound.inbox('ada')).toHaveLength(1)
  expect(inbound.forwarded).toEqual([
    expect.objectContaining({ domain: 'far.test', from: { local: 'kay', domain: 'far.test' } }),
  ])
  const transcript = await inbound.transcripts()
  expect(transcript).toContain(`"entryId":${inbound.forwarded[0]?.entryId}`)
})

test('a message that was sent on and comes back is refused, and so is one that has passed too many servers', async () => {
  const inbound = await house()
  await inbound.alias('team@there.test', 'kim@far.test')
  const client = await greeted(inbound)
  const back = `Delivered-To: Team@there.test\r\n${STUFFED}`
  expect((await deliver(client, ['team@there.test'], 'kay@far.test', back)).at(-1)).toMatch(/^554 5\.4\.6/)
  const long = `${'Received: by x; now\r\n'.repeat(51)}${STUFFED}`
  expect((await deliver(client, ['ada@here.test'], 'kay@far.test', long)).at(-1)).toMatch(/^554 5\.4\.6/)
  expect(inbound.forwarded).toEqual([])
  expect(await inbound.inbox('ada')).toEqual([])
})

test('a full mailbox is refused for now, before the message is sent', async () => {
  const inbound = await house({ settings: { 'local.quotaBytes': 2000 } })
  const client = await greeted(inbound)
  await client.say('MAIL FROM:<kay@far.test> SIZE=3000\r\n')
  expect(await client.say('RCPT TO:<ada@here.test>\r\n')).toMatch(/^452 4\.2\.2/)
  await client.say('RSET\r\n')
  const large = `${STUFFED}${'x'.repeat(900)}\r\n${'x'.repeat(900)}\r\n`
  // A client need not say how large its message is: then it hears of it behind the message.
  const tooLarge = `${large}${'x'.repeat(900)}\r\n`
  expect((await deliver(client, ['ada@here.test'], 'kay@far.test', tooLarge)).at(-1)).toMatch(/^452 4\.2\.2/)
  expect(await inbound.inbox('ada')).toEqual([])
  expect((await deliver(client, ['ada@here.test'], 'kay@far.test', large)).at(-1)).toMatch(/^250/)
  expect(await deliver(client, ['ada@here.test'])).toEqual(['452 4.2.2 the mailbox is full'])
  expect(await deliver(client, ['me@here.test'])).toHaveLength(2)
})

test('greylisting: first 451, the same five minutes later is taken, and from then on at once', async () => {
  const now = { ms: Date.UTC(2026, 0, 1) }
  const inbound = await house({
    clock: { ...systemClock, nowMs: () => now.ms },
    settings: { 'inbound.greylist': true },
  })
  const client = await greeted(inbound)
  const answerTo = async (to = 'ada@here.test', from = 'kay@far.test') =>
    (await deliver(client, [to], from))[0]?.slice(0, 9)
  expect(await answerTo()).toBe('451 4.7.1')
  now.ms += 299_000
  expect(await answerTo()).toBe('451 4.7.1')
  now.ms += 1000
  expect(await answerTo()).toBe('250 2.1.5')
  expect(await answerTo('bob@here.test')).toBe('451 4.7.1')
  expect(await answerTo('ada@here.test', 'eve@far.test')).toBe('451 4.7.1')
  now.ms += 35 * 86_400_000
  expect(await answerTo()).toBe('250 2.1.5')
  now.ms += 37 * 86_400_000
  expect(await answerTo()).toBe('451 4.7.1')
  now.ms += 4 * 3_600_000 + 1000
  expect(await answerTo()).toBe('451 4.7.1')
  expect(await inbound.transcripts()).toContain('greylisted: ada@here.test can be reached in 300 s')
})

test('who comes from a trusted network waits for nothing and is not greylisted, and the log says why', async () => {
  const trusted = await house({
    settings: { 'inbound.greylist': true, 'inbound.trustedAddresses': ['127.0.0.0/8'], 'inbound.delaySeconds': 60 },
  })
  const client = await greeted(trusted)
  expect(await deliver(client, ['ada@here.test'])).toHaveLength(2)
  const transcript = await trusted.transcripts()
  expect(transcript).toContain('a trusted network: no delay, no greylisting, no rate')
  expect(transcript).toContain('not greylisted: its network is trusted')
})

test('whoever speaks before the greeting is turned away and gets nothing in', async () => {
  const inbound = await house({ settings: { 'inbound.delaySeconds': 1 } })
  const socket = connect(inbound.port, '127.0.0.1')
  open.push({ close: () => socket.destroy() })
  let heard = ''
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
  socket.write('EHLO spam.test\r\nMAIL FROM:<a@spam.test>\r\nRCPT TO:<ada@here.test>\r\nDATA\r\nx\r\n.\r\n')
  await once(socket, 'close')
  expect(heard).toMatch(/^554 [^\r]*\r\n$/)
  expect(await inbound.inbox('ada')).toEqual([])
})

test('whoever waits for the greeting is served', async () => {
  const inbound = await house({ clock: impatientClock, settings: { 'inbound.delaySeconds': 3 } })
  const client = await greeted(inbound)
  expect(await deliver(client, ['ada@here.test'])).toHaveLength(2)
})

test('one client opens so many connections at once and in a minute and no more, and delivers so many messages', async () => {
  const inbound = await house({ settings: { 'inbound.maxPerClient': 2, 'inbound.messagesPerMinute': 2 } })
  const [first] = [await greeted(inbound), await greeted(inbound)]
  const third = await Conversation.open(inbound.port)
  open.push(third)
  expect(await third.reply()).toMatch(/^421 4\.3\.2 too many connections/)
  for (let i = 0; i < 2; i++) expect(await deliver(first, ['ada@here.test'])).toHaveLength(2)
  expect(await deliver(first, ['ada@here.test'])).toEqual([expect.stringMatching(/^450 4\.7\.1/)])
  inbound.settings = { ...inbound.settings, 'inbound.connectionsPerMinute': 3 }
  const fourth = await Conversation.open(inbound.port)
  open.push(fourth)
  expect(await fourth.reply()).toMatch(/^421 4\.7\.0 too many connections in a minute/)
})

test('the name of a client is looked up for the log and never waited for', async () => {
  let tell: (words: string) => void = () => {}
  const inbound = await house({ reverseName: () => new Promise((resolve) => (tell = resolve)) })
  const client = await greeted(inbound)
  expect(await deliver(client, ['ada@here.test'])).toHaveLength(2)
  tell('reverse DNS: 127.0.0.1 is mx.far.test')
  expect(await client.say('QUIT\r\n')).toMatch(/^221/)
  expect(await inbound.transcripts()).toContain('reverse DNS: 127.0.0.1 is mx.far.test')
})

test('a message with a CR or LF of its own is refused whole, and one that hides another ends the session', async () => {
  const inbound = await house()
  const client = await greeted(inbound)
  const bare = STUFFED.replace('end\r\n', 'end\n\r\n')
  expect((await deliver(client, ['ada@here.test'], 'kay@far.test', bare)).at(-1)).toMatch(/^550 5\.5\.2/)
  await client.say('MAIL FROM:<kay@far.test>\r\n')
  await client.say('RCPT TO:<ada@here.test>\r\n')
  await client.say('DATA\r\n')
  client.send('Subject: a\r\n\r\nx\n.\nMAIL FROM:<a@b.test>\r\nRCPT TO:<ada@here.test>\r\nDATA\r\nx\r\n.\r\n')
  expect(await client.reply()).toMatch(/^521 5\.5\.2/)
  expect(await client.rest()).toBe('')
  expect(await inbound.inbox('ada')).toEqual([])
})

test('offers what a server for strangers can keep: no reports of success, no sending later, no lists', async () => {
  const inbound = await house()
  const client = await Conversation.open(inbound.port)
  open.push(client)
  await client.reply()
  const offers = await client.say('EHLO mx.far.test\r\n')
  for (const one of [
    'PIPELINING',
    'SIZE 52428800',
    '8BITMIME',
    'SMTPUTF8',
    'CHUNKING',
    'STARTTLS',
    'ENHANCEDSTATUSCODES',
  ])
    expect(offers).toContain(one)
  expect(offers).not.toMatch(/DSN|FUTURERELEASE|DELIVERBY|EXPN|AUTH|BINARYMIME/)
})
