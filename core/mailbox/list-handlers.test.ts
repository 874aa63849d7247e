import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { keepMessage } from '../../test/support/keep-message.ts'
import { mailRest } from '../../test/support/mail-rest.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { ByteHandles } from '../base/byte-handles.ts'
import { Changes } from '../base/changes.ts'
import { systemClock } from '../base/clock.ts'
import { openParsePool, type ParsePool } from '../message/parse-pool.ts'
import type { ListRow, SortBy } from '../rpc/mail-list-contract.ts'
import { getFolder } from '../store/folder.ts'
import { getMessage } from '../store/message-list.ts'
import { mailHandlers } from './handlers.ts'
import { Snoozer } from './snooze.ts'

const NOW = Date.UTC(2026, 0, 15, 12)
let store: TestStore
let parse: ParsePool
let clock: FakeClock
let snoozer: Snoozer
let mail: ReturnType<typeof mailHandlers>

beforeEach(async () => {
  clock = fakeClock(NOW)
  store = openInlineStore(clock)
  parse = openParsePool({ clock: systemClock })
  const onFolders = () => {}
  snoozer = new Snoozer({ store, clock, onFolders, log: (line) => expect.unreachable(line) })
  mail = mailHandlers({
    ...mailRest,
    store,
    parse,
    handles: new ByteHandles(systemClock),
    mailChanges: new Changes<number>(0),
    find: async function* () {},
    fetchWhole: async () => {},
    fetchImage: async () => ({ ok: false, reason: 'there is no web here' }),
    nowMs: () => clock.nowMs(),
    onSnoozed: () => snoozer.look(),
    onSorting: () => {},
  })
})
afterEach(async () => {
  await snoozer.close()
  await parse.close()
  await store.closeAndRemove()
})

interface Mail {
  readonly from?: string
  readonly subject?: string
  readonly minutesAgo: number
  readonly answers?: string
  readonly id?: string
  readonly text?: string
}
let serial = 0
async function keep({ from = 'Ada <ada@a.test>', subject = 'hi', minutesAgo, answers, id, text = 'x' }: Mail) {
  const lines = [
    `From: ${from}`,
    `Subject: ${subject}`,
    `Message-ID: <${id ?? `n${serial++}`}@a.test>`,
    `Date: ${new Date(NOW - minutesAgo * 60_000).toUTCString()}`,
    ...(answers === undefined ? [] : [`In-Reply-To: <${answers}@a.test>`]),
    '',
    text,
  ]
  return keepMessage({ store, parse }, lines.join('\r\n'))
}
const SHUT = { all: false, but: [] as number[] }
async function all(
  folderId: number | null,
  {
    threads = false,
    by = 'date',
    isUp = false,
    limit = 200,
    open = SHUT,
  }: Partial<{ threads: boolean; by: SortBy; isUp: boolean; limit: number; open: typeof SHUT }> = {},
): Promise<ListRow[]> {
  const rows: ListRow[] = []
  for (;;) {
    const list = { folderId, threads, by, isUp, open }
    const page: { rows: ListRow[]; count: number } = await call(mail.page, { ...list, at: rows.length, limit })
    rows.push(...page.rows)
    if (rows.length < page.count) continue
    const { keys, several } = await call(mail.range, { ...list, from: 0, to: page.count })
    expect(keys).toEqual(rows.map(({ id, isBelow }) => (isBelow ? -id : id)))
    expect(several.map(({ ids }) => ids)).toEqual(
      rows.flatMap(({ thread }) => (thread === null || thread.ids.length === 1 ? [] : [thread.ids])),
    )
    return rows
  }
}

