import { expect, test } from 'vitest'
import { EngineSettings } from './engine-settings.ts'
import { defaultSettings, SETTINGS } from './settings.ts'

/** Settings as an engine has them: what the file says, what was stored earlier, and what is stored now. */
function settingsOf(file: unknown = {}, stored: Record<string, unknown> = {}) {
  const put: [string, unknown][] = []
  const logged: string[] = []
  const settings = new EngineSettings(file)
  const keep = async (key: string, value: unknown) => void put.push([key, value])
  settings.load(stored, keep, (line) => void logged.push(line))
  const view = (key: string) => settings.list().find((one) => one.key === key)
  return { settings, put, logged, view }
}

test('without a file and without a change every setting has its default', () => {
  const { settings } = settingsOf()
  expect(settings.values).toEqual(defaultSettings())
  expect(settings.list().map(({ key }) => key)).toEqual(Object.keys(SETTINGS))
  for (const one of settings.list()) expect(one.value, one.key).toEqual(one.default)
})

test('the file wins over what the window changed, and that over the default', () => {
  const { settings, view } = settingsOf(
    { queue: { mode: 'interval' } },
    { 'queue.mode': 'at-once', 'queue.intervalSeconds': 60 },
  )
  expect(settings.values).toMatchObject({
    'queue.mode': 'interval',
    'queue.intervalSeconds': 60,
    'queue.paused': false,
  })
  expect(view('queue.mode')).toMatchObject({ value: 'interval', fromFile: true })
  expect(view('queue.intervalSeconds')).toMatchObject({ value: 60, fromFile: false })
})

test('a file that cannot be meant is refused', () => {
  expect(() => new EngineSettings({ queue: { mode: 'often' } })).toThrow('"often" is not allowed')
  expect(() => new EngineSettings('on')).toThrow('the whole file is "on"')
})

test('a stored value that this version does not take is named and left out', () => {
  const { settings, logged, view } = settingsOf({}, { 'queue.mode': 'often', 'no.such': 1, 'ui.port': 'x' })
  expect(settings.values).toEqual(defaultSettings())
  expect(logged).toHaveLength(3)
  expect(logged[0]).toContain('"queue.mode"')
  expect(view('ui.port')?.value).toBe(0)
})

test('a setting read at each use changes at once, and is stored', async () => {
  const { settings, put, view } = settingsOf()
  const held = settings.values
  await settings.set('queue.paused', true)
  expect(held['queue.paused']).toBe(true)
  expect(put).toEqual([['queue.paused', true]])
  expect(view('queue.paused')).toMatchObject({ value: true, default: false, needsRestart: false })
})

test('a setting read at the start is stored and shown, and in force from the next start', async () => {
  const { settings, put, view } = settingsOf()
  await settings.set('submission.port', 2600)
  expect(put).toEqual([['submission.port', 2600]])
  expect(settings.values['submission.port']).toBe(2587)
  expect(settings.atNextStart).toEqual({ ...settings.values, 'submission.port': 2600 })
  expect(view('submission.port')).toMatchObject({ value: 2600, needsRestart: true, unit: 'port' })
  expect(settingsOf({}, Object.fromEntries(put)).settings.values['submission.port']).toBe(2600)
})

test('a value out of range, an unknown key and a key of the file are refused, and nothing is stored', async () => {
  const { settings, put } = settingsOf({ queue: { paused: true } })
  await expect(settings.set('submission.port', 70_000)).rejects.toThrow('70000 is not allowed')
  await expect(settings.set('queue.pause', true)).rejects.toThrow('there is no setting "queue.pause"')
  await expect(settings.set('constructor', {})).rejects.toThrow('there is no setting "constructor"')
  await expect(settings.set('queue.paused', false)).rejects.toThrow('the settings file decides')
  expect(put).toEqual([])
  expect(settings.values['queue.paused']).toBe(true)
})

test('a change that could not be stored is not in force', async () => {
  const settings = new EngineSettings({})
  const fails = () => Promise.reject(new Error('the disk is full'))
  settings.load({}, fails, () => {})
  await expect(settings.set('queue.paused', true)).rejects.toThrow('full')
  expect(settings.values['queue.paused']).toBe(false)
  expect(settings.list().find(({ key }) => key === 'queue.paused')?.value).toBe(false)
})
