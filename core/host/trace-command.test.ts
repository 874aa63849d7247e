import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContractRouterClient } from '@orpc/contract'
import { createRouterClient } from '@orpc/server'
import { afterEach, expect, test } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { startDnsServer } from '../../test/support/dns-server.ts'
import { heardIo } from '../../test/support/heard-io.ts'
import { submissionOf } from '../../test/support/queue-house.ts'
import { startSink, type SinkCommand, type SinkReply } from '../../test/support/smtp-sink.ts'
import { startEngine } from '../engine.ts'
import { runCommand } from './commands.ts'
import type { Contract } from '../rpc/contract.ts'
import type { TracePart } from '../rpc/trace-contract.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** An engine whose mail for remote.example goes to a sink, and that takes mail for home.test. */
async function open(answer: (command: SinkCommand) => SinkReply) {
  const certificate = testCertificate('other.example')
  const sink = await startSink({ tls: certificate, answer })
  const dns = await startDnsServer({
    'remote.example': { MX: [{ preference: 1, exchange: 'mx.remote.example' }] },
    'mx.remote.example': { A: ['127.0.0.1'] },
  })
  const dataFolder = mkdtempSync(join(tmpdir(), 'posthorn-trace-'))
  const engine = await startEngine({
    dataFolder,
    keyFile: join(dataFolder, 'key'),
    fileSettings: {
      submission: { port: null, tlsPort: null },
      inbound: { enabled: true, host: '127.0.0.1', port: 0 },
      local: { domains: ['home.test'] },
      dns: { servers: [dns.server] },
      relay: { port: sink.port, allowPrivateAddresses: true },
    },
    log: () => {},
  })
  cleanups.push(
    () => rmSync(dataFolder, { recursive: true, force: true }),
    () => certificate.remove(),
    () => Promise.all([sink.close(), dns.close()]),
    () => engine.close(),
  )
  const api = createRouterClient(
    engine.router as Parameters<typeof createRouterClient>[0],
  ) as unknown as ContractRouterClient<Contract>
  /** What a command prints. */
  const print = async (...argv: string[]) => {
    const heard = heardIo(dataFolder)
    expect(await runCommand(engine, ['trace', ...argv], heard.io, undefined), heard.stderr()).toBe(0)
    return heard.stdout().toString()
  }
  return { engine, sink, api, print }
}
const LINES = ['From: ada@home.test', 'Message-ID: <one@home.test>', 'Subject: Hi', '', 'x']
const kinds = (parts: readonly TracePart[]) => parts.map(({ kind }) => kind)
const tries = (parts: readonly TracePart[]) => parts.flatMap((part) => (part.kind === 'try' ? [part] : []))

