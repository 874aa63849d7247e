import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContractRouterClient } from '@orpc/contract'
import { createRouterClient } from '@orpc/server'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Conversation } from '../test/support/conversation.ts'
import { eventually } from '../test/support/posthorn.ts'
import { TEST_KEY } from '../test/support/store.ts'
import { startEngine, type Engine } from './engine.ts'
import type { Contract } from './rpc/contract.ts'
import { lookUpsNothing } from '../test/support/no-dns.ts'

/*
 * Rehearsals through the real queue and the real relay: every fault of the lab with the verdict it leads to.
 */

let folder: string
let engine: Engine
let api: ContractRouterClient<Contract>
const asked: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-lab-'))
  engine = await startEngine({
    dataFolder: folder,
    keyFile: join(folder, 'key'),
    key: TEST_KEY,
    fileSettings: { submission: { port: null, tlsPort: null } },
    resolver: lookUpsNothing(asked),
    log: () => {},
  })
  api = createRouterClient(engine.router as Parameters<typeof createRouterClient>[0]) as unknown as typeof api
  await api.identity.save({ name: 'Ada', address: 'ada@home.test', routeId: null })
  // Tries are asked for by the tests, but for the one that is about the lab's own schedule.
  await api.app.setSetting({ key: 'lab.retrySeconds', value: 3600 })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  await api.lab.reset()
  await api.lab.start()
})

type Faults = Parameters<typeof api.lab.setFaults>[0]

/** The session of a rehearsal, once it is known which that was. */
const sessionOf = async (entryId: number) => {
  const { recipients } = await eventually(async () => {
    const entry = await api.queue.get({ id: entryId })
    return entry.recipients[0]!.sessions.length > 0 && entry
  }, 'the session')
  return recipients[0]!.sessions.at(-1)!
}
/** Where the recipient of an entry stands, once a try has ended. */
const stands = (entryId: number, attempts = 1) =>
  eventually(async () => {
    const { recipients } = await api.queue.get({ id: entryId })
    const [one] = recipients
    return one !== undefined && one.state !== 'waiting' && one.state !== 'trying' && one.attempts >= attempts && one
  }, 'the verdict')
/** Sends a rehearsal to a lab that behaves so. */
async function rehearse(faults: Faults, sizeBytes = 0) {
  await api.lab.setFaults(faults)
  const { entryId } = await api.lab.send({ sizeBytes })
  return { entryId, ...(await stands(entryId)) }
}
const verdict = async (faults: Faults, sizeBytes = 0) => {
  const { state, why } = await rehearse(faults, sizeBytes)
  return `${state}: ${why ?? ''}`
}

test('a rehearsal goes through the queue into the lab, encrypted and verified, and nothing is asked of DNS', async () => {
  const { entryId, state, tls, mx } = await rehearse({})
  expect({ state, mx, trusted: tls?.facts?.trusted, fits: tls?.facts?.nameFits }).toEqual({
    state: 'delivered',
    mx: 'mx.lab.posthorn.invalid',
    trusted: true,
    fits: true,
  })
  const [message] = await api.lab.received()
  expect(message).toMatchObject({
    from: '<ada@home.test>',
    to: ['anyone@lab.posthorn.invalid'],
    isSecure: true,
    subject: 'A rehearsal',
  })
  expect((await api.lab.message({ id: message!.id })).text).toMatch(/From: Ada <ada@home\.test>[^]*This is a rehearsal/)
  const { session } = await api.log.session({ id: await sessionOf(entryId) })
  expect(session).toMatchObject({ side: 'client', messages: 1, state: 'ok' })
  // The side that answers is not recorded a second time.
  const all = await api.log.sessions({
    before: null,
    limit: 50,
    protocol: null,
    problemsOnly: false,
    entryId: null,
    messageId: null,
  })
  expect(all.every(({ side }) => side === 'client')).toBe(true)
  expect(asked.filter((name) => name.includes('posthorn'))).toEqual([])
})

test('a greylist asks to come again, and the second try is delivered', async () => {
  const { entryId, state, advice, nextAttemptMs } = await rehearse({ greylist: true })
  expect(state).toBe('deferred')
  expect(advice?.kind).toBe('greylisted')
  expect(nextAttemptMs).toBeGreaterThan(Date.now() + 60_000)
  await api.queue.retry({ id: entryId })
  expect((await stands(entryId, 2)).state).toBe('delivered')
})