test('a conversation is one row where its newest message stands, with who wrote and what is unread', async () => {
  const first = await keep({ id: 'a', minutesAgo: 50, subject: 'Keys', from: 'Ada <ada@a.test>' })
  const alone = await keep({ minutesAgo: 40, subject: 'Other' })
  const second = await keep({ id: 'b', answers: 'a', minutesAgo: 30, subject: 'Re: Keys', from: 'Bob <bob@b.test>' })
  const third = await keep({ id: 'c', answers: 'b', minutesAgo: 20, subject: 'Re: Keys', from: 'Ada <ada@a.test>' })
  await call(mail.setSeen, { ids: [first.messageId, third.messageId], seen: true })
  const rows = await all(first.folderId, { threads: true })
  expect(rows.map(({ id }) => id)).toEqual([third.messageId, alone.messageId])
  expect(rows[0]?.thread).toEqual({
    ids: [first.messageId, second.messageId, third.messageId],
    unread: 1,
    starred: 0,
    attachments: 0,
    people: ['Bob', 'Ada'],
  })
  expect(rows[0]?.threadCount).toBe(3)
  expect((await all(first.folderId)).map(({ thread }) => thread)).toEqual([null, null, null, null])
  // What lies in another folder is no part of this row.
  await call(mail.move, { ids: [third.messageId], to: { role: 'archive' } })
  expect((await all(first.folderId, { threads: true })).map(({ id }) => id)).toEqual([
    second.messageId,
    alone.messageId,
  ])
})

test('whatever the mail and the size of a page, a list is what sorting all of it gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          minutesAgo: fc.integer({ min: 0, max: 30 }),
          from: fc.constantFrom('Zoë <z@z.test>', 'ada <ada@a.test>', 'Ärzte <ae@a.test>', 'bob@b.test'),
          subject: fc.constantFrom('Re: apple', 'Apple', 'pear', 'Fwd: Re: Zebra', ''),
          answered: fc.option(fc.nat({ max: 6 }), { nil: undefined }),
        }),
        { minLength: 1, maxLength: 14 },
      ),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      async (mails, limit, isUp) => {
        const round = serial++
        let folderId = 0
        for (const [n, { answered, ...one }] of mails.entries())
          ({ folderId } = await keep({
            ...one,
            id: `r${round}-${n}`,
            text: 'x'.repeat((n * 7) % 5),
            ...(answered === undefined || answered >= n ? {} : { answers: `r${round}-${answered}` }),
          }))
        const sign = isUp ? 1 : -1
        const flat = await all(folderId, { limit: 200 })
        expect(flat.length).toBe(mails.length)
        const byDate = (a: ListRow, b: ListRow) => a.dateMs - b.dateMs || a.id - b.id
        const sorted = flat.toSorted((a, b) => sign * byDate(a, b))
        expect((await all(folderId, { limit, isUp })).map(({ id }) => id)).toEqual(sorted.map(({ id }) => id))
        const heads = sorted.filter(
          (row) => !flat.some((other) => other.threadId === row.threadId && byDate(other, row) > 0),
        )
        expect((await all(folderId, { limit, isUp, threads: true })).map(({ id }) => id)).toEqual(
          heads.map(({ id }) => id),
        )
        const open = await all(folderId, { limit, isUp, threads: true, open: { all: true, but: [] } })
        expect(open.filter(({ isBelow }) => !isBelow).map(({ id }) => id)).toEqual(heads.map(({ id }) => id))
        expect(open.map(({ id, isBelow }) => (isBelow ? -id : id))).toEqual(
          open.flatMap(({ id, isBelow, thread }) =>
            isBelow ? [] : [id, ...((thread?.ids.length ?? 1) > 1 ? (thread?.ids ?? []).map((one) => -one) : [])],
          ),
        )
        const collator = new Intl.Collator('en', { sensitivity: 'base' })
        const keys = {
          from: (row: ListRow) => row.authorName || row.authorAddress,
          subject: (row: ListRow) => row.subject.replace(/^(?:(?:Re|Fwd): )+/, ''),
        }
        for (const by of ['from', 'subject'] as const) {
          const expected = flat.toSorted((a, b) => sign * collator.compare(keys[by](a), keys[by](b)) || b.id - a.id)
          expect((await all(folderId, { limit, isUp, by })).map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
          const newest = expected.filter((row) => heads.some(({ id }) => id === row.id))
          expect((await all(folderId, { limit, isUp, by, threads: true })).map(({ id }) => id)).toEqual(
            newest.map(({ id }) => id),
          )
        }
        const bySize = flat.toSorted((a, b) => sign * (a.sizeBytes - b.sizeBytes) || b.id - a.id)
        expect((await all(folderId, { limit, isUp, by: 'size' })).map(({ id }) => id)).toEqual(
          bySize.map(({ id }) => id),
        )
        await call(mail.remove, { ids: flat.map(({ id }) => id) })
        await call(mail.remove, { ids: flat.map(({ id }) => id) })
      },
    ),
    { numRuns: 12 },
  )
})

