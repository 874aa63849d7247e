import { randomBytes } from 'node:crypto'
import { systemClock } from '../../core/base/clock.ts'
import { takeLock } from '../../core/store/lock.ts'
import { openStore } from '../../core/store/open.ts'
import { TEST_KEY } from './store.ts'

/*
 * A process to be killed: takes the lock of the folder named first, writes as fast as it can, some small, some large, and
 * says on stdout what has settled, a line each, after it has.
 */
const folder = process.argv[2] ?? ''
takeLock(folder, 'store writer')
const store = await openStore({ folder, key: TEST_KEY, clock: systemClock })

async function writeMany(lane: number): Promise<never> {
  for (let n = 0; ; n++) {
    const key = `${lane}.${n}`
    await store.write('setting.put', { key, value: randomBytes(lane * 500).toString('hex') })
    process.stdout.write(`${key}\n`)
  }
}
/** Stages bodies and lets go of them half way, as sessions do that break off. */
async function stageMany(): Promise<never> {
  for (;;) {
    const blob = await store.stage()
    for (let i = 0; i < 3; i++) await blob.append(randomBytes(200_000))
  }
}
await Promise.all([...Array.from({ length: 8 }, (_, lane) => writeMany(lane)), stageMany()])
