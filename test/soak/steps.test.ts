import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { STEP_NAMES } from '../../core/model/step.ts'
import { findFolder, PERSON } from '../../core/store/folder.ts'
import { getEntry, listRecipients } from '../../core/store/queue.ts'
import { chance } from '../support/chance.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { openTestStore } from '../support/store.ts'
import { openStepped, takenIn } from '../support/stepped-world.ts'

const CHILD = fileURLToPath(new URL('../support/stepped-child.ts', import.meta.url))
const LIVES = 12
const MESSAGES = 25

/** One life: sends messages and dies at the n-th time it comes to a step, unless it is done before. */
async function live(folder: string, step: string, nth: number, accepted: Set<number>): Promise<void> {
  const args = [CHILD, folder, step, String(nth), String(MESSAGES)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, , entryId] = line.split(' ')
    if (word === 'accepted') accepted.add(Number(entryId))
    if (word === 'at') child.kill('SIGKILL')
  }
  await gone
}

test('many lives of one queue, each killed at a step of its own: everything accepted has one end, and nothing comes a third time', async () => {
  const seed = Number(process.env['STEP_SEED'] ?? Date.now() % 1e9)
  console.log(`STEP_SEED=${seed}`)
  const random = chance(seed)
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-steps-'))
  const accepted = new Set<number>()
  for (let n = 0; n < LIVES; n++) {
    const step = STEP_NAMES[Math.floor(random() * STEP_NAMES.length)] ?? 'attempt.body'
    await live(folder, step, 1 + Math.floor(random() * MESSAGES), accepted)
  }
  const store = await openTestStore({ folder })
  const clock = fakeClock(Date.now())
  const house = await openStepped(store, clock)
  for (let hours = 0; hours < 4; hours++) {
    await house.quiet()
    clock.advance(3_600_000)
  }
  await house.quiet()
  const counts = new Map<number, number>()
  for (const id of takenIn(folder)) counts.set(Number(id), (counts.get(Number(id)) ?? 0) + 1)
  let entries = 0
  for (let id = 1; id <= LIVES * MESSAGES; id++) {
    if (getEntry(store.read, id) === undefined) {
      expect(accepted.has(id)).toBe(false)
      continue
    }
    entries++
    const [ok, never, local] = listRecipients(store.read, id)
    // A second life that ended between dot and reply leaves it to its writer whether it is sent a third time.
    expect(['delivered', 'unknown']).toContain(ok?.state)
    expect([never?.state, local?.state]).toEqual(['bounced', 'delivered'])
    expect(counts.get(id) ?? 0).toBeGreaterThanOrEqual(1)
    expect(counts.get(id) ?? 0).toBeLessThanOrEqual(2)
  }
  expect(entries).toBeGreaterThanOrEqual(accepted.size)
  expect(findFolder(store.read, PERSON, 'inbox')?.total).toBe(2 * entries)
  expect(findFolder(store.read, PERSON, 'sent')?.total).toBe(entries)
  await house.close()
})
