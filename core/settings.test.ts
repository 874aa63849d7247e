import { expect, test } from 'vitest'
import { Fault } from './base/fault.ts'
import { defaultSettings, parseSetting, parseSettings, SETTINGS } from './settings.ts'

const refused = (json: unknown): Fault => {
  try {
    parseSettings(json)
  } catch (error) {
    if (error instanceof Fault) return error
  }
  throw new Error(`${JSON.stringify(json)} was taken`)
}

test('an empty file leaves every setting at its default', () => {
  expect(parseSettings({})).toEqual(defaultSettings())
  expect(parseSettings({ submission: {} })).toEqual(defaultSettings())
})

test('nested objects name keys part by part', () => {
  const settings = parseSettings({
    submission: { port: 0, trustedAddresses: ['127.0.0.0/8', '::1'] },
    retry: { scheduleSeconds: [1, 2] },
    dns: { servers: ['127.0.0.1:5353', '[::1]:53', '192.0.2.1'] },
  })
  expect(settings['submission.port']).toBe(0)
  expect(settings['submission.trustedAddresses']).toEqual(['127.0.0.0/8', '::1'])
  expect(settings['retry.scheduleSeconds']).toEqual([1, 2])
  expect(settings['dns.servers']).toHaveLength(3)
  expect(settings['submission.host']).toBe('127.0.0.1')
})

test.each([
  [{ submission: { port: '2587' } }, 'submission.port', '"2587"'],
  [{ submission: { port: 65536 } }, 'submission.port', '65536'],
  [{ submission: { maxConnections: 0 } }, 'submission.maxConnections', '0'],
  [{ submission: { trustedAddresses: ['127.0.0.1/33'] } }, 'submission.trustedAddresses', '127.0.0.1/33'],
  [{ submission: { host: 'example.org' } }, 'submission.host', 'example.org'],
  [{ submission: null }, 'submission', 'null'],
  [{ dns: { servers: ['localhost'] } }, 'dns.servers', 'localhost'],
  [{ retry: { scheduleSeconds: [] } }, 'retry.scheduleSeconds', '[]'],
  [{ retry: { scheduleSeconds: [0] } }, 'retry.scheduleSeconds', '[0]'],
  [{ queue: { mode: 'sometimes' } }, 'queue.mode', 'sometimes'],
  [{ queue: { pause: true } }, 'queue.pause', 'true'],
  [{ 'submission.port': { x: 1 } }, 'submission.port', 'x'],
  [{ relay: { ehloName: 'localhost' } }, 'relay.ehloName', 'localhost'],
  [{ smarthost: { password: { deep: 1 } } }, 'smarthost', 'deep'],
  [[], '(the whole file)', '[]'],
])('refuses %j and says the key and the value', (json, key, value) => {
  const fault = refused(json)
  expect(fault.code).toBe('settings.invalid')
  expect(fault.message).toContain(key.replace(/[()]/g, ''))
  expect(fault.details).toMatchObject({ key })
  expect(fault.message + JSON.stringify(fault.details)).toContain(value.replaceAll('"', ''))
})

test('every default is a value that is allowed', () => {
  for (const [key, setting] of Object.entries(SETTINGS))
    expect(parseSetting(key, setting.default), key).toEqual(setting.default)
})

test('the default schedule is every 15 minutes to 4 h, hourly to 24 h, then every 4 h', () => {
  const waits = defaultSettings()['retry.scheduleSeconds']
  const upTo = (seconds: number) =>
    waits.filter((_, i) => waits.slice(0, i + 1).reduce((sum, wait) => sum + wait, 0) <= seconds)
  expect(new Set(upTo(14_400))).toEqual(new Set([900]))
  expect(upTo(86_400).slice(16)).toEqual(Array<number>(20).fill(3600))
  expect(waits.at(-1)).toBe(14_400)
})
