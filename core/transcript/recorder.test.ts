import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clock } from '../base/clock.ts'
import type { TranscriptEvent } from '../model/transcript.ts'
import { textOf } from './export.ts'
import { createRecorder } from './recorder.ts'
import type { TranscriptBatch } from './sink.ts'

const head = { protocol: 'pop3', side: 'client', peer: 'mail.example', address: '127.0.0.1:110' } as const
const bytes = (text: string) => Buffer.from(text, 'latin1')

/** Time stands still until it is moved; timers run when their moment is passed. */
function handClock() {
  let now = 1_700_000_000_000
  let timers: { at: number; run: () => void }[] = []
  const clock: Clock = {
    nowMs: () => now,
    monotonicMs: () => now / 1,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run }
      timers.push(timer)
      return () => void (timers = timers.filter((one) => one !== timer))
    },
  }
  const pass = (ms: number) => {
    now += ms
    const due = timers.filter((timer) => timer.at <= now)
    timers = timers.filter((timer) => timer.at > now)
    for (const timer of due) timer.run()
  }
  return { clock, pass }
}

function recording(sink?: (batch: TranscriptBatch) => Promise<void>) {
  const batches: TranscriptBatch[] = []
  const failures: string[] = []
  const { clock, pass } = handClock()
  const recorder = createRecorder({
    sink: sink ?? (async (batch) => void batches.push(structuredClone(batch))),
    clock,
    firstSessionId: 7,
    onFailure: (reason) => void failures.push(reason),
  })
  const kept = (id = 7): TranscriptEvent[] =>
    batches.flatMap((batch) => batch.events.filter((one) => one.sessionId === id).flatMap((one) => one.events))
  return { recorder, batches, failures, pass, kept }
}

test('keeps what was said in order, with time since the session began and who said it', async () => {
  const { recorder, batches, pass, kept } = recording()
  const transcript = recorder.open(head)
  transcript.line('S', bytes('+OK'))
  pass(12)
  transcript.line('C', bytes('QUIT'))
  transcript.worst('-ERR')
  transcript.link({ messageId: 5 })
  transcript.countMessage()
  transcript.close('ok', 'S', 'done')
  transcript.close('failed', 'us')
  transcript.line('C', bytes('too late'))
  await recorder.flush()
  expect(kept().map((event) => [event.kind, event.sinceMs])).toEqual([
    ['line', 0],
    ['line', 12],
    ['closed', 12],
  ])
  const last = batches.at(-1)!.heads.at(-1)!
  expect(last).toMatchObject({ id: 7, state: 'ok', worst: '-ERR', bytesIn: 5, bytesOut: 6, messages: 1 })
  expect(batches.flatMap((batch) => batch.links)).toEqual([{ sessionId: 7, link: { messageId: 5 } }])
  expect(recorder.live()).toEqual([])
})

test('a protocol that is not recorded leaves nothing behind, from its next session on', async () => {
  const batches: TranscriptBatch[] = []
  const { clock, pass } = handClock()
  let isRecorded = true
  const recorder = createRecorder({
    sink: async (batch) => void batches.push(structuredClone(batch)),
    clock,
    firstSessionId: 7,
    isRecorded: (protocol) => protocol !== 'pop3' || isRecorded,
  })
  const talk = () => {
    const transcript = recorder.open(head)
    transcript.line('S', bytes('+OK'))
    transcript.link({ messageId: 5 })
    return transcript
  }
  const first = talk()
  isRecorded = false
  const second = talk()
  expect([first.sessionId, second.sessionId, recorder.open({ ...head, protocol: 'smtp' }).sessionId]).toEqual([
    7,
    undefined,
    8,
  ])
  first.line('C', bytes('QUIT'))
  second.close('ok', 'S')
  pass(100)
  expect(batches.flatMap(({ events }) => events.map((one) => [one.sessionId, one.events.length]))).toEqual([[7, 2]])
  expect(batches.flatMap(({ heads, links }) => [heads.length, links.length])).toEqual([2, 1])
})

test('writes a batch when time has passed, and numbers events through', async () => {
  const { recorder, batches, pass } = recording()
  const transcript = recorder.open(head)
  transcript.line('S', bytes('a'))
  transcript.line('S', bytes('b'))
  expect(batches).toHaveLength(0)
  pass(100)
  expect(recorder.pending(7).map((one) => one.seq)).toEqual([0, 1])
  await recorder.flush()
  transcript.line('S', bytes('c'))
  expect(recorder.pending(7).map((one) => one.seq)).toEqual([2])
  await recorder.flush()
  expect(batches.map((batch) => batch.events.map((one) => [one.seq, one.events.length]))).toEqual([[[0, 2]], [[2, 1]]])
  expect(recorder.live()).toMatchObject([{ id: 7, state: 'live' }])
})