test('words are sorted by the alphabet of the language the window speaks', async () => {
  // Each alphabet by hand, as a telephone book of the country has it.
  const names = ['Zoe', 'Ärger', 'Apfel', 'Ode', 'Øre', 'éclair', 'Esel', 'おか', 'あき', 'Müller 10', 'Müller 9']
  for (const one of names) await keep({ subject: `Re: ${one}`, minutesAgo: 5 })
  const { folderId } = await keep({ subject: '', minutesAgo: 5 })
  const sorted = async (locale: string) =>
    (
      await call(mail.page, {
        folderId,
        threads: false,
        by: 'subject',
        isUp: true,
        locale,
        open: SHUT,
        at: 0,
        limit: 200,
      })
    ).rows
      .map(({ subject }) => subject.replace('Re: ', ''))
      .filter((one) => names.includes(one))
  const german = ['Apfel', 'Ärger', 'éclair', 'Esel', 'Müller 9', 'Müller 10', 'Ode', 'Øre', 'Zoe', 'あき', 'おか']
  expect(await sorted('de')).toEqual(german)
  expect(await sorted('fr')).toEqual(german)
  expect(await sorted('ja')).toEqual(german)
  // Where these letters are letters of their own, they come last.
  const danish = ['Apfel', 'éclair', 'Esel', 'Müller 9', 'Müller 10', 'Ode', 'Zoe', 'Ärger', 'Øre', 'あき', 'おか']
  expect(await sorted('da')).toEqual(danish)
  expect(await sorted('no such tag!')).toEqual(german)
})

test('a row is found by its message, and the next with something unread from any place, in both directions', async () => {
  const first = await keep({ id: 'p', minutesAgo: 50, subject: 'Keys' })
  const alone = await keep({ minutesAgo: 40, subject: 'Other' })
  const { folderId } = first
  const second = await keep({ id: 'q', answers: 'p', minutesAgo: 30, subject: 'Re: Keys' })
  const last = await keep({ minutesAgo: 20, subject: 'New' })
  await call(mail.setSeen, { ids: [second.messageId, alone.messageId], seen: true })
  const list = { folderId, threads: true, by: 'date' as const, isUp: false, open: SHUT }
  const place = (of: { id: number } | { unreadFrom: number; step: 1 | -1 }, open = SHUT) =>
    call(mail.place, { ...list, open, of })
  expect(await place({ id: first.messageId })).toEqual({ place: 1, key: second.messageId })
  expect(await place({ id: alone.messageId })).toEqual({ place: 2, key: alone.messageId })
  expect(await place({ id: 7 })).toBe(null)
  expect(await place({ unreadFrom: -1, step: 1 })).toEqual({ place: 0, key: last.messageId })
  expect(await place({ unreadFrom: 0, step: 1 })).toEqual({ place: 1, key: second.messageId })
  expect(await place({ unreadFrom: 1, step: 1 })).toBe(null)
  expect(await place({ unreadFrom: 2, step: -1 })).toEqual({ place: 1, key: second.messageId })
  // Open, its messages stand below it, oldest first.
  const open = { all: false, but: [] as number[] }
  open.but.push((await all(folderId, { threads: true }))[1]!.threadId!)
  expect(await place({ unreadFrom: 1, step: 1 }, open)).toEqual({ place: 2, key: -first.messageId })
  expect((await all(folderId, { threads: true, open })).map(({ id, isBelow }) => (isBelow ? -id : id))).toEqual([
    last.messageId,
    second.messageId,
    -first.messageId,
    -second.messageId,
    alone.messageId,
  ])
})

