import { call } from '@orpc/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestStore, type TestStore } from '../test/support/store.ts'
import { ByteHandles } from './base/byte-handles.ts'
import { systemClock } from './base/clock.ts'
import { openProtocolLog, type ProtocolLog } from './engine-log.ts'
import type { LogAlertView, LogPage } from './rpc/log-contract.ts'
import { openLogFile } from './rpc/log-file.ts'
import { defaultSettings, type Settings } from './settings.ts'
import { createRecorder } from './transcript/recorder.ts'
import type { Recorder } from './transcript/sink.ts'

let store: TestStore
let recorder: Recorder
let log: ProtocolLog
let settings: Settings
const told: string[] = []
const handles = new ByteHandles(systemClock)
beforeEach(async () => {
  store = await openTestStore()
  settings = defaultSettings()
  told.length = 0
  recorder = createRecorder({ sink: (batch) => store.record(batch), clock: systemClock, firstSessionId: 1 })
  log = openProtocolLog({
    store,
    recorder,
    settings: () => settings,
    clock: systemClock,
    handles,
    log: (line) => told.push(line),
  })
})
afterEach(async () => {
  await log.close()
  await store.closeAndRemove()
})

/** A session that asks for a recipient and is refused with that. */
function refused(reply: string, lines = 0): void {
  const session = recorder.open({ protocol: 'smtp', side: 'client', peer: 'mx.example', address: '192.0.2.1:25' })
  session.line('C', 'RCPT TO:<bob@remote.example>')
  session.line('S', reply)
  session.worst(reply.slice(0, 3))
  for (let n = 0; n < lines; n++) session.line('C', `NOOP ${n}`)
  session.close('failed', 'C')
}
async function find(text: string, limit = 100): Promise<LogPage[]> {
  const pages: LogPage[] = []
  for await (const page of await call(log.handlers.find, { text, limit })) pages.push(page)
  return pages
}

test('what was said a moment ago is found, with the line and what was looked for in it', async () => {
  refused('550 5.1.1 No such user')
  refused('450 4.2.1 later')
  const [page] = await find('verb:RCPT "NO SUCH"')
  expect(page).toMatchObject({ ended: true, more: false })
  expect(page!.hits).toMatchObject([
    {
      session: { id: 1, state: 'failed', peer: 'mx.example' },
      matches: 1,
      lines: [{ seq: 1, from: 'S', text: '550 5.1.1 No such user', marks: [[10, 17]], verb: 'RCPT', code: '550' }],
    },
  ])
})

test('a page that is full says that there is more', async () => {
  for (let n = 0; n < 5; n++) refused('550 no')
  const pages = await find('code:550', 2)
  expect(pages.flatMap(({ hits }) => hits.map(({ session }) => session.id))).toEqual([5, 4])
  expect(pages.at(-1)).toMatchObject({ ended: true, more: true })
  expect(await find('  ')).toEqual([{ hits: [], searchedToMs: null, ended: true, more: false }])
})

test('a query that cannot be read says where', async () => {
  await expect(find('verb:RCPT code:abc')).rejects.toMatchObject({
    code: 'search.invalid',
    details: { offset: 15, length: 3 },
  })
  await expect(call(log.handlers.saved.save, { name: 'a', text: '(', notify: true })).rejects.toMatchObject({
    code: 'search.invalid',
  })
})

test('a query that is kept tells of each session that ends as it asks, and counts them', async () => {
  const { save, list, remove } = log.handlers.saved
  const saved = await call(save, { name: 'Refused', text: 'code:5xx', notify: true })
  await call(save, { name: 'Quiet', text: 'code:5xx', notify: false })
  await expect(call(save, { name: 'Quiet', text: 'x1', notify: false })).rejects.toMatchObject({ code: 'conflict' })
  const abort = new AbortController()
  const alerts: LogAlertView[] = []
  const stream = await call(log.handlers.alerts, undefined, { signal: abort.signal })
  const listening = (async () => {
    for await (const one of stream) alerts.push(one)
  })()
  // Nothing is told before the stream has begun, so something happens until it has.
  await expect
    .poll(() => {
      if (alerts.length === 0) refused('550 5.1.1 no such user')
      return alerts.length
    })
    .toBeGreaterThan(0)
  refused('450 later')
  expect(alerts[0]).toMatchObject({
    queryId: saved.id,
    name: 'Refused',
    hit: { lines: [{ code: '550', verb: 'RCPT' }] },
  })
  await expect
    .poll(async () => (await call(list, undefined)).find(({ name }) => name === 'Refused')?.found)
    .toBeGreaterThan(0)
  const lists = await call(list, undefined)
  expect(lists.map(({ name, found }) => [name, found > 0])).toEqual([
    ['Quiet', false],
    ['Refused', true],
  ])
  expect(alerts.map(({ hit }) => hit.session.id)).toEqual([...new Set(alerts.map(({ hit }) => hit.session.id))])
  await call(remove, { id: saved.id })
  await expect(call(remove, { id: saved.id })).rejects.toMatchObject({ code: 'not-found' })
  abort.abort()
  await listening
  expect(told).toEqual([])
})

