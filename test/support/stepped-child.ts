import { systemClock } from '../../core/base/clock.ts'
import { openTestStore } from './store.ts'
import { openStepped, threeWays } from './stepped-world.ts'

/*
 * Sends messages and stands still at the step it was told, for the n-th time it comes there: node stepped-child.ts FOLDER STEP N COUNT.
 * Says `at STEP` when it stands, `accepted SUBJECT` as a client would learn it, and `done` when it never came there.
 */
const [folder = '', step = '', nth = '1', count = '1'] = process.argv.slice(2)
const say = (words: string) => process.stdout.write(`${words}\n`)
let left = Number(nth)
const store = await openTestStore({ folder })
const house = await openStepped(store, systemClock, (name) => {
  if (name !== step || --left > 0) return
  say(`at ${name}`)
  return new Promise(() => setInterval(() => {}, 60_000)) // until it is killed
})
const sent = Array.from({ length: Number(count) }, async (_, n) => {
  const subject = `m${process.pid}-${n}`
  const answer = await house.submit(threeWays(subject))
  if (answer.accepted) say(`accepted ${subject} ${answer.entryId}`)
})
await Promise.all(sent)
await house.quiet()
say('done')
process.exit(0)
