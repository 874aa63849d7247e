import { describe, expect, test } from 'vitest'
import { PASSWORD_PLACE, programGuides, type ConnectFacts } from './connect.ts'

const FINGERPRINT = Array.from({ length: 32 }, (_, n) => n.toString(16).padStart(2, '0').toUpperCase()).join(':')
const facts: ConnectFacts = {
  servers: [
    { host: '127.0.0.1', port: 2587, security: 'starttls' },
    { host: '127.0.0.1', port: 2465, security: 'implicit' },
  ],
  address: 'ada@home.test',
  certificate: { from: 'own', fingerprint256: FINGERPRINT, names: ['localhost', '127.0.0.1', '::1'] },
  chosenName: '',
}
const all = (more: Partial<ConnectFacts> = {}) => programGuides({ ...facts, ...more })
const textOf = (id: string, more: Partial<ConnectFacts> = {}) =>
  JSON.stringify(all(more).find((guide) => guide.id === id) ?? expect.unreachable(id))

test('every program is told host, port, security and user, and where its password goes', () => {
  const guides = all()
  expect(guides.map(({ id }) => id)).toEqual(['thunderbird', 'outlook', 'apple-mail', 'mutt', 'msmtp', 'git', 'curl'])
  for (const { id } of guides) {
    const text = textOf(id)
    expect(text, id).toContain('localhost')
    expect(text, id).toContain('2465')
    expect(text, id).toMatch(/ada(?:@|%40)home\.test/)
    expect(text, id).toMatch(/password/i)
  }
  for (const id of ['mutt', 'msmtp', 'git', 'curl']) expect(textOf(id)).toContain(PASSWORD_PLACE)
})

test('TLS from the first byte comes first, STARTTLS where there is nothing else', () => {
  expect(all()[0]).toMatchObject({ port: 2465, security: 'implicit' })
  const [plain] = facts.servers
  const starttls = { servers: plain ? [plain] : [] }
  expect(all(starttls)[0]).toMatchObject({ port: 2587, security: 'starttls' })
  expect(textOf('msmtp', starttls)).toContain('tls_starttls on')
  expect(textOf('git', starttls)).toContain('smtpEncryption = tls')
  expect(textOf('mutt', starttls)).toContain('smtp://')
  expect(all({ servers: [] })).toEqual([])
})

test('the own certificate is to be compared or given, one that others vouch for is not', () => {
  for (const id of ['thunderbird', 'outlook', 'apple-mail', 'msmtp']) expect(textOf(id)).toContain(FINGERPRINT)
  for (const id of ['mutt', 'git', 'curl']) expect(textOf(id)).toContain('posthorn certificate')
  const known = {
    certificate: { from: 'file', fingerprint256: FINGERPRINT, names: ['*.home.test', 'mail.home.test'] },
  } as const
  for (const { id, host } of all(known)) {
    expect(host).toBe('mail.home.test')
    expect(textOf(id, known)).not.toContain(FINGERPRINT)
    expect(textOf(id, known)).not.toContain('posthorn certificate')
  }
})

describe('the host', () => {
  const on = (host: string, chosenName: string) =>
    all({ servers: [{ host, port: 2465, security: 'implicit' }], chosenName })[0]?.host
  test.each([
    ['127.0.0.1', '', 'localhost'],
    ['::1', 'mail.home.test', 'localhost'],
    ['0.0.0.0', '', 'localhost'],
    ['0.0.0.0', 'mail.home.test', 'mail.home.test'],
    ['192.0.2.1', '', '192.0.2.1'],
  ])('of a server on %s with the name "%s" is %s', (host, name, expected) => expect(on(host, name)).toBe(expected))
})

test('an address with quotes and spaces is one word wherever it stands', () => {
  const odd = { address: `"a'd $(id) \`x\`"@home.test` }
  const curl =
    all(odd)
      .find(({ id }) => id === 'curl')
      ?.texts.at(-1)?.text ?? ''
  expect(curl).toContain(`--user '"a'\\''d $(id) \`x\`"@home.test:${PASSWORD_PLACE}'`)
  const mutt = all(odd).find(({ id }) => id === 'mutt')?.texts[0]?.text ?? ''
  expect(mutt).toContain('set from = "\\"a\'d \\$(id) \\`x\\`\\"@home.test"')
})
