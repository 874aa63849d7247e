import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RuleHistoryView, RuleRunPage, RuleView } from '../../core/rpc/rules-contract.ts'
import type { MessageRow, QueueEntryView } from '../../core/rpc/views.ts'
import { Conversation } from '../support/conversation.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { addAccount } from '../support/fetched.ts'
import { startDovecot } from '../support/dovecot.ts'
import { OtherImapClient } from '../support/imap-client.ts'
import { mail as imapMail } from '../support/imap-world.ts'
import { needs } from '../support/peers.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { freePort } from '../support/postfix.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'

/* Two Posthorns with rules, each the mail server of a domain: what comes by every way is sorted, and mail never goes in a circle. */
interface Side {
  readonly home: Home
  readonly host: string
  served: Served
}
let dns: DnsStub
let port = 0
let one: Side
let two: Side

async function open(name: string, host: string): Promise<Side> {
  const home = new Home({
    submission: { port: 0, trustedAddresses: ['127.0.0.1'] },
    inbound: { enabled: true, host, port, delaySeconds: 0, greylist: false },
    local: { domains: [`${name}.test`] },
    dns: { servers: [dns.server] },
    relay: { port, allowPrivateAddresses: true },
    pace: { gapSeconds: 0 },
    retry: { scheduleSeconds: [1] },
  })
  const served = await home.serve()
  await home.run(['identity', 'add', `me@${name}.test`, '--name', 'Me'])
  return { home, host, served }
}
beforeAll(async () => {
  port = await freePort('127.0.0.2')
  const mx = (exchange: string) => ({ MX: [{ preference: 10, exchange }] })
  dns = await startDnsServer({
    'one.test': mx('mx.one.test'),
    'two.test': mx('mx.two.test'),
    'mx.one.test': { A: ['127.0.0.2'] },
    'mx.two.test': { A: ['127.0.0.3'] },
  })
  one = await open('one', '127.0.0.2')
  two = await open('two', '127.0.0.3')
}, 60_000)
afterAll(async () => {
  for (const side of [one, two]) {
    await side?.served.stop()
    side?.home.remove()
  }
  await dns?.close()
})

