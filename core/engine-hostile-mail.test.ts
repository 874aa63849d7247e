import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { call } from '../test/support/contract.ts'
import { mailRest } from '../test/support/mail-rest.ts'
import { openFetchHouse } from '../test/support/fetch-house.ts'
import { HOSTILE } from '../test/support/hostile-messages.ts'
import { ByteHandles } from './base/byte-handles.ts'
import { Changes } from './base/changes.ts'
import { systemClock } from './base/clock.ts'
import { fetchAccount } from './fetch/pop3.ts'
import { find } from './mailbox/find-handlers.ts'
import { mailHandlers } from './mailbox/handlers.ts'
import { openParsePool } from './message/parse-pool.ts'

/** More than is held in memory while it comes. */
const SIZE_BYTES = 400_000

test('mail made to have no end is fetched, stored byte for byte, shown as far as it can be, and what was cut is said', async () => {
  const house = await openFetchHouse()
  const parse = openParsePool({ clock: systemClock })
  const { store } = house
  const handles = new ByteHandles(systemClock)
  const mail = mailHandlers({
    ...mailRest,
    store,
    parse,
    handles,
    mailChanges: new Changes<number>(0),
    find: (input, signal) => find({ store, describe: (raw) => parse.fields(raw), nowMs: Date.now }, input, signal),
    fetchWhole: async () => {},
    fetchImage: async () => ({ ok: false, reason: 'there is no web here' }),
  })
  try {
    const messages = HOSTILE.map((hostile, n) => ({ ...hostile, uidl: `uid-${n}`, raw: hostile.make(SIZE_BYTES) }))
    house.maildrop.messages.push(...messages)
    const account = await house.addAccount({ keep: true })
    const readFields = (raw: Uint8Array | readonly Uint8Array[]) => parse.fields(raw)
    expect(await fetchAccount(account, house.deps({ readFields }))).toMatchObject({
      fetched: HOSTILE.length,
      problem: null,
    })
    /** By what is stored: mail of one second comes in no order. */
    const stored = new Map<string, number>()
    for (const { id } of store.read.prepare('SELECT id FROM message').all() as { id: number }[]) {
      const digest = createHash('sha256')
      const { handle } = await call(mail.source, { id })
      for await (const chunk of handles.open(handle)!.bytes()) digest.update(chunk)
      stored.set(digest.digest('hex'), id)
    }
    for (const { name, raw, note } of messages) {
      // The wire ends every message in a line end.
      const sent = raw.subarray(-2).toString('latin1') === '\r\n' ? raw : Buffer.concat([raw, Buffer.from('\r\n')])
      const id = stored.get(createHash('sha256').update(sent).digest('hex'))
      expect(id, `${name}: not stored as it came`).toBeDefined()
      const view = await call(mail.get, { id: id ?? 0 })
      expect([name, view.subject.slice(0, 7), view.from[0]?.address]).toEqual([
        name,
        expect.stringMatching(/^(?:endless|ä{7})$/),
        'ada@home.example',
      ])
      expect([name, view.damaged]).toEqual([name, null])
      if (note !== null) expect(`${name}: ${view.leftOut}`).toMatch(note)
    }
  } finally {
    await parse.close()
    await house.close()
  }
}, 120_000)
