import { expect, test } from 'vitest'
import { fakeClock } from '../test/support/fake-clock.ts'
import type { Question } from './quitting.ts'
import type { Installed, Release } from './update-feed.ts'
import { NOTHING_SAID, Updates, type UpdateMemory } from './updates.ts'

const DAY = 24 * 3_600_000
const PLACE = { feed: 'https://updates.example.org/', key: 'key' }

/** A desktop whose person answers by the words of a button, and what was done there, in order. */
function desktop(
  at: {
    installed?: Installed
    place?: typeof PLACE
    release?: Release | undefined
    broken?: Error
    memory?: UpdateMemory
  } = {},
) {
  const clock = fakeClock()
  const did: string[] = []
  const asked: Question[] = []
  const state = {
    answers: [] as string[],
    memory: at.memory ?? NOTHING_SAID,
    release: 'release' in at ? at.release : { version: '2.0.0', notes: 'All is new.' },
    place: at.place ?? PLACE,
    broken: at.broken,
  }
  const updates = new Updates({
    clock,
    installed: at.installed ?? 'by-installer',
    version: '1.0.0',
    place: () => state.place,
    open: async () => ({
      async check() {
        did.push('check')
        if (state.broken) throw state.broken
        return state.release
      },
      download: async () => void did.push('download'),
      install: () => void did.push('install'),
    }),
    async ask(question) {
      asked.push(question)
      const answer = question.buttons.indexOf(state.answers.shift() ?? question.buttons[question.cancelId] ?? '')
      did.push(`asked: ${question.message}`)
      return answer
    },
    closeEngine: async () => void did.push('engine closed'),
    memory: { read: () => state.memory, write: (memory) => void (state.memory = memory) },
    log: (line) => void did.push(line),
  })
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  return { clock, did, asked, state, updates, settled }
}

test('nothing is asked of anybody while no feed is configured', async () => {
  const { clock, did, settled } = desktop({ place: { feed: '', key: '' } })
  clock.advance(3 * DAY)
  await settled()
  expect(did).toEqual([])
})

test('a newer version is fetched only when a person agrees, and takes its place only when no mail is on the wire', async () => {
  const { clock, did, asked, state, settled } = desktop()
  state.answers = ['Download', 'Restart now']
  clock.advance(DAY / 2)
  await settled()
  expect(did).toEqual([
    'check',
    'asked: Posthorn 2.0.0 is here',
    'download',
    'asked: Posthorn 2.0.0 is ready',
    'engine closed',
    'install',
  ])
  expect(asked[0]?.detail).toBe('This is Posthorn 1.0.0.\n\nAll is new.')
})

test('who restarts later goes on, and has it installed at the end', async () => {
  const { clock, did, state, settled } = desktop()
  state.answers = ['Download', 'When I quit']
  clock.advance(DAY / 2)
  await settled()
  expect(did.slice(-2)).toEqual(['download', 'asked: Posthorn 2.0.0 is ready'])
})

test('who wants to be reminded later is asked a day later, not before', async () => {
  const { clock, asked, state, settled } = desktop()
  clock.advance(DAY / 4)
  await settled()
  expect(asked).toHaveLength(1)
  expect(state.memory.laterUntilMs).toBeGreaterThan(clock.nowMs() + DAY / 2)
  clock.advance(DAY / 2)
  await settled()
  expect(asked).toHaveLength(1)
  for (let n = 0; n < 3; n++) {
    clock.advance(DAY)
    await settled()
  }
  expect(asked.length).toBeGreaterThan(1)
})

test('who starts it anew meanwhile is not reminded sooner', async () => {
  const laterUntilMs = fakeClock().nowMs() + DAY / 2
  const { clock, did, asked, settled } = desktop({ memory: { skipped: '', laterUntilMs } })
  clock.advance(DAY / 4)
  await settled()
  expect(did).toEqual([]) // nobody was even asked for the feed
  clock.advance(DAY)
  await settled()
  expect(asked).toHaveLength(1)
})

test('a version that is skipped is not offered again, the one after it is, and so is it to whoever looks by hand', async () => {
  const { clock, asked, did, state, updates, settled } = desktop()
  state.answers = ['Skip this version']
  clock.advance(DAY / 4)
  await settled()
  clock.advance(DAY)
  await settled()
  expect(asked).toHaveLength(1)
  expect(did.filter((one) => one === 'check')).toHaveLength(2)
  await updates.checkNow()
  expect(asked).toHaveLength(2)
  state.memory = { skipped: '2.0.0', laterUntilMs: 0 }
  state.release = { version: '2.0.1', notes: '' }
  clock.advance(DAY)
  await settled()
  expect(asked.at(-1)?.message).toBe('Posthorn 2.0.1 is here')
})

test.each([
  ['by-packages', 'Your package manager installs it.'],
  ['by-hand', 'You put this copy here by hand'],
] as const)('what came %s is told of and never replaced', async (installed, words) => {
  const { asked, did, updates } = desktop({ installed })
  await updates.checkNow()
  expect(asked[0]?.detail).toContain(words)
  expect(asked[0]?.buttons).toEqual(['Remind me later', 'Skip this version'])
  expect(did).not.toContain('download')
})

test('whoever looks by hand hears that there is nothing, or why it is not known', async () => {
  const nothing = desktop({ release: undefined })
  await nothing.updates.checkNow()
  expect(nothing.asked.map(({ message }) => message)).toEqual(['There is no newer version'])
  const unset = desktop({ place: { feed: '', key: '' } })
  await unset.updates.checkNow()
  expect(unset.asked[0]?.message).toBe('Posthorn looks nowhere for newer versions')
  const broken = desktop({ broken: new Error('not signed') })
  await broken.updates.checkNow()
  expect(broken.asked[0]).toMatchObject({ detail: 'not signed' })
})

test('a feed that cannot be read by itself says so in the log alone, and is tried again the next day', async () => {
  const { clock, did, asked, settled } = desktop({ broken: new Error('not signed') })
  clock.advance(DAY / 4)
  await settled()
  clock.advance(DAY)
  await settled()
  expect(asked).toEqual([])
  expect(did).toEqual([
    'check',
    'look for a newer version: not signed',
    'check',
    'look for a newer version: not signed',
  ])
})

test('two looks at once are one', async () => {
  const { did, updates } = desktop({ release: undefined })
  await Promise.all([updates.checkNow(), updates.checkNow()])
  expect(did.filter((one) => one === 'check')).toHaveLength(1)
})

test('once closed it looks no more', async () => {
  const { clock, did, updates, settled } = desktop()
  updates.close()
  clock.advance(3 * DAY)
  await settled()
  expect(did).toEqual([])
})
