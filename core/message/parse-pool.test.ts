import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { systemClock, type Clock } from '../base/clock.ts'
import { openParsePool, type ParsePool, type ParsePoolOptions } from './parse-pool.ts'

const open: ParsePool[] = []
afterEach(async () => {
  for (const pool of open.splice(0)) await pool.close()
})
function pool(options: Partial<ParsePoolOptions> = {}): ParsePool {
  const made = openParsePool({ clock: systemClock, inlineBytes: 0, ...options })
  open.push(made)
  return made
}
const mail = (n: number) => Buffer.from(`Subject: number ${n}\r\nFrom: a@b.example\r\n\r\nbody ${n}\r\n`)

test('reads in threads what it reads in place', async () => {
  const threaded = pool()
  const inPlace = pool({ inlineBytes: 1 << 20 })
  const raw = Buffer.from(
    'Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: a/b; name=n\r\n\r\nbytes\r\n--b--\r\n',
  )
  const halves = [raw.subarray(0, 70), raw.subarray(70)]
  expect(await threaded.fields(halves)).toEqual(await inPlace.fields(raw))
  expect(await threaded.message(raw)).toEqual(await inPlace.message(halves))
  const found = await threaded.attachment(raw, 0)
  expect(Buffer.from(found!.bytes).toString()).toBe('bytes')
  expect(await threaded.attachment(raw, 1)).toBeUndefined()
  expect(raw.toString()).toContain('text') // the caller keeps its bytes
})

test('reads many at once, each answer to its own message', async () => {
  const threaded = pool({ threads: 2 })
  const all = await Promise.all(Array.from({ length: 50 }, (_, n) => threaded.fields(mail(n))))
  expect(all.map((one) => one.subject)).toEqual(Array.from({ length: 50 }, (_, n) => `number ${n}`))
})

/** A thread that dies of messages that say so. */
const fragile = `
  const { parentPort } = require('node:worker_threads')
  parentPort.on('message', ({ id, chunks }) => {
    const text = Buffer.concat(chunks).toString()
    if (text.includes('kill')) process.exit(3)
    if (text.includes('throw')) throw new Error('out of its depth')
    if (text.includes('hang')) for (;;);
    parentPort.postMessage({ id, value: { subject: 'from the thread' } })
  })`

test('keeps what the header says of a message that ends its thread, and reads the next in a new one', async () => {
  let started = 0
  const start = () => (started++, new Worker(fragile, { eval: true }))
  const threaded = pool({ threads: 1, start })
  const bad = (word: string) => Buffer.from(`Subject: bad\r\nFrom: a@b.example\r\n\r\n${word}\r\n`)
  const [killed, thrown, good] = await Promise.all([
    threaded.fields(bad('kill')),
    threaded.fields(bad('throw')),
    threaded.fields(mail(1)),
  ])
  expect(killed).toMatchObject({ subject: 'bad', authorAddress: 'a@b.example', body: '' })
  expect(thrown).toMatchObject({ subject: 'bad', body: '' })
  expect(good.subject).toBe('from the thread')
  expect(started).toBe(3)
  await expect(threaded.message(bad('kill'))).rejects.toMatchObject({ code: 'thread.died' })
})

test('ends a thread that does not come back, when the time is up', async () => {
  const timers: (() => void)[] = []
  const clock: Clock = { ...systemClock, after: (_ms, run) => (timers.push(run), () => {}) }
  let onReady = () => {}
  const ready = new Promise<void>((resolve) => (onReady = resolve))
  const start = () => {
    const worker = new Worker(fragile, { eval: true })
    worker.once('online', () => onReady())
    return worker
  }
  const threaded = pool({ threads: 1, clock, start })
  const reading = threaded.fields(Buffer.from('Subject: slow\r\n\r\nhang\r\n'))
  await ready
  timers[0]!()
  expect((await reading).subject).toBe('slow')
})

test('refuses work when it is closed', async () => {
  const threaded = openParsePool({ clock: systemClock, inlineBytes: 0 })
  await threaded.close()
  await expect(threaded.message(mail(1))).rejects.toMatchObject({ code: 'thread.died' })
  expect((await threaded.fields(mail(1))).subject).toBe('number 1')
})
