import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, Home, type Served } from '../support/posthorn.ts'

/** The rehearsal lab from the command line, where an engine runs. */

let home: Home
let served: Served
beforeAll(async () => {
  home = new Home({ submission: { port: null } })
  served = await home.serve()
})
afterAll(async () => {
  await served?.stop()
  home?.remove()
})
interface Entry {
  readonly recipients: readonly { readonly state: string; readonly attempts: number; readonly why: string | null }[]
}
const entry = (id: number, attempts: number) =>
  eventually(async () => {
    const { recipients } = await home.json<Entry>(['queue', 'show', String(id)])
    const [one] = recipients
    return one !== undefined && one.attempts >= attempts && one.state !== 'trying' && one
  }, 'the verdict')

test('a rehearsal is greylisted, tried again and delivered, and the lab shows what came', async () => {
  expect((await home.run(['lab', 'status'])).stdout).toMatch(/switched off/)
  expect((await home.run(['lab', 'start'])).stdout).toMatch(/listens on 127\.0\.0\.1 port \d+\.[^]*All is well with it/)
  expect((await home.run(['lab', 'set', 'greylist=on', 'rcpt=fine', 'slow=0'])).stdout).toMatch(
    /behaves badly: greylist=on/,
  )
  const { entryId } = await home.json<{ entryId: number }>(['lab', 'send', 'bob', '--subject', 'Trying it out'])
  expect(await entry(entryId, 1)).toMatchObject({ state: 'deferred' })
  await home.run(['queue', 'retry', String(entryId)])
  expect(await entry(entryId, 2)).toMatchObject({ state: 'delivered' })
  // Each of the two tries names its way once.
  expect((await home.run(['trace', String(entryId)])).stdout.match(/Route: /g)).toHaveLength(2)
  expect((await home.run(['lab', 'received'])).stdout).toMatch(/bob@lab\.posthorn\.invalid .*Trying it out/)
  expect((await home.run(['lab', 'show', '1'])).stdout).toMatch(/Subject: Trying it out/)
  expect((await home.run(['lab', 'reset'])).stdout).toMatch(/0 received/)
  expect((await home.run(['lab', 'stop'])).status).toBe(0)
})

test('what it does not know is refused in words', async () => {
  for (const words of [['set', 'rcpt=maybe'], ['set', 'moon=full'], ['set'], ['set', 'size=-1'], ['fly']])
    expect((await home.run(['lab', ...words])).status).toBe(64)
  expect((await home.run(['lab', 'set', 'greylist=maybe'])).stderr).toMatch(/on, off, or how many seconds/)
  expect((await home.run(['lab', 'show', '99'])).status).toBe(1)
})
