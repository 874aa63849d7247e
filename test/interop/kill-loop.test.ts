import { test } from 'vitest'
import { printedSeed } from '../support/chance.ts'
import { killLoop } from '../support/kill-loop.ts'

/*
 * The promise of SECURITY.md, tried: a process that submits, delivers and is killed without warning, at any moment of its
 * life, again and again. The test keeps its own list of what was answered 250, and counts at the other end.
 */
const KILLS = 52
const HOMES = 4

test(`loses no message it has answered 250 for, in ${KILLS} kills at random moments`, async () => {
  await killLoop(KILLS, HOMES, printedSeed('KILL_SEED'))
}, 180_000)
