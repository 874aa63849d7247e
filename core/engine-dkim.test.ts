import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createRouterClient } from '@orpc/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeClock } from '../test/support/fake-clock.ts'
import { startDnsServer, type DnsStub } from '../test/support/dns-server.ts'
import { openInlineStore } from '../test/support/inline-store.ts'
import { bytesOf, mailbox, submissionOf } from '../test/support/queue-house.ts'
import type { TestStore } from '../test/support/store.ts'
import { systemClock, type Clock } from './base/clock.ts'
import { openDkim, type EngineDkim } from './engine-dkim.ts'
import { readFields } from './message/read.ts'
import type { Submission } from './model/submission.ts'
import { makeResolver } from './net/dns.ts'
import { isSignatureOver, signAnew } from './queue/sign-anew.ts'
import { makeSubmit } from './queue/submit.ts'
import type { DkimKeyView } from './rpc/views.ts'
import { getEntry, listRecipients } from './store/queue.ts'

let store: TestStore
let dns: DnsStub
let dkim: EngineDkim
/** Moves DNS' answers out of memory without waiting: the resolver is made anew for each question. */
const open = (clock: Clock = systemClock) =>
  openDkim({
    store,
    resolver: {
      lookup: (name, type) =>
        makeResolver({ servers: () => [{ address: '127.0.0.1', port: dns.port }] }).lookup(name, type),
    },
    clock,
    log: () => {},
  })
beforeEach(async () => {
  store = openInlineStore(systemClock)
  dns = await startDnsServer({})
  dkim = open()
})
afterEach(async () => {
  dkim.close()
  await dns.close()
  await store.closeAndRemove()
})

const api = () =>
  createRouterClient({ dkim: dkim.handlers } as Parameters<typeof createRouterClient>[0]) as unknown as {
    dkim: {
      list(): Promise<DkimKeyView[]>
      make(args: { domain: string; algorithm: DkimKeyView['algorithm']; selector?: string }): Promise<DkimKeyView>
      check(args: { id: number }): Promise<DkimKeyView>
      setActive(args: { id: number; active: boolean }): Promise<DkimKeyView>
      remove(args: { id: number }): Promise<{ ok: true }>
    }
  }
const publish = (...keys: readonly DkimKeyView[]) =>
  dns.setZone(Object.fromEntries(keys.map(({ record }) => [record.name, { TXT: [record.text] }])))

async function submit(submission: Submission, clock = systemClock): Promise<{ entryId: number; raw: string }> {
  const accept = makeSubmit({
    store,
    clock,
    describe: readFields,
    signerFor: dkim.signerFor,
    onAccepted: () => {},
    onFolders: () => {},
  })
  const answer = await accept(submission)
  if (!answer.accepted) throw new Error(answer.reply.lines.join())
  return { entryId: answer.entryId, raw: await bytesOf({ store }, answer.entryId) }
}
/** What dkimpy says of each signature, top down. */
function verdicts(raws: readonly string[], keys: readonly DkimKeyView[], signatures: number): unknown {
  const records = Object.fromEntries(keys.map(({ record }) => [record.name, record.text]))
  const cases = raws.map((raw) => ({ message: Buffer.from(raw, 'latin1').toString('base64'), records, signatures }))
  const oracle = fileURLToPath(new URL('../test/support/dkim-oracle.py', import.meta.url))
  const said = execFileSync('/usr/bin/python3', [oracle], { input: JSON.stringify(cases), maxBuffer: 1e9 })
  return JSON.parse(said.toString())
}
async function activeKey(algorithm: DkimKeyView['algorithm'] = 'rsa-sha256'): Promise<DkimKeyView> {
  const key = await api().dkim.make({ domain: 'author.example', algorithm })
  publish(...(await api().dkim.list()))
  return api().dkim.check({ id: key.id })
}
const LINES = [
  'From: Ada <ada@author.example>',
  'To: bob@remote.example',
  'Bcc: eve@remote.example',
  'Subject: Hi',
  '',
  'x',
]
const entryOf = (entryId: number) => getEntry(store.read, entryId)

test('a new key signs nothing until its record is in DNS, then all mail of its domain', async () => {
  const made = await api().dkim.make({ domain: 'Author.Example', algorithm: 'rsa-sha256' })
  expect(made).toMatchObject({ domain: 'author.example', active: false, published: 'unchecked' })
  expect(made.record.name).toMatch(/^ph\d{6}\._domainkey\.author\.example$/)
  expect(made.record.text).toMatch(/^v=DKIM1; k=rsa; p=[A-Za-z0-9+/]{390,}=*$/)
  const before = await submit(submissionOf(LINES))
  expect(before.raw).not.toContain('DKIM-Signature')
  expect(entryOf(before.entryId)?.signedBy).toEqual([])

  expect(await api().dkim.check({ id: made.id })).toMatchObject({ published: 'missing', active: false })
  publish(made)
  expect(await api().dkim.check({ id: made.id })).toMatchObject({ published: 'published', active: true })
  const after = await submit(submissionOf(LINES))
  expect(entryOf(after.entryId)?.signedBy).toEqual([made.record.name])
  expect(after.raw).not.toContain('Bcc')
  expect(verdicts([after.raw], [made], 1)).toEqual([[true]])
  // The key is known again after a restart, by nothing but the store.
  dkim = open()
  expect(verdicts([(await submit(submissionOf(LINES))).raw], [made], 1)).toEqual([[true]])
})

