import { afterEach, expect, test } from 'vitest'
import { Bench, ONE_MX } from '../../test/support/mx-zone.ts'
import { systemClock } from '../base/clock.ts'
import type { Delivery, Settled } from '../model/delivery.ts'
import { parseMailbox } from '../model/address.ts'
import { createRecorder } from '../transcript/recorder.ts'
import { makeDeliver } from './deliver.ts'

const bench = new Bench()
afterEach(() => bench.close())

test.each<[string, () => Promise<void>]>([
  ['cannot be stored', () => Promise.reject(new Error('the disk is full'))],
  ['is never done storing', () => new Promise(() => {})],
])('a protocol log that %s holds up no mail', async (_, sink) => {
  const mx = await bench.sink()
  const to = parseMailbox('eve@dest.test')!
  const settled: Settled[] = []
  const delivery: Delivery = {
    route: { kind: 'direct', domain: to.domain },
    first: {
      entryId: 9,
      from: null,
      view: { blobId: 0, prefix: '', removed: [], sizeBytes: 22 },
      is8bit: false,
      needsUtf8: false,
      recipients: [{ recipientId: 9, attemptId: 9, to }],
    },
    onConnected: () => {},
    beforeBody: async () => {},
    onOutcome: async (_job, outcomes) => void settled.push(...outcomes),
    next: async () => undefined,
  }
  await bench.deliver(ONE_MX, mx.port, undefined, {
    async withDeps(deps) {
      const recorder = createRecorder({ sink, clock: systemClock, firstSessionId: 1 })
      await makeDeliver({ ...deps, recorder })(delivery, new AbortController().signal)
    },
  })
  expect(settled).toMatchObject([{ recipientId: 9, outcome: { kind: 'delivered' } }])
})
