import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../core/base/clock.ts'
import { reasonOf } from '../../core/base/fault.ts'
import { openStore } from '../../core/store/open.ts'
import { listSettings } from '../../core/store/setting.ts'
import { TEST_KEY } from './store.ts'

/*
 * A process to be killed: writes into the store of the folder named first, each lane one value over and over with the next number, and
 * says on stdout what has settled. After so many rounds as are named second all rest for a moment, so that the log is written back and
 * begun anew.
 */
const LANES = 12
const ROUNDS = Number(process.argv[3])
const REST_MS = 350

const say = (line: string) => process.stdout.write(`${line}\n`)
const died = Promise.withResolvers<void>()
const store = await openStore({
  folder: process.argv[2] ?? '',
  key: TEST_KEY,
  clock: systemClock,
  onDied: (fault) => {
    say(`died ${fault.message}`)
    died.resolve()
  },
})
const known = listSettings(store.read)

async function write(lane: string, from: number): Promise<void> {
  for (let n = from; n < from + ROUNDS; n++) {
    await store.write('setting.put', { key: lane, value: `${n} ${randomBytes(6000).toString('hex')}` })
    say(`settled ${lane} ${n}`)
  }
}
try {
  const starts = Array.from({ length: LANES }, (_, lane) => Number.parseInt(String(known[`lane${lane}`] ?? 0), 10) + 1)
  for (let burst = 0; ; burst++) {
    await Promise.all(starts.map((start, lane) => write(`lane${lane}`, start + burst * ROUNDS)))
    await pause(REST_MS)
  }
} catch (error) {
  say(`failed ${reasonOf(error)}`)
  process.exitCode = 1
  await died.promise // closed at once, it would be no surprise that it ended
  await store.close()
}