test('has at most one batch under way, and shows what is on its way as pending', async () => {
  const waiting: (() => void)[] = []
  const { recorder } = recording(() => new Promise<void>((resolve) => waiting.push(resolve)))
  const transcript = recorder.open(head)
  for (let n = 0; n < 5000; n++) transcript.line('S', bytes(`line ${n}`))
  expect(waiting).toHaveLength(1)
  expect(recorder.pending(7).map((one) => one.seq)).toEqual([...Array(5000).keys()])
  const flushed = recorder.flush()
  waiting[0]!()
  await expect.poll(() => waiting.length).toBe(2)
  waiting[1]!()
  await expect.poll(() => waiting.length).toBe(3) // the head, which was stored a moment ago
  waiting[2]!()
  await flushed
  expect(recorder.pending(7)).toEqual([])
})

test('no byte of a secret is kept, and no size tells how long it was', () => {
  const letters = fc.stringMatching(/^[a-y ]{0,20}$/)
  const secret = fc.stringMatching(/^Z{1,30}$/)
  fc.assert(
    fc.property(letters, secret, letters, (before, hidden, after) => {
      const { recorder } = recording()
      const transcript = recorder.open(head)
      const range = [before.length, before.length + hidden.length] as const
      transcript.line('C', bytes(before + hidden + after), { secrets: [range, range, [range[0] + 1, range[1]]] })
      const pending = recorder.pending(7)
      expect(JSON.stringify(pending)).not.toContain('Z')
      const { event } = pending[0]!
      expect(event.kind === 'line' && textOf(event.spans)).toBe(`${before}<secret>${after}`)
      expect(event.kind === 'line' && event.bytes).toBe(before.length + after.length)
      expect(recorder.live()[0]!.bytesOut).toBe(before.length + after.length + 2)
    }),
  )
})

test('of a long line the beginning is kept, with its size; control characters stay as they were', () => {
  const { recorder } = recording()
  const transcript = recorder.open(head)
  transcript.line('S', bytes('x'.repeat(5000)))
  transcript.line('S', bytes('\x1b[2J\0\x80'), { odd: true })
  const [long, strange] = recorder.pending(7).map((one) => one.event)
  expect(long).toMatchObject({ spans: ['x'.repeat(2048)], bytes: 5000 })
  expect(strange).toMatchObject({ spans: ['\x1b[2J\0\x80'], bytes: 6, odd: true })
})

test('a sink that fails is reported once, the log says what it lost, and the links are kept', async () => {
  let works = false
  const kept: TranscriptBatch[] = []
  const { recorder, failures } = recording(async (batch) => {
    if (!works) throw new Error('disk full')
    kept.push(batch)
  })
  const transcript = recorder.open(head)
  transcript.line('S', bytes('lost'))
  transcript.link({ entryId: 1 })
  await recorder.flush()
  transcript.line('S', bytes('lost, too'))
  await recorder.flush()
  expect(failures).toEqual(['disk full'])
  works = true
  transcript.line('S', bytes('kept'))
  transcript.close('ok', 'C')
  await recorder.flush()
  const events = kept.flatMap((batch) => batch.events.flatMap((one) => one.events))
  expect(events.map((event) => (event.kind === 'note' ? event.text : event.kind))).toEqual([
    '2 events were not kept: disk full',
    'line',
    'closed',
  ])
  expect(kept[0]!.heads).toMatchObject([{ id: 7, state: 'ok' }])
  expect(kept[0]!.links).toEqual([{ sessionId: 7, link: { entryId: 1 } }])
})

test('a sink that never answers does not eat the memory: lines become a count, facts stay', () => {
  const { recorder } = recording(() => new Promise(() => {}))
  const transcript = recorder.open(head)
  const line = bytes('x'.repeat(1000))
  for (let n = 0; n < 100_000; n++) transcript.line('S', line)
  transcript.close('aborted', 'us')
  const events = recorder.pending(7).map((one) => one.event)
  expect(events.length).toBeLessThan(3000)
  expect(events.at(-1)!.kind).toBe('closed')
  const note = events.at(-2)!
  expect(note.kind === 'note' && note.text).toMatch(/^\d+ lines \(\d+ bytes\) were not kept/)
})

test('tells who watches which sessions changed, many at a time', async () => {
  const { recorder } = recording()
  const told: (readonly number[])[] = []
  const stop = recorder.watch((ids) => void told.push(ids))
  const one = recorder.open(head)
  const two = recorder.open(head)
  for (let n = 0; n < 100; n++) one.line('S', bytes('a'))
  two.close('ok', 'C')
  await expect.poll(() => told).toEqual([[7, 8]])
  stop()
})
