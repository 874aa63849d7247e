import { afterAll, beforeAll, expect, test } from 'vitest'
import { takeLock } from '../../core/store/lock.ts'
import type { QueueEntryView } from '../../core/rpc/views.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { ended, eventually, Home, start, type Served } from '../support/posthorn.ts'
import { startSink, type SmtpSink, type SunkMessage } from '../support/smtp-sink.ts'

/*
 * `sendmail` as git, cron and mail(1) call it: what goes in on standard input, and what comes out on the wire.
 */
let sink: SmtpSink
let dns: DnsStub
let home: Home
let served: Served
/** Set by a test that wants the sink to be slow with its last word. */
let lastWord: Promise<string> | undefined

beforeAll(async () => {
  sink = await startSink({ answer: ({ verb }) => (verb === '.' ? lastWord : undefined) })
  dns = await startDnsServer({
    'far.test': { MX: [{ preference: 10, exchange: 'mx.test' }] },
    'mx.test': { A: ['127.0.0.1'] },
  })
  home = new Home({
    submission: { port: 0 },
    dns: { servers: [dns.server] },
    relay: { port: sink.port, allowPrivateAddresses: true },
    retry: { unknownAfterSeconds: 3600 },
  })
})
afterAll(async () => {
  await served?.stop()
  await sink.close()
  await dns.close()
  home.remove()
})

/** The message with that subject, once it is at the sink. */
const arrived = (subject: string): Promise<SunkMessage> =>
  eventually(() => sink.messages.find(({ raw }) => raw.includes(`Subject: ${subject}\r\n`)), `"${subject}" at the sink`)
const headerOf = ({ raw }: SunkMessage) => raw.subarray(0, raw.indexOf('\r\n\r\n') + 2).toString()
const bodyOf = ({ raw }: SunkMessage) => raw.subarray(raw.indexOf('\r\n\r\n') + 4).toString()
const queue = () => home.json<QueueEntryView[]>(['queue', 'list'])

test('alone, it commits, says that the mail leaves later, and the next serve delivers it', async () => {
  const text = 'From: ada@home.test\nTo: bob@far.test\nBcc: eve@far.test\nSubject: alone\n\nfirst\n.\nlast'
  const sent = await home.sendmail(['-t', '-i', '-f', 'ada@home.test'], text)
  expect(sent).toMatchObject({ status: 0, stdout: '' })
  expect(sent.stderr).toMatch(/^posthorn: message 1 is in the queue; it leaves when Posthorn next runs\n$/)
  expect(await queue()).toMatchObject([{ id: 1, recipients: [{ state: 'waiting' }, { state: 'waiting' }] }])
  expect(sink.connections).toBe(0)

  served = await home.serve()
  const message = await arrived('alone')
  expect(message.from).toBe('ada@home.test')
  expect(message.to.toSorted()).toEqual(['bob@far.test', 'eve@far.test'])
  expect(headerOf(message)).not.toMatch(/^(?:Bcc|X-)|eve/im)
  expect(headerOf(message)).toMatch(/^Date: .+\r\n/m)
  expect(headerOf(message)).toMatch(/^Message-ID: <[^>]+@home\.test>\r\n/im)
  expect(bodyOf(message)).toBe('first\r\n.\r\nlast\r\n')
  expect(message.raw.toString('latin1')).not.toMatch(/\r(?!\n)|(?<!\r)\n/)
  await eventually(
    async () => (await queue()).every(({ recipients }) => recipients.every(({ state }) => state === 'delivered')),
    'the queue to say so',
  )
})

const FROM = 'From: Ada <ada@home.test>\n'
test.each<[string, string[], string, { from: string; to: string[]; body?: string }]>([
  [
    'git send-email',
    ['-i', 'bob@far.test', 'Eve <eve@far.test>'],
    `${FROM}To: bob@far.test\nCc: Eve <eve@far.test>\nSubject: git\n\n---\n.\n-- \n2.1\n`,
    { from: 'ada@home.test', to: ['bob@far.test', 'eve@far.test'], body: '---\r\n.\r\n-- \r\n2.1\r\n' },
  ],
  [
    'git send-email with an envelope sender',
    ['-f', 'list@home.test', '-i', 'bob@far.test'],
    `${FROM}To: bob@far.test\nSubject: gitf\n\nx\n`,
    { from: 'list@home.test', to: ['bob@far.test'] },
  ],
  [
    'cron of Debian',
    ['-i', '-FCronDaemon', '-B8BITMIME', '-oem', 'bob@far.test'],
    `From: root@home.test (Cron Daemon)\nTo: bob@far.test\nSubject: cron\nX-Cron-Env: <HOME=/root>\n\nout\n`,
    { from: 'root@home.test', to: ['bob@far.test'] },
  ],
  [
    'cronie',
    ['-FCronDaemon', '-i', '-odi', '-oem', '-oi', '-t', '-f', 'ada@home.test'],
    `From: "(Cron Daemon)" <ada@home.test>\nTo: bob@far.test\nSubject: cronie\n\nout\n`,
    { from: 'ada@home.test', to: ['bob@far.test'] },
  ],
  [
    'mail(1)',
    ['-oi', '-oem', '-fada@home.test', '--', 'bob@far.test'],
    'To: bob@far.test\nSubject: mail\n\nhi\n',
    { from: 'ada@home.test', to: ['bob@far.test'], body: 'hi\r\n' },
  ],
  [
    'a report without a sender',
    ['-f', '<>', 'bob@far.test'],
    `${FROM}Subject: null\r\n\r\nup to here\r\n.\r\nnot this\r\n`,
    { from: '', to: ['bob@far.test'], body: 'up to here\r\n' },
  ],
  [
    'one address named twice',
    ['-t', 'bob@far.test'],
    `${FROM}To: bob@FAR.test\nResent-Bcc: carol@far.test\nSubject: twice\n\nx\n`,
    { from: 'ada@home.test', to: ['bob@far.test'] },
  ],
])('takes a message as %s gives it', async (_who, argv, text, expected) => {
  const sent = await home.sendmail(argv, text)
  expect(sent).toMatchObject({ status: 0, stdout: '', stderr: '' })
  const subject = /^Subject: (\w+)/m.exec(text)?.[1] ?? ''
  const message = await arrived(subject)
  expect(message.from).toBe(expected.from)
  expect(message.to.toSorted()).toEqual(expected.to)
  if (expected.body !== undefined) expect(bodyOf(message)).toBe(expected.body)
  expect(headerOf(message)).not.toMatch(/^(?:Resent-)?Bcc:/im)
  expect(headerOf(message)).toMatch(/^From: .*@home\.test/m)
  expect(message.raw.toString('latin1')).not.toMatch(/\r(?!\n)|(?<!\r)\n/)
})