test('what was completed, made 7-bit or staged in pieces is signed as it leaves, with both algorithms', async () => {
  const keys = [await activeKey('rsa-sha256'), await activeKey('ed25519-sha256')]
  const long = Array.from({ length: 9000 }, (_, n) => `line ${n}  of\t the message ${'y'.repeat(40)} `)
  const big = submissionOf([...LINES, ...long])
  const staged = await store.stage()
  if (!('raw' in big.body)) throw new Error('no bytes')
  for (let at = 0; at < big.body.raw.length; at += 50_000) await staged.append(big.body.raw.subarray(at, at + 50_000))
  const submissions: readonly Submission[] = [
    submissionOf(['Subject: no From, no Date', '', 'x']),
    submissionOf([
      'From: ada@author.example',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Grüße  ',
    ]),
    submissionOf(LINES, undefined, { received: 'Received: from x\r\n\tby y; Fri, 20 Nov 2026 10:00:00 +0000\r\n' }),
    submissionOf(LINES, undefined, { origin: 'window' }),
    big,
    { ...big, body: await staged.finish() },
  ]
  const raws: string[] = []
  for (const one of submissions) raws.push((await submit(one)).raw)
  expect(raws[1]).toContain('Content-Transfer-Encoding: base64')
  expect(verdicts(raws, keys, 2)).toEqual(submissions.map(() => [true, true]))
})

test.each<[string, Submission]>([
  [
    'another domain',
    submissionOf(['From: x@elsewhere.example', '', 'x'], undefined, { from: mailbox('x@elsewhere.example') }),
  ],
  // A login may write anybody into From.
  ['a login of another domain', submissionOf(LINES, undefined, { from: mailbox('eve@elsewhere.example') })],
  [
    'authors of two domains',
    submissionOf(['From: ada@author.example, x@elsewhere.example', 'Sender: ada@author.example', '', 'x']),
  ],
  ['somebody else that a rule sends on', submissionOf(LINES, undefined, { origin: 'rule' })],
  ['a report', submissionOf(LINES, undefined, { from: null, origin: 'report' })],
])('mail of %s goes unsigned', async (_, submission) => {
  await activeKey()
  const { raw, entryId } = await submit(submission)
  expect(raw).not.toContain('DKIM-Signature')
  expect(entryOf(entryId)?.signedBy).toEqual([])
})

test('a key that DNS says otherwise of holds mail, which says why; switched off, mail goes unsigned', async () => {
  const key = await activeKey()
  const other = { ...key, record: { ...key.record, text: key.record.text.replace('p=M', 'p=N') } }
  publish(other)
  expect(await api().dkim.check({ id: key.id })).toMatchObject({ published: 'different', active: true })
  expect(dkim.warnings()).toEqual([expect.stringContaining('holds another key')])
  const { entryId, raw } = await submit(submissionOf(LINES))
  expect(raw).not.toContain('DKIM-Signature')
  expect(listRecipients(store.read, entryId)).toMatchObject([
    {
      state: 'held',
      nextAttemptMs: null,
      lastCause: { at: 'local', reason: expect.stringContaining('holds another key') },
    },
  ])
  await expect(api().dkim.setActive({ id: key.id, active: true })).rejects.toMatchObject({ code: 'conflict' })
  await api().dkim.setActive({ id: key.id, active: false })
  expect(dkim.warnings()).toEqual([])
  const unsigned = await submit(submissionOf(LINES))
  expect(listRecipients(store.read, unsigned.entryId)).toMatchObject([{ state: 'waiting' }])
})

test('what was held for its signature leaves unsigned when somebody lets it go', async () => {
  const key = await activeKey()
  dns.setZone({})
  await api().dkim.check({ id: key.id })
  const { entryId } = await submit(submissionOf(LINES))
  await store.write('queue.letGo', { entryId, asked: { who: 'command', why: '' }, unknownAfterMs: 0 })
  expect(listRecipients(store.read, entryId)).toMatchObject([{ state: 'waiting', nextAttemptMs: expect.any(Number) }])
  expect(entryOf(entryId)?.signedBy).toEqual([])
})

