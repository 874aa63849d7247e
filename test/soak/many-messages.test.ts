import { expect, test } from 'vitest'
import { AUTHOR, deliveries, messagesOf, openOutside } from '../support/kill-loop.ts'
import { Home } from '../support/posthorn.ts'
import { startSubmitter } from '../support/submitter.ts'

const MESSAGES = 20_000
const CLIENTS = 8

test(`accepts ${MESSAGES} messages and delivers each of them once`, async () => {
  const outside = await openOutside()
  const home = new Home(outside.settings)
  try {
    const served = await home.serve()
    const accepted = new Set<string>()
    const next = messagesOf('many', MESSAGES)
    const beganMs = performance.now()
    const seconds = () => ((performance.now() - beganMs) / 1000).toFixed(1)
    const clients = Array.from({ length: CLIENTS }, () =>
      startSubmitter(served.submission.port, AUTHOR, next, accepted),
    )
    await Promise.all(clients.map(({ ended }) => ended))
    const acceptedAt = seconds()
    expect(accepted.size).toBe(MESSAGES)
    await outside.sink.waitFor(MESSAGES)
    console.log(`${MESSAGES} messages accepted within ${acceptedAt} s, delivered within ${seconds()} s`)

    // Whatever would come a second time has come when the program has ended.
    expect(await served.stop()).toBe(0)
    const counts = deliveries(outside.sink)
    expect([...accepted].filter((id) => counts.get(id) !== 1)).toEqual([])
    expect(counts.size).toBe(MESSAGES)
  } finally {
    home.remove()
    await outside.close()
  }
}, 300_000)