test('what is snoozed is in no list and no count until its time, and then unread at the top of the Inbox', async () => {
  const old = await keep({ minutesAgo: 5000, subject: 'Later' })
  const fresh = await keep({ minutesAgo: 1, subject: 'Now' })
  const { folderId } = old
  await call(mail.setSeen, { ids: [old.messageId], seen: true })
  snoozer.start()
  const untilMs = NOW + 3_600_000
  await call(mail.snooze, { ids: [old.messageId], untilMs })
  expect((await all(folderId)).map(({ id }) => id)).toEqual([fresh.messageId])
  expect(getFolder(store.read, folderId)).toMatchObject({ total: 1, unread: 1 })
  expect(await call(mail.list, { folderId, after: null, limit: 9 })).toMatchObject({
    total: 1,
    rows: [{ subject: 'Now' }],
  })
  expect(await call(mail.snoozed, { after: null, limit: 9 })).toMatchObject({
    total: 1,
    rows: [{ subject: 'Later', snoozedMs: untilMs }],
  })
  // Marked meanwhile, it counts in no folder either.
  await call(mail.setSeen, { ids: [old.messageId], seen: false })
  await call(mail.setSeen, { ids: [old.messageId], seen: true })
  expect(getFolder(store.read, folderId)).toMatchObject({ total: 1, unread: 1 })
  clock.advance(3_599_000)
  expect(await call(mail.snoozed, { after: null, limit: 9 })).toMatchObject({ total: 1 })
  clock.advance(2000)
  await expect.poll(async () => (await all(folderId)).map(({ subject }) => subject)).toEqual(['Later', 'Now'])
  const [back] = await all(folderId)
  expect(back).toMatchObject({ seen: false, wokenMs: untilMs, dateMs: NOW - 5000 * 60_000, snoozedMs: null })
  expect(getFolder(store.read, folderId)).toMatchObject({ total: 2, unread: 2 })
  // Pages go on behind it, whatever its date.
  const page = await call(mail.list, { folderId, after: null, limit: 1 })
  const last = page.rows[0]!
  expect(await call(mail.list, { folderId, after: { dateMs: last.dateMs, id: last.id }, limit: 9 })).toMatchObject({
    rows: [{ subject: 'Now' }],
    more: false,
  })
})

test('what became due while nothing ran, or while the computer slept, is back at once', async () => {
  const one = await keep({ minutesAgo: 10 })
  const two = await keep({ minutesAgo: 20 })
  await call(mail.snooze, { ids: [one.messageId], untilMs: NOW + 60_000 })
  await call(mail.snooze, { ids: [two.messageId], untilMs: NOW + 86_400_000 })
  clock.advance(120_000)
  snoozer.start()
  await expect.poll(() => getMessage(store.read, one.messageId)?.snoozedMs).toBe(null)
  expect(getMessage(store.read, two.messageId)?.snoozedMs).not.toBe(null)
  // Asleep: the wall clock goes on, the timers do not.
  clock.set(86_400_000)
  clock.advance(31_000)
  await expect.poll(() => getMessage(store.read, two.messageId)?.snoozedMs).toBe(null)
})

test('snoozing ends where the message is taken back, moved or removed, and counts stay right', async () => {
  const { folderId, messageId } = await keep({ minutesAgo: 10 })
  const { messageId: other } = await keep({ minutesAgo: 12 })
  await call(mail.snooze, { ids: [messageId, other], untilMs: NOW + 60_000 })
  expect(getFolder(store.read, folderId)).toMatchObject({ total: 0, unread: 0 })
  await call(mail.snooze, { ids: [messageId], untilMs: null })
  expect(getFolder(store.read, folderId)).toMatchObject({ total: 1, unread: 1 })
  await call(mail.move, { ids: [other], to: { role: 'archive' } })
  const archive = getMessage(store.read, other)!.folderId
  expect(getFolder(store.read, archive)).toMatchObject({ total: 1, unread: 1 })
  expect(getMessage(store.read, other)?.snoozedMs).toBe(null)
  // One that was snoozed elsewhere comes back in the Inbox.
  snoozer.start()
  await call(mail.snooze, { ids: [other], untilMs: NOW + 60_000 })
  clock.advance(60_000)
  await expect.poll(() => getMessage(store.read, other)?.folderId).toBe(folderId)
  expect(getFolder(store.read, archive)).toMatchObject({ total: 0, unread: 0 })
  await call(mail.snooze, { ids: [other], untilMs: NOW + 600_000 })
  await store.write('message.remove', { ids: [other] })
  await store.write('message.remove', { ids: [other] })
  expect(getFolder(store.read, folderId)).toMatchObject({ total: 1, unread: 1 })
  expect(await call(mail.standing, { ids: [messageId, other] })).toEqual([
    { id: messageId, folderId, seen: false, starred: false, tags: [], snoozedMs: null },
  ])
  await expect(call(mail.snooze, { ids: [messageId], untilMs: NOW })).rejects.toMatchObject({ code: 'conflict' })
})
