import { expect, test } from 'vitest'
import { LineMeter } from './line-speed.ts'

test('a line is measured by what comes while more is under way, not by round trips and not by our own work', () => {
  const line = new LineMeter()
  // The first piece of an answer: a round trip went before it.
  line.came(1000, 500)
  expect(line).toMatchObject({ bytes: 0, waitedMs: 0 })
  // We took 300 ms over it; then nobody but the line kept it waiting.
  line.wait(true, 800)
  line.came(1500, 900)
  expect(line).toMatchObject({ bytes: 1500, waitedMs: 100 })
  // Another one came before that one was dealt with.
  line.came(1500, 5000)
  line.wait(false, 6000)
  line.came(1500, 9000)
  expect(line).toMatchObject({ bytes: 1500, waitedMs: 100 })
})
