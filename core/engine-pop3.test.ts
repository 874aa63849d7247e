import { expect, test } from 'vitest'
import { pop3View, receivingServers } from './engine-pop3.ts'
import { defaultSettings } from './settings.ts'

const on = { ...defaultSettings(), 'pop3.enabled': true }
const plain = { host: '127.0.0.1', port: 2110 }
const tls = { host: '127.0.0.1', port: 2995 }

test('the status says where programs read mail, and who can', () => {
  expect(pop3View({ plain, tls }, on)).toEqual({
    state: 'listening',
    host: '127.0.0.1',
    port: 2110,
    tlsPort: 2995,
    reach: 'this-computer',
    text: 'Programs on this computer read mail by POP3 on 127.0.0.1:2995 (TLS) and 127.0.0.1:2110 (STLS).',
  })
  const everywhere = pop3View({ plain: null, tls: { host: '::', port: 995 } }, on)
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
  expect(pop3View({ error: 'listen on 127.0.0.1 port 2110: another program listens there' }, on)).toMatchObject({
    state: 'failed',
    text: expect.stringContaining('another program listens there'),
  })
})

test('guides name the servers that listen, or will; none while it is switched off', () => {
  expect(receivingServers(undefined, defaultSettings())).toEqual([])
  expect(receivingServers(undefined, on)).toEqual([
    { ...tls, security: 'implicit' },
    { ...plain, security: 'starttls' },
  ])
  expect(receivingServers({ plain, tls: null }, on)).toEqual([{ ...plain, security: 'starttls' }])
})