const list = ({ home }: Side) => home.json<MessageRow[]>(['list'])
const called = async (side: Side, subject: string) => (await list(side)).filter((row) => row.subject.includes(subject))
const history = ({ home }: Side, id: number) => home.json<RuleHistoryView[]>(['rule', 'history', String(id)])
async function rule({ home }: Side, name: string, when: string, what: string): Promise<RuleView> {
  return home.json<RuleView>(['rule', 'add', name, '--when', when, '--do', what])
}
async function clear(side: Side): Promise<void> {
  for (const { id } of await side.home.json<RuleView[]>(['rule', 'list']))
    await side.home.run(['rule', 'remove', String(id)])
}
/** Delivers as another server does. */
async function deliver({ host }: Side, from: string, to: string, message: string): Promise<void> {
  const talk = await Conversation.open(port, host)
  await talk.reply()
  for (const line of ['EHLO far.test', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA']) await talk.say(`${line}\r\n`)
  expect(await talk.say(`${message.replaceAll('\n', '\r\n')}\r\n.\r\n`)).toMatch(/^250/)
  await talk.say('QUIT\r\n')
}
const entries = async ({ home }: Side, subject: string) =>
  (await home.json<QueueEntryView[]>(['queue', 'list'])).filter((entry) => entry.subject.includes(subject))
const letter = (subject: string, to: string) =>
  `From: Kay <kay@far.test>\nTo: ${to}\nSubject: ${subject}\nMessage-ID: <${subject}@far.test>\nDate: Thu, 01 Jan 2026 00:00:00 +0000\n\nhi`

test('mail of every way in is sorted: from another server, from a program here, by POP3', async () => {
  const pop3 = await startPop3Server({
    messages: [{ uidl: 'a', raw: Buffer.from(letter('by-pop3', 'nora@feldt.test').replaceAll('\n', '\r\n')) }],
  })
  for (const name of ['Here', 'Fetched']) await one.home.run(['tag', 'add', name])
  await rule(one, 'here', 'by:here', 'tag:Here; star')
  await rule(one, 'fetched', '-by:here', 'tag:Fetched; star')
  await addAccount(one.home, { port: pop3.port, password: 'x' })
  await deliver(one, 'kay@far.test', 'me@one.test', letter('by-server', 'me@one.test'))
  await one.home.sendmail(['me@one.test'], letter('by-program', 'me@one.test'))
  await one.home.run(['fetch'])
  for (const [subject, name] of [
    ['by-server', 'Here'],
    ['by-program', 'Here'],
    ['by-pop3', 'Fetched'],
  ] as const) {
    const id = await eventually(async () => {
      const [row] = await called(one, subject)
      return row?.starred === true ? row.id : undefined
    }, `${subject} to be sorted`)
    expect((await history(one, id))[0]).toMatchObject({
      how: 'arrival',
      steps: [{ text: `tagged ${name}` }, { text: 'starred' }],
    })
  }
  await clear(one)
  await pop3.close()
}, 60_000)

test('two that forward everything to each other stop when it comes back', async () => {
  await rule(one, 'on', '*', 'forward:me@two.test')
  await rule(two, 'on', '*', 'forward:me@one.test')
  await deliver(one, 'kay@far.test', 'me@one.test', letter('circle-forward', 'me@one.test'))
  const back = await eventually(async () => {
    const rows = await called(one, 'circle-forward')
    return rows.length === 2 && rows
  }, 'it to come back')
  const stopped = await eventually(async () => {
    const told = (await Promise.all(back.map(({ id }) => history(one, id)))).flat()
    return told.flatMap(({ steps }) => steps).find(({ done }) => !done)
  }, 'the rule to leave it')
  expect(stopped).toEqual({ text: 'not forwarded: it was sent on from here before (X-Loop)', done: false })
  for (const side of [one, two]) {
    expect(await entries(side, 'circle-forward')).toMatchObject([{ recipients: [{ state: 'delivered' }] }])
    await clear(side)
  }
}, 60_000)

test('two that redirect everything to each other stop at the door of the first', async () => {
  await rule(one, 'on', '*', 'redirect:me@two.test')
  await rule(two, 'on', '*', 'redirect:me@one.test')
  await deliver(one, 'kay@far.test', 'me@one.test', letter('circle-redirect', 'me@one.test'))
  const [refused] = await eventually(async () => {
    const found = await entries(two, 'circle-redirect')
    return found[0]?.recipients[0]?.state === 'bounced' && found
  }, 'it to be refused')
  expect(refused?.recipients[0]?.lastReply).toContain('5.4.6')
  expect(await called(one, 'circle-redirect')).toHaveLength(1)
  for (const side of [one, two]) {
    expect(await entries(side, 'circle-redirect')).toHaveLength(1)
    await clear(side)
  }
}, 60_000)

test('two that answer everything by themselves answer once', async () => {
  await rule(one, 'away', '*', 'reply:"I am away."')
  await rule(two, 'away', '*', 'reply:"I am away, too."')
  await two.home.sendmail(
    ['-f', 'me@two.test', 'me@one.test'],
    `From: me@two.test\nTo: me@one.test\nSubject: knock\n\nhi\n`,
  )
  const answer = await eventually(async () => (await called(two, 'Auto: knock'))[0], 'the answer')
  const told = await eventually(async () => (await history(two, answer.id))[0], 'what a rule does with it')
  expect(told.steps).toEqual([{ text: 'not answered: a program sent it (Auto-Submitted: auto-replied)', done: false }])
  expect(await called(one, 'knock')).toHaveLength(1)
  for (const side of [one, two]) await clear(side)
}, 60_000)

test('rules are written, tried and run over mail that is here on the command line', async () => {
  const { home } = one
  const saved = await rule(one, 'Circles', 'subject:^circle -subject:$forward', 'move:archive')
  expect((await home.run(['rule', 'list'])).stdout).toContain('subject:^circle -subject:$forward → move:archive')
  const over = ['--folder', 'inbox']
  const tried = await home.json<RuleRunPage>(['rule', 'try', 'circles', ...over])
  expect(tried.messages.every(({ steps }) => steps[0]?.text === 'moved to Archive')).toBe(true)
  expect(await home.json(['rule', 'run', 'Circles', ...over])).toEqual(tried)
  expect(await home.json(['rule', 'try', 'circles', ...over])).toMatchObject({ matched: 0 })
  expect(await home.json(['rule', 'edit', 'circles', '--name', 'Rounds', '--do', 'star'])).toMatchObject({
    id: saved.id,
    name: 'Rounds',
    conditionText: saved.conditionText,
    actionsText: 'star',
  })
  expect(await home.json(['rule', 'disable', 'rounds'])).toMatchObject([{ enabled: false }])
  expect((await home.run(['rule', 'add', 'x', '--when', '(', '--do', 'stop'])).status).toBe(64)
  expect((await home.run(['rule', 'run', 'nobody', ...over])).status).toBe(1)
  expect((await home.run(['rule', 'add', 'x', '--when', '*', '--do', 'redirect:me@one.test'])).stderr).toContain(
    'your own',
  )
  await clear(one)
}, 60_000)

test('an engine answers as many commands as one likes: none leaves its connection behind', async () => {
  for (let n = 0; n < 200; n++)
    expect(await one.home.run(['rule', 'list']), `command ${n}`).toMatchObject({ status: 0 })
}, 60_000)

needs('dovecot').describe('rules and an IMAP account', () => {
  test('what comes into its Inbox is sorted on its server, too; what was there before is left alone', async () => {
    const PASSWORD = 'correct-horse-battery'
    const dovecot = await startDovecot({ password: PASSWORD })
    const other = await OtherImapClient.open(dovecot.imapPort, 'ada', PASSWORD)
    try {
      const { home } = one
      await rule(one, 'imap', '-by:here subject:imap', 'move:trash; read')
      await other.append('INBOX', imapMail('imap-before'))
      const at = `127.0.0.1:${dovecot.imapPort}`
      await home.json(
        ['account', 'add', 'imap', at, '--tls', 'none', '--user', 'ada', '--password-stdin'],
        `${PASSWORD}\n`,
      )
      await home.run(['fetch', 'ada'])
      await other.append('INBOX', imapMail('imap-after'))
      await home.run(['fetch', 'ada'])
      const row = await eventually(async () => {
        const [found] = await home.json<MessageRow[]>(['search', 'subject:"imap-after"'])
        return found?.seen === true ? found : undefined
      }, 'what came to be sorted')
      await home.run(['fetch', 'ada'])
      expect(await other.look('Trash')).toEqual(['imap-after \\Seen'])
      expect((await history(one, row.id))[0]).toMatchObject({
        steps: [{ text: 'moved to ada: Trash' }, { text: 'marked read' }],
      })
      const [before] = await called(one, 'imap-before')
      expect(await history(one, before!.id)).toEqual([])
    } finally {
      await clear(one)
      other.close()
      await dovecot.stop()
    }
  }, 60_000)
})
