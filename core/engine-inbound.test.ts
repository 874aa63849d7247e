import { expect, test } from 'vitest'
import { Fault } from './base/fault.ts'
import { inboundView } from './engine-inbound.ts'
import { defaultSettings, type Settings } from './settings.ts'

const settings = (more: Partial<Settings> = {}): Settings => ({
  ...defaultSettings(),
  'local.domains': ['one.test', 'two.test'],
  ...more,
})

test('says plainly when no mail can be received, and why', () => {
  expect(inboundView(undefined, settings())).toMatchObject({
    state: 'off',
    reach: null,
    text: expect.stringContaining('switched off'),
  })
  expect(inboundView(undefined, settings({ 'inbound.enabled': true })).text).toContain('started again')
  const reason = 'the system does not allow this program to listen there'
  const cause = Object.assign(new Error('no'), { code: 'EACCES' })
  const details = { host: '0.0.0.0', port: 25, reason }
  const trouble = new Fault('listen.taken', `listen on 0.0.0.0 port 25: ${reason}`, details, cause)
  expect(inboundView({ endpoint: null, trouble }, settings())).toEqual({
    state: 'failed',
    host: '0.0.0.0',
    port: 25,
    reach: null,
    text: `Mail from other servers cannot be received: listen on 0.0.0.0 port 25: ${reason}. Ports below 1024 need a permission on most systems: give it to Posthorn, or set another one (All settings, or "posthorn setting set inbound.port …") and start Posthorn again.`,
  })
})

test('says plainly from where mail can be received', () => {
  const at = (host: string, port: number, more: Partial<Settings> = {}) =>
    inboundView({ endpoint: { host, port }, trouble: null }, settings(more))
  expect(at('127.0.0.1', 25)).toMatchObject({ state: 'listening', reach: 'this-computer' })
  expect(at('127.0.0.1', 25).text).toContain('from programs on this computer only')
  expect(at('::1', 25)).toMatchObject({ reach: 'this-computer' })
  expect(at('0.0.0.0', 25)).toMatchObject({
    reach: 'other-computers',
    text: 'Mail for one.test, two.test is received on 0.0.0.0:25, from every computer that reaches this one.',
  })
  expect(at('::', 2525).text).toContain(
    'on [::]:2525, from every computer that reaches this one. Other servers deliver to port 25',
  )
  expect(at('192.0.2.1', 25).text).toContain('from computers that reach 192.0.2.1')
  expect(at('0.0.0.0', 25, { 'local.domains': [] }).text).toContain('takes nothing: there is no local domain yet')
  const many = Array.from({ length: 9 }, (_, i) => `d${i}.test`)
  expect(at('0.0.0.0', 25, { 'local.domains': many }).text).toContain('d4.test and 4 more')
})