test('the way of a recipient is told from submission over a greylisting to delivery', async () => {
  let asked = 0
  const { engine, sink, api, print } = await open(({ verb }) =>
    verb === 'RCPT' && ++asked === 1 ? '451 4.7.1 <bob@remote.example>: Greylisted' : undefined,
  )
  await engine.accept(submissionOf(LINES, ['bob@remote.example']))
  const recipient = async () => (await api.queue.list({ limit: 9 }))[0]!.recipients[0]!
  await expect.poll(recipient).toMatchObject({ state: 'deferred' })
  const { id: recipientId } = await recipient()
  const first = await api.trace.recipient({ recipientId })
  expect(kinds(first.parts)).toEqual(['accepted', 'try', 'next'])
  const [deferred] = tries(first.parts)
  expect(deferred).toMatchObject({ number: 1, outcome: 'deferred', demand: 'none', why: expect.stringMatching(/451/) })
  expect(deferred!.steps.map(({ kind, verb }) => verb || kind)).toEqual(
    'dns,order,dns,dial,connect,EHLO,STARTTLS,tls,EHLO,MAIL,RCPT'.split(','),
  )
  // Each step opens its lines.
  const refusal = deferred!.steps.at(-1)!
  expect(refusal).toMatchObject({ code: '451', tone: 'warn', tls: true })
  const lines = await api.log.events({
    id: refusal.sessionId,
    fromSeq: refusal.fromSeq,
    limit: refusal.toSeq - refusal.fromSeq + 1,
  })
  expect(JSON.stringify(lines.at(-1))).toContain('Greylisted')
  expect(await api.trace.tls({ sessionId: refusal.sessionId })).toMatchObject({
    demand: 'none',
    domain: 'remote.example',
    facts: { trusted: false, names: ['other.example'] },
    strict: 'name',
  })

  await api.queue.retry({ id: null, recipientId, why: 'now' })
  await sink.waitFor(1)
  await expect.poll(recipient).toMatchObject({ state: 'delivered' })
  const after = await api.trace.recipient({ recipientId })
  expect(kinds(after.parts)).toEqual(['accepted', 'try', 'asked', 'try'])
  expect(tries(after.parts).map(({ number, outcome }) => [number, outcome])).toEqual([
    [1, 'deferred'],
    [2, 'delivered'],
  ])
  expect(tries(after.parts)[1]!.steps.at(-1)).toMatchObject({ kind: 'message', code: '250' })
  const words = await print(String(after.entryId))
  expect(words).toMatch(/try 1: deferred[^]*! RCPT: 451 4\.7\.1[^]*retry[^]*try 2: delivered at mx\.remote\.example/)
  expect(await print('--session', String(refusal.sessionId))).toMatch(/For: other\.example[^]*another name/)
  await expect(api.trace.recipient({ recipientId: 999 })).rejects.toMatchObject({ code: 'not-found' })
})

/** Says lines one after the other, each after an answer. */
async function say(port: number, lines: readonly string[]): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const left = [...lines]
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('data', (bytes) => {
      if (!/^\d{3} /m.test(bytes.toString('latin1'))) return
      const next = left.shift()
      if (next !== undefined) socket.write(`${next}\r\n`)
    })
  })
}

test('a message that came from another server shows its session, the line there, and the stops before', async () => {
  const { engine, api, print } = await open(() => undefined)
  await api.user.add({ address: 'ada@home.test', password: 'a password that is long' })
  const date = (seconds: number) => new Date(Date.now() - seconds * 1000).toUTCString().replace('GMT', '+0000')
  await say(engine.inbound!.port, [
    'EHLO relay.example',
    'MAIL FROM:<bob@remote.example>',
    'RCPT TO:<ada@home.test>',
    'DATA',
    [
      `Received: from pc (pc.example [192.0.2.3]) by relay.example with ESMTPS; ${date(60)}`,
      `Date: ${date(30)}`,
      'From: bob@remote.example',
      'Subject: Hello',
      '',
      'x',
      '.',
    ].join('\r\n'),
    'QUIT',
  ])
  const inbox = async () => {
    const folders = await api.mail.folders()
    const pages = await Promise.all(
      folders.map(({ id }) => api.mail.list({ folderId: id, after: null, limit: 5 }).then(({ rows }) => rows)),
    )
    return pages.flat()
  }
  await expect.poll(inbox).toMatchObject([{ subject: 'Hello' }])
  const messageId = (await inbox())[0]!.id
  const trace = await api.trace.message({ messageId })
  expect(trace).toMatchObject({ how: 'smtp', session: { side: 'server', protocol: 'smtp' }, sent: [] })
  const [line] = await api.log.events({ id: trace.session!.id, fromSeq: trace.seq!, limit: 1 })
  expect(line).toMatchObject({ kind: 'content', ref: { kind: 'message', messageId } })
  expect(trace.hops).toMatchObject([
    { from: 'pc', by: 'relay.example', tls: 'yes', fromAddress: '192.0.2.3' },
    { from: 'relay.example', tls: 'no', fromAddress: '127.0.0.1' },
  ])
  // The one who wrote the Date field had a clock that was ahead.
  expect(trace.hops[0]!.delayMs).toBeLessThan(-20_000)
  expect(await api.trace.tls({ sessionId: trace.session!.id })).toMatchObject({ facts: null, strict: 'clear' })
  expect(await print('--message', String(messageId))).toMatch(
    /relay\.example from pc[^]*backwards: the clocks disagree[^]*here: smtp, session \d+ line \d+/,
  )
})
