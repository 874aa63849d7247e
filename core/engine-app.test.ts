import { call } from '@orpc/server'
import { expect, test } from 'vitest'
import { Changes } from './base/changes.ts'
import { appHandlers, type AppDeps } from './engine-app.ts'
import { inboundView } from './engine-inbound.ts'
import { pop3View } from './engine-pop3.ts'
import { EngineSettings } from './engine-settings.ts'

function app(deps: Partial<AppDeps> = {}) {
  const settings = new EngineSettings({})
  const changes = new Changes<'status'>()
  const handlers = appHandlers({
    dataFolder: '/data',
    submissionTls: () => null,
    submission: () => ({ host: '127.0.0.1', port: 2587 }),
    inbound: () => inboundView(undefined, settings.values),
    pop3: () => pop3View(undefined, settings.values),
    certificate: () => 'AA:BB',
    settings: () => settings.values,
    queue: () => ({ waiting: 0, nextAttemptMs: null }),
    liveSessions: () => 0,
    hasIdentity: () => true,
    troubles: () => [],
    warnings: () => [],
    listSettings: () => settings.list(),
    setSetting: (key, value) => settings.set(key, value),
    changes,
    ...deps,
  })
  return { handlers, changes, settings }
}

test('status says what runs and what waits', async () => {
  const { handlers } = app({ queue: () => ({ waiting: 3, nextAttemptMs: 1234 }), liveSessions: () => 2 })
  expect(await call(handlers.status, undefined)).toMatchObject({
    locked: false,
    dataFolder: '/data',
    submission: { host: '127.0.0.1', port: 2587 },
    certificate: 'AA:BB',
    queuePaused: false,
    waiting: 3,
    nextAttemptMs: 1234,
    liveSessions: 2,
    warnings: [],
    fresh: false,
  })
})

test('without a listener and without an identity it says so', async () => {
  const { handlers } = app({ submission: () => null, certificate: () => null, hasIdentity: () => false })
  expect(await call(handlers.status, undefined)).toMatchObject({ submission: null, certificate: null, fresh: true })
})

test('what is broken and what weakens the program is a warning for as long as it holds', async () => {
  const troubles = new Set(['Nothing can be stored any more.'])
  const { handlers, settings } = app({ troubles: () => [...troubles] })
  Object.assign(settings.values, {
    'relay.allowPrivateAddresses': true,
    'submission.trustedAddresses': ['192.0.2.0/24', '::1'],
  })
  const warnings = async () => (await call(handlers.status, undefined)).warnings
  expect(await warnings()).toEqual([
    { level: 'danger', text: 'Nothing can be stored any more.' },
    { level: 'warn', text: expect.stringContaining('relay.allowPrivateAddresses') },
    { level: 'warn', text: expect.stringContaining('192.0.2.0/24, ::1') },
  ])
  troubles.clear()
  Object.assign(settings.values, { 'relay.allowPrivateAddresses': false, 'submission.trustedAddresses': [] })
  expect(await warnings()).toEqual([])
})

test('a changed setting is in force, listed, and told to whoever watches', async () => {
  const { handlers } = app()
  const over = new AbortController()
  const stream = await call(handlers.changes, undefined, { signal: over.signal })
  const heard = stream.next()
  expect(await call(handlers.setSetting, { key: 'queue.paused', value: true })).toEqual({ ok: true })
  expect(await heard).toMatchObject({ done: false, value: { what: 'status' } })
  over.abort()
  expect(await call(handlers.status, undefined)).toMatchObject({ queuePaused: true })
  const listed = await call(handlers.settings, undefined)
  expect(listed.find(({ key }) => key === 'queue.paused')).toMatchObject({ value: true, default: false })
})

test('a setting that is refused changes nothing and tells nobody', async () => {
  const { handlers, changes, settings } = app()
  const told: string[] = []
  changes.emit = (...what) => void told.push(...what)
  await expect(call(handlers.setSetting, { key: 'queue.mode', value: 'often' })).rejects.toThrow('is not allowed')
  await expect(call(handlers.setSetting, { key: 'nothing', value: 1 })).rejects.toThrow('there is no setting')
  expect(told).toEqual([])
  expect(settings.values['queue.mode']).toBe('at-once')
})
