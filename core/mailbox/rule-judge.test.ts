import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { RuleJudge } from './rule-judge.ts'

/** Answers once, and ends by an error when nobody asks any more. */
const THREAD = `
  const { parentPort } = require('node:worker_threads')
  parentPort.on('message', ({ id }) => {
    parentPort.postMessage({ id, fitting: [], sending: null })
    setTimeout(() => { throw new Error('late') }, 50) // long after its answer was heard
  })`

test('a thread that ends between two messages is no harm: the next message has another one', async () => {
  const ends: Promise<unknown>[] = []
  const start = () => {
    const worker = new Worker(THREAD, { eval: true })
    ends.push(new Promise((resolve) => worker.once('exit', resolve)))
    return worker
  }
  const judge = new RuleJudge(systemClock, start)
  const known = {
    sizeBytes: 0,
    ageMs: 0,
    isContact: false,
    isJunk: false,
    attachments: 0,
    source: { kind: 'person' },
    trusted: null,
  } as const
  for (let n = 1; n <= 3; n++) {
    expect(await judge.judge([], { raw: new Uint8Array(10), known, tags: [] })).toMatchObject({ fitting: [] })
    expect(ends).toHaveLength(n)
    await ends.at(-1)
  }
  await judge.close()
})
