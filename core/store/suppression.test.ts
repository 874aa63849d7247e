import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import type { TestStore } from '../../test/support/store.ts'
import type { Domain, Mailbox } from '../model/address.ts'
import type { Cause } from '../model/outcome.ts'
import { findSuppressed, listSuppressed } from './suppression.ts'

const bob: Mailbox = { local: 'Bob', domain: 'remote.example' as Domain }
let store: TestStore
let clock: FakeClock
beforeEach(() => {
  clock = fakeClock()
  store = openInlineStore(clock)
})
afterEach(() => store.closeAndRemove())

/** One message to Bob, and how it ended. */
async function sent(to: Mailbox, cause: Cause | null): Promise<void> {
  const { recipientIds, entryId } = await store.write('queue.submit', {
    body: { raw: Buffer.from('Subject: x\r\n\r\n') },
    prefix: '',
    removed: [],
    from: { local: 'ada', domain: 'author.example' as Domain },
    to: [to],
    userId: null,
    origin: 'window',
    messageId: '<1@author.example>',
    subject: 'x',
    is8bit: false,
    needsUtf8: false,
    kept: [],
  })
  const { started } = await store.write('queue.startAttempt', { recipientIds })
  const settled = started.map(({ recipient, attemptId }) => ({
    recipientId: recipient.id,
    attemptId,
    state: cause === null ? ('delivered' as const) : ('bounced' as const),
    counts: true,
    nextAttemptMs: null,
    lastReply: null,
    cause,
    mx: null,
  }))
  await store.write('queue.settle', { entryId, sessionId: null, settled, kept: [], warning: null })
}
const said = (code: number, enhanced: string, words: string): Cause => ({
  at: 'reply',
  mx: 'mx.remote.example',
  verb: 'RCPT',
  reply: { code, enhanced, lines: [words] },
})
const unknown = said(550, '5.1.1', 'no such user')
const closed = said(550, '5.2.1', 'mailbox disabled')
const listed = said(550, '5.7.1', 'blocked using zen.spamhaus.org')

test('two times "no such mailbox" are enough for a warning, whatever the case of the letters', async () => {
  await sent(bob, unknown)
  expect(findSuppressed(store.read, bob)).toBeUndefined()
  await sent({ ...bob, local: 'bob' }, unknown)
  expect(findSuppressed(store.read, bob)).toMatchObject({
    failures: 2,
    byHand: false,
    lastReply: '550 5.1.1 no such user',
  })
})

test('three permanent failures in a row are, and a delivery between them begins anew', async () => {
  await sent(bob, closed)
  await sent(bob, closed)
  await sent(bob, null)
  await sent(bob, closed)
  await sent(bob, closed)
  expect(listSuppressed(store.read, 10)).toEqual([])
  await sent(bob, closed)
  expect(listSuppressed(store.read, 10)).toMatchObject([{ mailbox: { local: 'bob' }, failures: 3 }])
  await sent(bob, null)
  expect(listSuppressed(store.read, 10)).toEqual([])
})

test('a domain that is not there counts, time that ran out counts by its last refusal', async () => {
  await sent(bob, { at: 'dns', rcode: 'NXDOMAIN', name: 'remote.example' })
  await sent(bob, { at: 'expired', queuedMs: 1, last: said(452, '4.2.2', 'mailbox full') })
  await sent(bob, { at: 'expired', queuedMs: 1, last: { at: 'connect', mx: 'mx', errno: 'ETIMEDOUT' } })
  expect(findSuppressed(store.read, bob)).toBeUndefined()
  await sent(bob, { at: 'dns', rcode: 'NULLMX', name: 'remote.example' })
  expect(findSuppressed(store.read, bob)).toMatchObject({ failures: 3 })
})

test('what speaks of us and not of the address does not count', async () => {
  for (let i = 0; i < 5; i++) await sent(bob, listed)
  await sent(bob, { at: 'feature', mx: 'mx', missing: 'SIZE' })
  expect(listSuppressed(store.read, 10)).toEqual([])
})

test('an address marked by hand stays marked until it is taken away', async () => {
  await store.write('suppression.add', bob)
  await sent(bob, null)
  expect(findSuppressed(store.read, bob)).toMatchObject({ byHand: true, failures: 0 })
  expect(await store.write('suppression.remove', { ...bob, local: 'BOB' })).toBe(true)
  expect(await store.write('suppression.remove', bob)).toBe(false)
  expect(findSuppressed(store.read, bob)).toBeUndefined()
})