const NOT_TAKEN: readonly [string[], string, RegExp][] = [
  [['-i'], `${FROM}To: bob@far.test\n\nx\n`, /nobody is named as recipient/],
  [['-t'], `${FROM}Subject: nobody\n\nx\n`, /nobody is named as recipient/],
  [['-bs'], '', /"-bs"/],
  [['-i', 'bob@'], `${FROM}\nx\n`, /"bob@"/],
  [['-f', 'a b', 'bob@far.test'], `${FROM}\nx\n`, /"a b"/],
  [['bob@far.test'], 'Subject: no author\n\nx\n', /no sender/],
  [['-f'], '', /needs a value/],
]
test('an order that cannot be carried out ends with 64, says why and takes nothing', async () => {
  const before = (await queue()).length
  await Promise.all(
    NOT_TAKEN.map(async ([argv, text, words]) => {
      const ran = await home.sendmail(argv, text)
      expect(ran, argv.join(' ')).toMatchObject({ status: 64, stdout: '', stderr: expect.stringMatching(words) })
    }),
  )
  expect((await queue()).length).toBe(before)
})

test('a caller that goes away in the middle of its message has sent nothing', async () => {
  const before = (await queue()).length
  const child = start([...home.at, 'sendmail', '-i', 'bob@far.test'])
  child.stdin.write(`${FROM}Subject: half\n\n${'line\n'.repeat(50_000)}`)
  // Time for its first bytes to reach the engine: a second caller, who came later, is served meanwhile.
  await home.sendmail(['-i', 'bob@far.test'], `${FROM}Subject: whole\n\nx\n`)
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('close', resolve))
  await arrived('whole')
  const entries = await queue()
  expect(entries.length).toBe(before + 1)
  expect(entries.map(({ subject }) => subject)).not.toContain('half')
})

test('SIGTERM lets the transaction under way come to its end, and nothing is sent twice', async () => {
  let speak = (_reply: string) => {}
  lastWord = new Promise((resolve) => (speak = resolve))
  expect(await home.sendmail(['-i', 'bob@far.test'], `${FROM}Subject: slow\n\nx\n`)).toMatchObject({ status: 0 })
  await arrived('slow')
  const stopped = served.stop()
  await eventually(() => served.stderr.includes('SIGTERM'), 'the engine to hear of it')
  speak('250 2.0.0 at last')
  expect(await stopped).toBe(0)
  lastWord = undefined
  const [entry] = await queue()
  expect(entry).toMatchObject({ subject: 'slow', recipients: [{ state: 'delivered', attempts: 1 }] })
  expect(entry?.recipients[0]?.lastReply).toContain('at last')
  expect(sink.messages.filter(({ raw }) => raw.includes('Subject: slow'))).toHaveLength(1)
})

test('with the folder in other hands it ends with 75 and names them; two at once wait for each other', async () => {
  const lock = takeLock(home.data, 'a backup')
  const refused = await home.sendmail(['-i', 'bob@far.test'], `${FROM}Subject: locked\n\nx\n`)
  lock.release()
  expect(refused).toMatchObject({ status: 75, stdout: '' })
  expect(refused.stderr).toContain(`a backup (process ${process.pid}) is using it`)
  const send = (subject: string) => home.sendmail(['-i', 'bob@far.test'], `${FROM}Subject: ${subject}\n\nx\n`)
  const both = await Promise.all([send('together one'), send('together two')])
  expect(both.map(({ status }) => status)).toEqual([0, 0])
  const subjects = (await queue()).map(({ subject }) => subject)
  expect(subjects).toEqual(expect.arrayContaining(['together one', 'together two']))
  expect(subjects).not.toContain('locked')
})

test('a pipe that takes its time does not keep the folder from others', async () => {
  const child = start([...home.at, 'sendmail', '-i', 'bob@far.test'])
  child.stdin.write(`${FROM}Subject: in its own time\n\n`)
  expect((await queue()).map(({ subject }) => subject)).not.toContain('in its own time')
  expect(await ended(child, 'done\n')).toMatchObject({ status: 0 })
  expect((await queue()).map(({ subject }) => subject)).toContain('in its own time')
})
