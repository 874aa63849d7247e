import { afterEach, expect, test } from 'vitest'
import { relay, type RelayOptions, type TestJob } from '../../test/support/relay.ts'
import { startDnsServer, type Zone } from '../../test/support/dns-server.ts'
import { startSink, type SinkOptions, type SmtpSink } from '../../test/support/smtp-sink.ts'
import type { Verdict } from '../wire/smtp/client-words.ts'
import { makeResolver } from '../net/dns.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function sink(options: SinkOptions = {}): Promise<SmtpSink> {
  const started = await startSink(options)
  open.push(started)
  return started
}
async function resolverOf(zone: Zone) {
  const dns = await startDnsServer(zone)
  open.push(dns)
  return makeResolver({ servers: () => [{ address: '127.0.0.1', port: dns.port }] })
}
/** Two MX hosts at 127.0.0.1 and 127.0.0.2, and the same port for both. */
const TWO_MX: Zone = {
  'dest.test': {
    MX: [
      { preference: 20, exchange: 'mx2.dest.test' },
      { preference: 10, exchange: 'mx1.dest.test' },
    ],
  },
  'mx1.dest.test': { A: ['127.0.0.1'] },
  'mx2.dest.test': { A: ['127.0.0.2'] },
}
const ONE_MX: Zone = {
  'dest.test': { MX: [{ preference: 10, exchange: 'mx1.dest.test' }] },
  'mx1.dest.test': { A: ['127.0.0.1'] },
}
async function deliver(
  zone: Zone,
  port: number,
  jobs: readonly TestJob[] = [{ to: ['bob@dest.test'] }],
  options: Partial<RelayOptions> = {},
) {
  return relay(jobs, {
    resolver: await resolverOf(zone),
    ...options,
    settings: { 'relay.port': port, ...options.settings },
  })
}
/** Outcomes in short: kind, and the code or the rcode that explains it. */
const short = (relayed: Awaited<ReturnType<typeof relay>>) =>
  relayed.outcomes.map((outcome) => {
    if (outcome.kind === 'delivered') return `${outcome.address} delivered ${outcome.reply.code} by ${outcome.mx}`
    if (outcome.kind === 'unknown') return `${outcome.address} unknown at ${outcome.mx}`
    const { why } = outcome
    const what =
      why.at === 'reply'
        ? `${why.verb} ${why.reply.code}`
        : why.at === 'dns'
          ? `dns ${why.rcode}`
          : why.at === 'connect'
            ? `connect ${why.errno}`
            : why.at === 'feature'
              ? `missing ${why.missing}`
              : why.at
    return `${outcome.address} ${outcome.kind} ${what}`
  })
const sinkOf = (zone: Zone) => zone
void sinkOf
void (undefined as Verdict | undefined)

test('delivers one message to all recipients of a domain in one pipelined transaction', async () => {
  const mx = await sink()
  const relayed = await deliver(ONE_MX, mx.port, [
    { to: ['bob@dest.test', 'eve@dest.test'], message: 'Subject: dots\r\n\r\n.\r\n..two\r\nend\r\n' },
  ])
  expect(short(relayed)).toEqual([
    'bob@dest.test delivered 250 by mx1.dest.test',
    'eve@dest.test delivered 250 by mx1.dest.test',
  ])
  expect(mx.messages.map(({ from, to, raw }) => ({ from, to, raw: raw.toString('latin1') }))).toEqual([
    {
      from: 'ada@sender.test',
      to: ['bob@dest.test', 'eve@dest.test'],
      raw: 'Subject: dots\r\n\r\n.\r\n..two\r\nend\r\n',
    },
  ])
  expect(relayed.bodies).toEqual([[1, 2]])
  expect(relayed.sessions).toMatchObject([
    { peer: 'mx1.dest.test', address: `127.0.0.1:${mx.port}`, state: 'ok', worst: '250', messages: 1 },
  ])
  expect(relayed.links).toEqual([
    { sessionId: 1, link: { entryId: 1, recipientId: 1, attemptId: 1001 } },
    { sessionId: 1, link: { entryId: 1, recipientId: 2, attemptId: 1002 } },
  ])
  const dialogue = relayed.dialogue()
  const notes = dialogue.filter((line) => line.startsWith('#'))
  expect(notes[0]).toMatch(/^# DNS MX dest\.test: 10 mx1\.dest\.test \(from 127\.0\.0\.1:\d+, 300 s\)$/)
  expect(notes).toContain(`# dialling mx1.dest.test at 127.0.0.1:${mx.port}`)
  expect(dialogue.filter((line) => !line.startsWith('#'))).toEqual([
    'S: 220 sink.test ESMTP',
    'C: EHLO client.test',
    'S: 250-sink.test',
    'S: 250-PIPELINING',
    'S: 250-SIZE 52428800',
    'S: 250-8BITMIME',
    'S: 250-SMTPUTF8',
    'S: 250 ENHANCEDSTATUSCODES',
    'C: MAIL FROM:<ada@sender.test> SIZE=34',
    'C: RCPT TO:<bob@dest.test>',
    'C: RCPT TO:<eve@dest.test>',
    'C: DATA',
    'S: 250 2.1.0 ok',
    'S: 250 2.1.5 ok',
    'S: 250 2.1.5 ok',
    'S: 354 go ahead',
    '[content 34]',
    'C: .',
    'S: 250 2.0.0 taken',
    'C: QUIT',
    'S: 221 2.0.0 bye',
    '! C',
  ])
})