test('a rehearsal that was greylisted comes to delivery by itself within moments', async () => {
  await api.app.setSetting({ key: 'lab.retrySeconds', value: 1 })
  const { entryId, nextAttemptMs } = await rehearse({ greylist: true })
  expect(nextAttemptMs).toBeLessThan(Date.now() + 2000)
  expect((await stands(entryId, 2)).state).toBe('delivered')
  await api.app.setSetting({ key: 'lab.retrySeconds', value: 3600 })
})

test('a greylist that is asked too early says so again', async () => {
  const { entryId } = await rehearse({ greylist: true, greylistSeconds: 3600 })
  await api.queue.retry({ id: entryId })
  expect((await stands(entryId, 2)).state).toBe('deferred')
})

test.each([
  ['greeting', 'later', /^deferred: .*450/],
  ['greeting', 'never', /^(bounced|deferred): .*554/],
  ['greeting', 'busy', /^deferred: .*421/],
  ['greeting', 'hang-up', /^deferred: /],
  ['EHLO', 'later', /^deferred: .*450/],
  ['EHLO', 'never', /^(bounced|deferred): .*550/],
  ['EHLO', 'busy', /^deferred: .*421/],
  ['EHLO', 'hang-up', /^deferred: /],
  ['STARTTLS', 'later', /^delivered/],
  ['STARTTLS', 'never', /^delivered/],
  ['STARTTLS', 'busy', /^deferred: .*421/],
  ['STARTTLS', 'hang-up', /^de(ferred|livered): /],
  ['MAIL', 'later', /^deferred: .*451/],
  ['MAIL', 'never', /^bounced: .*550/],
  ['MAIL', 'busy', /^deferred: .*421/],
  ['MAIL', 'hang-up', /^deferred: /],
  ['RCPT', 'later', /^deferred: .*450/],
  ['RCPT', 'never', /^bounced: .*550/],
  ['RCPT', 'busy', /^deferred: .*421/],
  ['RCPT', 'hang-up', /^deferred: /],
  ['DATA', 'later', /^deferred: .*451/],
  ['DATA', 'never', /^bounced: .*554/],
  ['DATA', 'busy', /^deferred: .*421/],
  ['DATA', 'hang-up', /^deferred: /],
  ['message', 'later', /^deferred: .*452/],
  ['message', 'never', /^bounced: .*554/],
  ['message', 'busy', /^deferred: .*421/],
  ['message', 'hang-up', /^unknown: /],
] as const)('at %s the lab answers %s: %s', async (step, answer, expected) => {
  expect(await verdict({ answers: { [step]: answer } })).toMatch(expected)
  // Hung up behind the dot, the message is there all the same: that is why nobody can know.
  const isThere = /^\^(?:delivered|unknown)/.test(expected.source)
  if (!expected.source.includes('|')) expect(await api.lab.received()).toHaveLength(isThere ? 1 : 0)
})

test('a connection that is cut before the end of the message is tried again, and nothing has come', async () => {
  expect(await verdict({ cutsOff: true })).toMatch(/^deferred: /)
  expect(await api.lab.received()).toEqual([])
})

test.each([
  ['good', true, true],
  ['expired', false, true],
  ['other-name', false, false],
  ['unknown', false, true],
] as const)(
  'a certificate that is %s: used all the same, and said so; where TLS is demanded, only a good one',
  async (certificate, trusted, nameFits) => {
    const { state, tls } = await rehearse({ certificate })
    expect([state, tls?.facts?.trusted, tls?.facts?.nameFits]).toEqual(['delivered', trusted, nameFits])
    expect(await verdict({ certificate, demandsTls: true })).toMatch(
      trusted ? /^delivered/ : /^deferred: .*as securely as asked for/,
    )
  },
)

test('without STARTTLS mail goes in the clear, unless the domain demands TLS', async () => {
  const { state, tls } = await rehearse({ offersTls: false })
  expect([state, tls?.facts]).toEqual(['delivered', null])
  expect(await verdict({ demandsTls: true })).toMatch(/^deferred: .*TLS/)
})

test('a message that is larger than the lab takes is not even begun', async () => {
  expect(await verdict({ sizeBytes: 2000 }, 5000)).toMatch(/^bounced: /)
  expect(await api.lab.received()).toEqual([])
})

test('a large message goes in chunks, of which the beginning is kept', async () => {
  const { state } = await rehearse({}, 600_000)
  expect(state).toBe('delivered')
  const [message] = await api.lab.received()
  expect(message!.sizeBytes).toBeGreaterThan(600_000)
  expect(await api.lab.message({ id: message!.id })).toMatchObject({ isWhole: false })
})

