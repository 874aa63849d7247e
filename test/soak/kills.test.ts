import { afterAll, beforeAll, test } from 'vitest'
import { printedSeed } from '../support/chance.ts'
import { killLoop, openOutside, type Outside } from '../support/kill-loop.ts'

const KILLS = 300
const HOMES = 4

let outside: Outside
beforeAll(async () => {
  outside = await openOutside()
})
afterAll(() => outside.close())

test(`loses no message it has answered 250 for, in ${KILLS} kills at random moments`, async () => {
  await killLoop(outside, KILLS, HOMES, printedSeed('KILL_SEED'))
}, 400_000)