test('says what the log takes up, and keeps it as short as the settings want', async () => {
  for (let n = 0; n < 50; n++) refused('550 no', 50)
  await recorder.flush()
  const smtp = async () =>
    (await call(log.handlers.use, undefined)).protocols.find(({ protocol }) => protocol === 'smtp')!
  const before = await smtp()
  expect(before).toMatchObject({ sessions: 50, keepDays: 30, keepBytes: 134_217_728 })
  expect(before.bytes).toBeGreaterThan(50 * 50 * 6)
  settings = { ...settings, 'log.smtp.keepBytes': Math.round(before.bytes / 2) }
  log.onSetting('log.smtp.keepBytes')
  await expect.poll(async () => (await smtp()).bytes).toBeLessThanOrEqual(before.bytes / 2)
  const after = await smtp()
  expect(after.sessions).toBeLessThan(26)
  expect(after.sessions).toBeGreaterThan(20)
  const [page] = await find('verb:RCPT', 1)
  expect(page!.hits[0]!.session.id).toBe(50)
  expect(told).toEqual([])
})

/** A file of sessions, as text. */
async function shared(ids: number[], format: 'dialogue' | 'json' | 'pcapng' | 'eml', pseudonyms = false) {
  const { handle, ...rest } = await call(log.handlers.share, { ids, format, pseudonyms })
  const chunks: Uint8Array[] = []
  for await (const chunk of handles.open(handle)!.bytes()) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  expect(bytes.length).toBe(rest.sizeBytes)
  return { text: bytes.toString('latin1'), ...rest }
}

test('sessions are shared as a file that opens again, with what stands for what', async () => {
  refused('550 5.1.1 bob@remote.example is not here')
  refused('550 5.1.1 BOB@remote.example is not here')
  const plain = await shared([1, 2], 'json')
  expect(plain.filename).toBe('sessions.json')
  const opened = openLogFile(plain.text)
  expect(opened.sessions?.map(({ head, events }) => [head.id, head.peer, events.length])).toEqual([
    [1, 'mx.example', 3],
    [2, 'mx.example', 3],
  ])
  const { text, redaction } = await shared([1, 2], 'json', true)
  expect(text).not.toMatch(/bob@|remote\.example|mx\.example/i)
  expect(redaction.replaced.find(({ kind }) => kind === 'address')).toEqual({
    kind: 'address',
    from: 'bob@remote.example',
    to: 'person1@host2.example',
    times: 4,
  })
  const dialogue = await shared([2], 'dialogue')
  expect(dialogue.filename).toBe('smtp-session-2.txt')
  expect(dialogue.text).toContain('C: RCPT TO:<bob@remote.example>\nS: 550 5.1.1 BOB')
  await expect(shared([99], 'eml')).rejects.toMatchObject({ code: 'not-found' })
})

test('a log that cannot be written holds nothing up: what is asked of it is answered', async () => {
  const failing = createRecorder({
    sink: () => Promise.reject(new Error('the disk is full')),
    clock: systemClock,
    firstSessionId: 900,
  })
  const full = openProtocolLog({
    store,
    recorder: failing,
    settings: () => settings,
    clock: systemClock,
    handles,
    log: (line) => told.push(line),
  })
  const session = failing.open({ protocol: 'smtp', side: 'client', peer: 'mx.example', address: '192.0.2.1:25' })
  for (let n = 0; n < 20_000; n++) session.line('C', `NOOP ${n} ${'x'.repeat(100)}`)
  session.close('ok', 'C')
  const pages: LogPage[] = []
  for await (const page of await call(full.handlers.find, { text: 'verb:NOOP', limit: 5 })) pages.push(page)
  expect(pages.at(-1)).toMatchObject({ hits: [], ended: true })
  expect((await call(full.handlers.use, undefined)).protocols[0]).toMatchObject({ sessions: 0 })
  await expect(call(full.handlers.share, { ids: [900], format: 'json', pseudonyms: false })).rejects.toMatchObject({
    code: 'not-found',
  })
  expect(
    (
      await call(full.handlers.sessions, {
        before: null,
        limit: 5,
        protocol: null,
        problemsOnly: false,
        entryId: null,
        messageId: null,
      })
    )[0],
  ).toMatchObject({ id: 900, state: 'ok' })
  await full.close()
})
