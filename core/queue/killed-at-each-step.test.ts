import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { openStepped, takenIn } from '../../test/support/stepped-world.ts'
import { STEP_NAMES, type StepName } from '../model/step.ts'
import { findFolder, PERSON } from '../store/folder.ts'
import { listPage } from '../store/message-list.ts'
import { getEntry, listRecipients } from '../store/queue.ts'

const CHILD = fileURLToPath(new URL('../../test/support/stepped-child.ts', import.meta.url))
const HOURS = 3_600_000

/** Runs the child until it stands at the step, kills it there, and returns what a client had been told. */
async function killAt(folder: string, step: StepName, nth: number): Promise<{ readonly accepted: number[] }> {
  const child = spawn(process.execPath, [CHILD, folder, step, String(nth)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const accepted: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, , entryId] = line.split(' ')
    if (word === 'accepted') accepted.push(Number(entryId))
    if (word === 'done') throw new Error(`${step} was never reached`)
    if (word === 'at') break
  }
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  return { accepted }
}

const inFolder = (store: TestStore, role: 'inbox' | 'sent') => {
  const folder = findFolder(store.read, PERSON, role)
  return folder ? listPage(store.read, folder.id, null, 100).rows : []
}

/**
 * Where the server's copy is certain to be the only one. Elsewhere its reply may have been on its way when the program died: what stands
 * still at a step holds up nobody else, such as the recipient out there while the one in here is told of.
 */
const NEVER_TWICE: readonly StepName[] = [
  'submit.received',
  'submit.final',
  'submit.committed',
  'attempt.handed',
  'attempt.before-body',
  'attempt.body',
]
/** Each step, and the second time for those that a mailbox here and a server out there both go through. */
const KILLS = STEP_NAMES.flatMap((step): [StepName, number][] =>
  step === 'outcome.judged' || step === 'outcome.committed' ? [1, 2].map((nth) => [step, nth]) : [[step, 1]],
)

test.concurrent.each(KILLS)('killed at %s (time %i), nothing is lost and nothing is torn', async (step, nth) => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-steps-'))
  const { accepted } = await killAt(folder, step, nth)
  const store = await openTestStore({ folder })
  const clock = fakeClock(Date.now())
  const house = await openStepped(store, clock)
  await house.quiet()
  // What was on its way when the program died waits for an hour; nothing in here waits for longer.
  for (let hours = 0; hours < 3; hours++) {
    clock.advance(HOURS)
    await house.quiet()
  }
  const isStored = getEntry(store.read, 1) !== undefined
  expect(isStored).toBe(!['submit.received', 'submit.final'].includes(step))
  if (!isStored) expect(accepted).toEqual([])
  else {
    expect(listRecipients(store.read, 1).map(({ state }) => state)).toEqual(['delivered', 'bounced', 'delivered'])
    expect(getEntry(store.read, 1)?.doneMs).not.toBeNull()
    const copies = takenIn(folder).length
    expect(copies).toBeGreaterThanOrEqual(1)
    expect(copies).toBeLessThanOrEqual(NEVER_TWICE.includes(step) ? 1 : 2)
    expect(inFolder(store, 'inbox').map(({ subject }) => subject)).toHaveLength(2) // the local copy, and one report
    expect(inFolder(store, 'sent')).toHaveLength(1)
  }
  await house.close()
})
