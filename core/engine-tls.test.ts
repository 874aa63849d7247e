import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContractRouterClient } from '@orpc/contract'
import { createRouterClient } from '@orpc/server'
import { afterEach, expect, test } from 'vitest'
import { testCertificate } from '../test/support/certificate.ts'
import { startDnsServer } from '../test/support/dns-server.ts'
import { listenOnLoopback } from '../test/support/loopback-server.ts'
import { submissionOf } from '../test/support/queue-house.ts'
import { startSink } from '../test/support/smtp-sink.ts'
import { systemClock, type Clock } from './base/clock.ts'
import { startEngine, type Engine } from './engine.ts'
import { makeDialer } from './net/dial.ts'
import type { Contract } from './rpc/contract.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** An engine with a domain that has a policy, whose host answers by `onPolicy`. */
async function open(onPolicy: (answer: (policy: string) => void) => void, clock = systemClock) {
  const certificate = testCertificate('mx.remote.example', 'mta-sts.remote.example')
  const sink = await startSink({ tls: certificate })
  const server = createServer({ key: certificate.key, cert: certificate.cert }, (_, response) =>
    onPolicy((policy) => void response.writeHead(200, { 'content-type': 'text/plain' }).end(policy)),
  )
  const https = await listenOnLoopback((socket) => server.emit('connection', socket))
  const dns = await startDnsServer({
    'remote.example': { MX: [{ preference: 1, exchange: 'mx.remote.example' }] },
    'mx.remote.example': { A: ['127.0.0.1'] },
    'mta-sts.remote.example': { A: ['127.0.0.1'] },
    '_mta-sts.remote.example': { TXT: ['v=STSv1; id=1'] },
  })
  const dataFolder = mkdtempSync(join(tmpdir(), 'posthorn-engine-'))
  cleanups.push(
    () => rmSync(dataFolder, { recursive: true, force: true }),
    () => certificate.remove(),
    () => Promise.all([sink.close(), https.close(), dns.close()]),
  )
  const dial = makeDialer()
  const engine = await startEngine({
    dataFolder,
    keyFile: join(dataFolder, 'key'),
    fileSettings: {
      submission: { port: null, tlsPort: null },
      dns: { servers: [dns.server] },
      relay: { port: sink.port, allowPrivateAddresses: true, caFile: certificate.caFile },
    },
    // Only the policies' port is another one here.
    clock,
    dialer: (target, signal) => dial(target.port === 443 ? { ...target, port: https.port } : target, signal),
    log: () => {},
  })
  return { engine, sink }
}
const apiOf = (engine: Engine) =>
  createRouterClient(engine.router as Parameters<typeof createRouterClient>[0]) as unknown as Pick<
    ContractRouterClient<Contract>,
    'tls' | 'queue'
  >
const LINES = ['From: ada@author.example', 'Subject: Hi', '', 'x']
const file = (mx: string) => `version: STSv1\nmode: enforce\nmx: ${mx}\nmax_age: 86400\n`

test('the engine sends by the policy of a domain and shows it', async () => {
  const { engine, sink } = await open((answer) => answer(file('mx.remote.example')))
  cleanups.push(() => engine.close())
  await engine.accept(submissionOf(LINES))
  await sink.waitFor(1)
  const api = apiOf(engine)
  await expect
    .poll(async () => (await api.queue.list({ limit: 9 }))[0]?.recipients[0])
    .toMatchObject({ state: 'delivered', tls: { policy: 'mta-sts', facts: { trusted: true } } })
  await expect
    .poll(() => api.tls.domains({ after: null, limit: 9 }))
    .toMatchObject([
      { domain: 'remote.example', mtaSts: { mode: 'enforce' }, ratchet: { untilMs: expect.any(Number) } },
    ])
})

test('mail that a policy forbids waits, and says so', async () => {
  const { engine, sink } = await open((answer) => answer(file('other.remote.example')))
  cleanups.push(() => engine.close())
  await engine.accept(submissionOf(LINES))
  await expect
    .poll(async () => (await apiOf(engine).queue.list({ limit: 9 }))[0]?.recipients[0])
    .toMatchObject({
      state: 'deferred',
      why: expect.stringContaining('is not among the servers that the MTA-STS policy'),
    })
  expect(sink.connections).toBe(0)
})

test('a policy that does not come keeps nobody from closing', async () => {
  let asked = () => {}
  const isAsked = new Promise<void>((resolve) => (asked = resolve))
  // What a closing engine waits for is waited for a twentieth of its time.
  const hurried: Clock = { ...systemClock, after: (delayMs, run) => systemClock.after(delayMs / 20, run) }
  const { engine, sink } = await open(() => asked(), hurried)
  await engine.accept(submissionOf(LINES))
  await isAsked
  await engine.close()
  expect(sink.connections).toBe(0)
})
