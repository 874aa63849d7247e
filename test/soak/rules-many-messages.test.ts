import { expect, test } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import { runRules } from '../../core/mailbox/rule-run-handlers.ts'
import { readFields } from '../../core/message/read.ts'
import type { Rule, RuleAction, RuleCondition } from '../../core/model/rule.ts'
import { PERSON } from '../../core/store/folder.ts'
import { RuleHouse, sharedJudge } from '../support/rule-house.ts'
import { openTestStore } from '../support/store.ts'

const MESSAGES = 10_000
/** What a turn of the main thread may take of its processor: a garbage collection is one. */
const LONGEST_TURN_MS = 10

/** The processor time of each turn of this thread while something runs, longest first (ms). */
async function turnsDuring(work: () => Promise<unknown>): Promise<number[]> {
  const turns: number[] = []
  let isOver = false
  const done = work().finally(() => (isOver = true))
  let before = process.threadCpuUsage()
  await new Promise<void>((resolve) => {
    const tick = () => {
      const { user, system } = process.threadCpuUsage(before)
      turns.push((user + system) / 1000)
      before = process.threadCpuUsage()
      if (isOver) resolve()
      else setImmediate(tick)
    }
    setImmediate(tick)
  })
  await done
  return turns.toSorted((a, b) => b - a)
}

test('rules over ten thousand messages leave the main thread free', async () => {
  const house = await new RuleHouse(systemClock, await openTestStore()).open()
  try {
    const folderId = await house.store.write('folder.ensure', { owner: PERSON, role: 'inbox' })
    const text = 'lorem ipsum dolor sit amet, consectetur adipisici elit\n'.repeat(40)
    for (let n = 0; n < MESSAGES; n += 250)
      await Promise.all(
        Array.from({ length: 250 }, (_, i) =>
          house.arrive(house.mail({ Subject: `message ${n + i} of the ${i % 7}th` }, text)),
        ),
      )
    const rule = (id: number, condition: RuleCondition, ...actions: RuleAction[]): Rule => ({
      id,
      name: `r${id}`,
      enabled: true,
      scope: { kind: 'all' },
      condition,
      actions,
    })
    const rules = [
      rule(1, { kind: 'subject', test: 'matches', value: 'the [0-3]th$', not: false }, { do: 'star' }),
      rule(2, { kind: 'body', test: 'contains', value: 'adipisici elit', not: false }, { do: 'read' }),
      rule(
        3,
        { kind: 'subject', test: 'ends', value: '5th', not: false },
        { do: 'move', to: { kind: 'role', role: 'archive' } },
      ),
    ]
    const { store, clock, local, settings } = house
    const deps = {
      store,
      clock,
      local,
      judge: sharedJudge,
      settings: () => settings,
      describe: readFields,
      onFolders: () => {},
      onRules: () => {},
    }
    let last
    const turns = await turnsDuring(async () => {
      for await (const page of runRules(deps, {
        rules,
        over: { kind: 'folder', folderId },
        sends: false,
        isDry: false,
      }))
        last = page
    })
    const shown = turns.slice(0, 5).map((ms) => ms.toFixed(1))
    console.log(`longest turns of the main thread: ${shown.join(', ')} ms`)
    expect(last).toMatchObject({ looked: MESSAGES, matched: MESSAGES, failed: 0 })
    // One turn in a thousand may be a collection of garbage.
    expect(turns[Math.floor(turns.length / 1000)]).toBeLessThan(LONGEST_TURN_MS)
  } finally {
    await house.close()
    await sharedJudge.close()
  }
})
