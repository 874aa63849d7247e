import { expect, test } from 'vitest'
import { Fault } from './base/fault.ts'
import { pop3View, receivingServers } from './engine-pop3.ts'
import { defaultSettings } from './settings.ts'

const on = { ...defaultSettings(), 'pop3.enabled': true }
const plain = { host: '127.0.0.1', port: 2110 }
const tls = { host: '127.0.0.1', port: 2995 }
const troubles = { plain: null, tls: null }

test('the status says where programs read mail, and who can', () => {
  expect(pop3View({ plain, tls, troubles }, on)).toEqual({
    state: 'listening',
    host: '127.0.0.1',
    port: 2110,
    tlsPort: 2995,
    reach: 'this-computer',
    text: 'Programs on this computer read mail by POP3 on 127.0.0.1:2995 (TLS) and 127.0.0.1:2110 (STLS).',
  })
  const everywhere = pop3View({ plain: null, tls: { host: '::', port: 995 }, troubles }, on)
  expect(everywhere).toMatchObject({ port: null, tlsPort: 995, reach: 'other-computers' })
  expect(everywhere.text).toBe('Programs on every computer that reaches this one read mail by POP3 on [::]:995 (TLS).')
})

test('the status says why nobody can read mail here', () => {
  expect(pop3View(undefined, defaultSettings())).toMatchObject({
    state: 'off',
    reach: null,
    text: expect.stringContaining('pop3.enabled'),
  })
  expect(pop3View(undefined, on).text).toContain('started again')
  const reason = 'another program listens there'
  const trouble = new Fault('listen.taken', `listen on 127.0.0.1 port 2110: ${reason}`, { ...plain, reason })
  const failed = { plain: null, tls: null, troubles: { plain: trouble, tls: null } }
  expect(pop3View(failed, on)).toMatchObject({
    state: 'failed',
    text: 'Other programs cannot read mail here: listen on 127.0.0.1 port 2110: another program listens there. End the other program, and Posthorn listens there by itself; or set another one (All settings, or "posthorn setting set pop3.port …") and start Posthorn again.',
  })
  // Of two ports the other one serves alone.
  expect(pop3View({ ...failed, tls }, on)).toMatchObject({ state: 'listening', port: null, tlsPort: 2995 })
})

test('guides name the servers that listen, or will; none while it is switched off', () => {
  expect(receivingServers(undefined, defaultSettings())).toEqual([])
  expect(receivingServers(undefined, on)).toEqual([
    { ...tls, security: 'implicit' },
    { ...plain, security: 'starttls' },
  ])
  expect(receivingServers({ plain, tls: null, troubles }, on)).toEqual([{ ...plain, security: 'starttls' }])
})
