import { test } from 'vitest'
import { printedSeed } from '../support/chance.ts'
import { killLoop } from '../support/kill-loop.ts'

const KILLS = 300
const HOMES = 4

test(`loses no message it has answered 250 for, in ${KILLS} kills at random moments`, async () => {
  await killLoop(KILLS, HOMES, printedSeed('KILL_SEED'))
}, 400_000)