test('a server that takes its time is waited for', async () => {
  const { entryId, state } = await rehearse({ slowSeconds: 1, offersTls: false })
  expect(state).toBe('delivered')
  const events = await api.log.events({ id: await sessionOf(entryId), fromSeq: 0, limit: 1000 })
  expect(events.at(-1)!.sinceMs).toBeGreaterThan(3000)
})

test('while it is switched off mail waits, and nothing is dialled or asked', async () => {
  await api.lab.stop()
  expect(await api.lab.get()).toMatchObject({ isRunning: false, port: null })
  const { entryId, state, why } = await rehearse({})
  // Not the word of a server that refuses, nor advice about a blocked port.
  expect(`${state}: ${why}`).toMatch(
    /^deferred: There is no connection to \S+: the rehearsal lab is switched off\.(?!.*port 25)/,
  )
  // In the log and in the trace, too, no name was looked for and no connection lost.
  const id = await sessionOf(entryId)
  const [recipient] = (await api.queue.get({ id: entryId })).recipients
  if (recipient === undefined) throw new Error('it has no recipient')
  const { session } = await api.log.session({ id })
  expect(session).toMatchObject({ worst: 'lab off', state: 'deferred' })
  const trace = JSON.stringify(await api.trace.recipient({ recipientId: recipient.id }))
  expect(trace).toContain('the rehearsal lab is switched off')
  expect(trace).not.toMatch(/"kind":"(?:lost|dns)"/)
  await api.lab.start()
  await api.queue.retry({ id: entryId })
  expect((await stands(entryId, 2)).state).toBe('delivered')
  expect(asked.filter((name) => name.includes('posthorn'))).toEqual([])
})

test('no rule and no choice takes mail to the lab elsewhere, and the lab takes no other mail', async () => {
  const smarthost = await api.route.add({ host: 'smart.test', port: 25, tls: 'none' })
  await api.route.saveRule({ sender: '', recipient: '', afterTries: 0, action: 'smarthost', routeId: smarthost.id })
  expect(await api.route.explain({ from: 'ada@home.test', to: 'x@deep.lab.posthorn.invalid', tries: 3 })).toMatchObject(
    { kind: 'lab' },
  )
  expect(await api.route.explain({ from: 'ada@home.test', to: 'x@notlab.posthorn.invalid', tries: 0 })).toMatchObject({
    kind: 'smarthost',
  })
  await api.lab.setFaults({ greylist: true })
  const { entryId } = await api.lab.send({ to: 'chosen' })
  await stands(entryId)
  await api.queue.route({ id: entryId, way: { kind: 'smarthost', routeId: smarthost.id } })
  await api.queue.retry({ id: entryId })
  expect(await stands(entryId, 2)).toMatchObject({ state: 'delivered', mx: 'mx.lab.posthorn.invalid' })
  const { port } = await api.lab.get()
  const stranger = await Conversation.open(port!)
  expect(await stranger.reply()).toMatch(/^220 mx\.lab\.posthorn\.invalid/)
  stranger.send('EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@elsewhere.test>\r\n')
  await stranger.reply()
  await stranger.reply()
  expect(await stranger.reply()).toMatch(/^550 5\.7\.1/)
})

test('the composer finds nothing wrong with the lab, and asks nothing of DNS', async () => {
  const found = await api.compose.review({
    identityId: null,
    to: 'anyone@lab.posthorn.invalid',
    cc: '',
    bcc: '',
    subject: 'By hand',
    text: 'A text.',
    inReplyTo: '',
    references: '',
    attachments: [],
  })
  expect(found.filter(({ kind }) => kind === 'no-domain' || kind === 'no-server')).toEqual([])
  expect(asked.filter((name) => name.includes('posthorn'))).toEqual([])
})

test('another domain of the lab counts at once, and its certificate is for it', async () => {
  await api.app.setSetting({ key: 'lab.domain', value: 'probe.test' })
  const { state, mx, tls } = await rehearse({ demandsTls: true })
  expect([state, mx, tls?.facts?.nameFits]).toEqual(['delivered', 'mx.probe.test', true])
  await expect(api.app.setSetting({ key: 'lab.domain', value: 'example.org' })).rejects.toThrow(/\.invalid or \.test/)
  await api.app.setSetting({ key: 'lab.domain', value: 'lab.posthorn.invalid' })
})

test('a name that is none is refused in words', async () => {
  await expect(api.lab.send({ to: 'two words' })).rejects.toThrow(/no name for a mailbox/)
})
