import { expect, test } from 'vitest'
import { readerGuides } from './connect-readers.ts'
import { PASSWORD_PLACE, type ConnectFacts } from './connect.ts'

const FINGERPRINT = Array.from({ length: 32 }, (_, n) => n.toString(16).padStart(2, '0').toUpperCase()).join(':')
const facts: ConnectFacts = {
  servers: [
    { host: '127.0.0.1', port: 2995, security: 'implicit' },
    { host: '127.0.0.1', port: 2110, security: 'starttls' },
  ],
  address: 'ada@home.test',
  certificate: { from: 'own', fingerprint256: FINGERPRINT, names: ['localhost', '127.0.0.1', '::1'] },
  chosenName: '',
}
const all = (more: Partial<ConnectFacts> = {}) => readerGuides({ ...facts, ...more })
const textOf = (id: string, more: Partial<ConnectFacts> = {}) =>
  JSON.stringify(all(more).find((guide) => guide.id === id) ?? expect.unreachable(id))

test('every program is told where it reads, as whom, and where its password goes', () => {
  expect(all().map(({ id }) => id)).toEqual(['thunderbird', 'outlook', 'apple-mail', 'mutt', 'fetchmail', 'mpop'])
  for (const { id } of all()) {
    const text = textOf(id)
    expect(text, id).toContain('localhost')
    expect(text, id).toContain('2995')
    expect(text, id).toMatch(/ada(?:@|%40)home\.test/)
    expect(text, id).toMatch(/password/i)
  }
  for (const id of ['mutt', 'fetchmail', 'mpop']) expect(textOf(id)).toContain(PASSWORD_PLACE)
  expect(all({ servers: [] })).toEqual([])
})

test('says that it is POP3 and not IMAP where a program would take IMAP, and to leave mail where it is', () => {
  for (const id of ['thunderbird', 'outlook']) expect(textOf(id)).toMatch(/POP3?, not IMAP/)
  for (const id of ['thunderbird', 'outlook', 'apple-mail'])
    expect(textOf(id)).toContain('leave messages on the server')
  expect(textOf('mutt')).toContain('set pop_delete = no')
  expect(textOf('mpop')).toContain('keep on')
  expect(textOf('fetchmail')).toMatch(/ keep\b/)
})

test('STLS stands where there is nothing else, and Outlook is told that it cannot', () => {
  const servers = [{ host: '127.0.0.1', port: 2110, security: 'starttls' }] as const
  expect(textOf('mpop', { servers })).toContain('tls_starttls on')
  expect(textOf('mutt', { servers })).toContain('pop://')
  expect(textOf('fetchmail', { servers })).not.toMatch(/ ssl sslproto/)
  expect(textOf('outlook', { servers })).toContain('pop3.tlsPort')
  expect(textOf('outlook')).not.toContain('pop3.tlsPort')
})

test('a certificate that others vouch for needs no comparing', () => {
  const known = { certificate: { from: 'file', fingerprint256: FINGERPRINT, names: ['mail.home.test'] } } as const
  for (const { id, host } of all(known)) {
    expect(host).toBe('mail.home.test')
    expect(textOf(id, known)).not.toContain(FINGERPRINT)
    expect(textOf(id, known)).not.toContain('posthorn certificate')
  }
  for (const id of ['mutt', 'fetchmail']) expect(textOf(id)).toContain('posthorn certificate')
})