test('keys that sign are looked for once a day, and nobody is told before DNS has said so', async () => {
  const key = await activeKey()
  dns.setZone({})
  const clock = fakeClock(systemClock.nowMs())
  dkim.close()
  dkim = open(clock)
  dkim.start()
  const checked = () =>
    api()
      .dkim.list()
      .then(([one]) => one?.published)
  clock.advance(59_000)
  expect(await checked()).toBe('published')
  clock.advance(1_000)
  await expect.poll(checked).toBe('missing')
  publish(key)
  await expect.poll(() => clock.nextMs).toBeDefined()
  clock.advance(86_400_000)
  await expect.poll(checked).toBe('published')
})

test('DNS out of reach changes nothing of a key', async () => {
  const key = await activeKey()
  dns.setZone({ [key.record.name]: { trouble: 'servfail' } })
  await expect(api().dkim.check({ id: key.id })).rejects.toMatchObject({ code: 'conflict' })
  expect(await api().dkim.list()).toMatchObject([{ published: 'published', active: true }])
})

test('the newer of two keys takes over, and a key that is removed leaves nothing of its private half', async () => {
  const first = await activeKey()
  const second = await activeKey()
  expect(second.selector).toBe(`${first.selector}-2`)
  expect((await api().dkim.list()).map(({ active }) => active)).toEqual([false, true])
  expect(JSON.stringify(await api().dkim.list())).not.toContain('PRIVATE')
  await api().dkim.remove({ id: second.id })
  expect(store.read.prepare(`SELECT name FROM secret WHERE kind = 'dkim'`).all()).toEqual([{ name: String(first.id) }])
  expect((await submit(submissionOf(LINES))).raw).not.toContain('DKIM-Signature')
  await expect(api().dkim.remove({ id: second.id })).rejects.toMatchObject({ code: 'not-found' })
})

test.each(['localhost', '[192.0.2.1]', 'no domain', '-x.example'])('no key is made for %s', async (domain) => {
  await expect(api().dkim.make({ domain, algorithm: 'ed25519-sha256' })).rejects.toMatchObject({
    code: 'address.invalid',
  })
})

test.each(['no blanks', 'a..b', '_x', 'ü'])('the selector %j is refused', async (selector) => {
  const made = api().dkim.make({ domain: 'author.example', algorithm: 'ed25519-sha256', selector })
  await expect(made).rejects.toMatchObject({ code: 'address.invalid' })
})

test('a name that is taken is refused, in whatever case', async () => {
  await api().dkim.make({ domain: 'author.example', algorithm: 'ed25519-sha256', selector: 'mail' })
  const again = api().dkim.make({ domain: 'author.example', algorithm: 'rsa-sha256', selector: 'Mail' })
  await expect(again).rejects.toMatchObject({ code: 'conflict' })
})

test('mail that waited for longer than its signature lasts gets a new one that is good, and nothing else changes', async () => {
  const keys = [await activeKey(), await activeKey('ed25519-sha256')]
  const bodies = [
    ['x'],
    [],
    ['', '.', '..', ' '],
    Array(9000).fill('a line of a message that is long enough to be staged'),
  ]
  dkim.close()
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() - 15 * 86_400_000 }
  const past = open(clock)
  const raws: string[] = []
  for (const body of bodies) {
    dkim = past
    const { entryId, raw } = await submit(submissionOf([...LINES.slice(0, 4), '', ...body]), clock)
    dkim = open()
    const entry = entryOf(entryId)!
    expect(isSignatureOver(entry, systemClock.nowMs() - 2 * 86_400_000)).toBe(false)
    expect(isSignatureOver(entry, systemClock.nowMs())).toBe(true)
    const outcome = await signAnew(entry, { store, clock: systemClock, signerFor: dkim.signerFor })
    expect(outcome.entry).toEqual(entryOf(entryId))
    const anew = await bytesOf({ store }, entryId)
    const bare = (text: string) => text.replace(/^(?:DKIM-Signature:.*\r\n(?:\t.*\r\n)*)+/, '')
    expect(bare(anew) === bare(raw)).toBe(true)
    expect(anew.length).toBe(outcome.entry.view.sizeBytes)
    expect(Number(/x=(\d+)/.exec(anew)?.[1]) * 1000).toBeGreaterThan(systemClock.nowMs())
    raws.push(anew)
  }
  expect(verdicts(raws, keys, 2)).toEqual(bodies.map(() => [true, true]))
})

test('without a key that is in DNS such mail is held once, and leaves without the old signature', async () => {
  const key = await activeKey()
  const { entryId } = await submit(submissionOf(LINES))
  dns.setZone({})
  await api().dkim.check({ id: key.id })
  const { held } = await signAnew(entryOf(entryId)!, { store, clock: systemClock, signerFor: dkim.signerFor })
  expect(held).toMatchObject({ at: 'local', reason: expect.stringContaining('is not in DNS') })
  expect(entryOf(entryId)?.signedBy).toEqual([])
  expect(await bytesOf({ store }, entryId)).not.toContain('DKIM-Signature')
  expect(isSignatureOver(entryOf(entryId)!, Infinity)).toBe(false)
})
