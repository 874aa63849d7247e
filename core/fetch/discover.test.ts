import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { configFile, DiscoveryWorld, serverXml, short, states } from '../../test/support/discovery-world.ts'
import { fakeClock } from '../../test/support/fake-clock.ts'
import type { Discovery } from './discover.ts'

/** Looking for settings, with a real name server and real HTTPS and mail servers. */

const NAMES = ['autoconfig', 'imap', 'mail', 'pop', 'smtp'].map((name) => `${name}.ada.test`)
let world: DiscoveryWorld
beforeEach(async () => {
  world = await DiscoveryWorld.start(
    'ada.test',
    ...NAMES,
    'ispdb.test',
    'autoconfig.hoster.test',
    'hoster.test',
    'else.test',
  )
})
afterEach(() => world.close())

const here = { A: ['127.0.0.1'] }
const own = `${serverXml('pop3', 'pop.ada.test', 995)}${serverXml('imap', 'imap.ada.test', 993)}${serverXml('smtp', 'smtp.ada.test', 465)}`
const mailHosts = { 'imap.ada.test': here, 'pop.ada.test': here, 'smtp.ada.test': here }

describe('what a domain itself says', () => {
  test('by HTTPS is believed first, is told the address, and ends the search', async () => {
    world.zone({ 'ada.test': here, 'autoconfig.ada.test': here, ...mailHosts })
    world.pages.set('autoconfig.ada.test', configFile(own, { name: 'Post of Ada' }))
    world.pages.set('ada.test', () => {}) // never answers, and nobody waits for it
    const steps = await world.steps('ada+x@ada.test')
    const last = steps.at(-1)!
    expect(last).toMatchObject({ ended: true, providerName: 'Post of Ada', address: 'ada+x@ada.test' })
    expect(short(last.incoming)).toEqual([
      'imap imap.ada.test:993 implicit autoconfig',
      'pop3 pop.ada.test:995 implicit autoconfig',
    ])
    expect(short(last.outgoing)).toEqual(['smtp smtp.ada.test:465 implicit autoconfig'])
    for (const one of [...last.incoming, ...last.outgoing])
      expect(one).toMatchObject({
        user: 'ada+x@ada.test',
        otherUser: null,
        auth: 'password',
        needsConsent: false,
        consent: '',
      })
    expect(states(last)).toMatchObject({ 'autoconfig': 'found', 'well-known': 'skipped', 'probe': 'skipped' })
    expect(world.asked).toContain('autoconfig.ada.test/mail/config-v1.1.xml?emailaddress=ada%2Bx%40ada.test')
    expect(steps[0]?.ended).toBe(false)
    expect(steps[0]?.sources.map(({ state }) => state)).toContain('trying')
    // No mail server was connected to: the person has not been asked.
    expect(world.dialled.every((endpoint) => endpoint.endsWith(':443'))).toBe(true)
  })

  test('at its well-known place needs no host of its own', async () => {
    world.zone({ 'ada.test': here, ...mailHosts })
    world.pages.set('ada.test', configFile(own))
    const found = await world.find('ada@ada.test')
    expect(short(found.outgoing)).toEqual(['smtp smtp.ada.test:465 implicit well-known'])
    expect(found.sources[0]).toMatchObject({
      source: 'autoconfig',
      state: 'nothing',
      text: 'There is no autoconfig.ada.test.',
    })
  })

  test('in SRV records is taken by priority, with TLS from the first byte first, and "." means no', async () => {
    world.zone({
      ...mailHosts,
      'mail.ada.test': here,
      '_imap._tcp.ada.test': { SRV: [{ port: 143, target: 'mail.ada.test' }] },
      '_imaps._tcp.ada.test': {
        SRV: [
          { priority: 20, port: 993, target: 'mail.ada.test' },
          { priority: 10, port: 1993, target: 'imap.ada.test.' },
        ],
      },
      '_pop3s._tcp.ada.test': { SRV: [{ port: 0, target: '.' }] },
      '_submissions._tcp.ada.test': { SRV: [{ port: 465, target: 'smtp.ada.test' }] },
    })
    const found = await world.find('ada@ada.test')
    expect(short(found.incoming)).toEqual([
      'imap imap.ada.test:1993 implicit srv',
      'imap mail.ada.test:993 implicit srv',
      'imap mail.ada.test:143 starttls srv',
    ])
    // RFC 6186 §4: the address is tried first, then its local part.
    expect(found.incoming[0]).toMatchObject({ user: 'ada@ada.test', otherUser: 'ada', needsConsent: false })
    expect(found.incoming[0]?.why).toBe('The DNS of ada.test names it.')
    expect(short(found.outgoing)).toEqual(['smtp smtp.ada.test:465 implicit srv'])
  })

  test('is completed by what others know of ways to sign in, and says who agrees', async () => {
    world.zone({
      ...mailHosts,
      'ispdb.test': here,
      '_imaps._tcp.ada.test': { SRV: [{ port: 993, target: 'imap.ada.test' }] },
      '_submissions._tcp.ada.test': { SRV: [{ port: 465, target: 'smtp.ada.test' }] },
    })
    const local = { user: '%EMAILLOCALPART%', auth: ['OAuth2'] }
    world.pages.set(
      'ispdb.test',
      configFile(serverXml('imap', 'imap.ada.test', 993, local) + serverXml('smtp', 'smtp.ada.test', 465, local)),
    )
    world.provider = () => ({ id: 'firm', name: 'Firm', isReady: true, isDemanded: false })
    const found = await world.find('ada@ada.test')
    expect(found.incoming).toMatchObject([
      { host: 'imap.ada.test', source: 'srv', user: 'ada', otherUser: null, auth: 'oauth2', provider: 'firm' },
    ])
    expect(found.incoming[0]?.why).toBe(
      'The DNS of ada.test names it. ispdb.test says the same. Firm has its own page to sign in.',
    )
    expect(world.asked).toContain('ispdb.test/v1.1/ada.test')
    expect(world.asked.filter((asked) => asked.startsWith('ispdb')).join()).not.toContain('emailaddress')
  })
})

describe('what others say', () => {
  const hosted = `${serverXml('imap', 'mail.hoster.test', 993)}${serverXml('smtp', 'mail.hoster.test', 587, { socket: 'STARTTLS' })}`
  const zone = {
    'ada.test': {
      ...here,
      MX: [
        { preference: 20, exchange: 'b.other.test' },
        { preference: 10, exchange: 'mx1.in.hoster.test' },
      ],
    },
    'ispdb.test': here,
    'autoconfig.hoster.test': here,
    'mail.hoster.test': here,
  }

  test('whoever receives the mail is asked without the address, and his hosts only with consent', async () => {
    world.zone(zone)
    world.pages.set('autoconfig.hoster.test', configFile(hosted))
    const found = await world.find('ada@ada.test')
    expect(short(found.incoming)).toEqual(['imap mail.hoster.test:993 implicit mx-autoconfig'])
    expect(short(found.outgoing)).toEqual(['smtp mail.hoster.test:587 starttls mx-autoconfig'])
    expect(found.incoming[0]).toMatchObject({ user: 'ada@ada.test', needsConsent: true })
    expect(found.incoming[0]?.consent).toContain('mail.hoster.test belongs to hoster.test, not to ada.test')
    expect(found.text).toContain('agree before your password goes there')
    expect(world.asked).toContain('autoconfig.hoster.test/mail/config-v1.1.xml')
    expect(world.asked).toContain('ispdb.test/v1.1/hoster.test')
    expect(world.asked.filter((asked) => asked.includes('hoster')).join()).not.toContain('ada')
    expect(world.dialled.every((endpoint) => endpoint.endsWith(':443'))).toBe(true)
  })

  test('the list of providers is asked about the domain, and not at all where the settings say so', async () => {
    world.zone(zone)
    world.pages.set('ispdb.test', configFile(hosted))
    const found = await world.find('ada@ada.test')
    expect(short(found.incoming)).toEqual(['imap mail.hoster.test:993 implicit ispdb'])
    expect(found.incoming[0]?.needsConsent).toBe(true)
    world.asked.length = 0
    world.settings = { ...world.settings, 'discovery.ispdbUrl': '' }
    const without = await world.find('ada@ada.test')
    expect(states(without)).toMatchObject({ 'ispdb': 'skipped', 'mx-ispdb': 'skipped' })
    expect(without.incoming).toEqual([])
    expect(world.asked.join()).not.toContain('ispdb')
  })

  test('records that lead out of the domain come after whoever proves who he is, and need consent', async () => {
    world.zone({
      ...zone,
      'imap.else.test': here,
      'smtp.else.test': here,
      '_imaps._tcp.ada.test': { SRV: [{ port: 993, target: 'imap.else.test' }] },
      '_submissions._tcp.ada.test': { SRV: [{ port: 465, target: 'smtp.else.test' }] },
    })
    world.pages.set('ispdb.test', configFile(hosted))
    const found = await world.find('ada@ada.test')
    expect(short(found.incoming)).toEqual([
      'imap mail.hoster.test:993 implicit ispdb',
      'imap imap.else.test:993 implicit srv',
    ])
    expect(found.incoming[1]?.consent).toContain('the DNS, which is not signed')
  })
})

describe('servers nobody names', () => {
  test('are tried at the usual names, with the certificate checked and nobody signed in', async () => {
    world.zone({ ...mailHosts, 'mail.ada.test': here })
    await world.greeter(993, '* OK ready')
    await world.greeter(995, '-ERR closed')
    await world.upgrader(587, '220 smtp.ada.test ESMTP', {
      'EHLO [127.0.0.1]': '250-smtp.ada.test\r\n250 STARTTLS',
      'STARTTLS': '220 go on',
    })
    const found = await world.find('ada@ada.test')
    expect(short(found.incoming)).toEqual([
      'imap imap.ada.test:993 implicit probe',
      'imap mail.ada.test:993 implicit probe',
    ])
    expect(short(found.outgoing)).toEqual([
      'smtp smtp.ada.test:587 starttls probe',
      'smtp mail.ada.test:587 starttls probe',
    ])
    expect(found.incoming[0]).toMatchObject({ otherUser: 'ada', needsConsent: false })
    expect(world.dialled.filter((endpoint) => !endpoint.endsWith(':443')).length).toBeLessThanOrEqual(18)
    const log = world.logged.join('\n')
    expect(log).toContain('EHLO [127.0.0.1]')
    expect(log).toContain('it is there')
    for (const word of ['AUTH', 'LOGIN', 'USER', 'ada@']) expect(log).not.toContain(word)
  })

  test('with a certificate for another name, or that say more than an answer before TLS, are none', async () => {
    world.zone({ 'pop3.ada.test': here, 'smtp.ada.test': here })
    await world.greeter(995, '+OK ready')
    await world.upgrader(587, '220 smtp.ada.test ESMTP', {
      'EHLO [127.0.0.1]': '250 STARTTLS',
      'STARTTLS': '220 go on\r\n250 AUTH PLAIN',
    })
    const found = await world.find('ada@ada.test')
    expect([found.incoming, found.outgoing]).toEqual([[], []])
    expect(found.text).toContain('Give them by hand')
    expect(found.sources.at(-1)?.text).toContain('pop3.ada.test:995')
  })
})

describe('hostile answers', () => {
  test.each([
    ['http', 'http://autoconfig.ada.test/config.xml'],
    ['another port', 'https://autoconfig.ada.test:8443/config.xml'],
    ['a login', 'https://ada:secret@autoconfig.ada.test/config.xml'],
    ['a file', 'file:///etc/passwd'],
    ['nowhere', ''],
    ['itself', '/mail/config-v1.1.xml'],
  ])('a redirect to %s is not gone on to', async (_, location) => {
    world.zone({ 'autoconfig.ada.test': here })
    world.pages.set('autoconfig.ada.test', (_, response) => response.writeHead(301, { location }).end())
    const found = await world.find('ada@ada.test')
    expect(found.sources[0]).toMatchObject({ state: 'failed', text: expect.stringMatching(/leads/) })
    expect(world.asked.filter((asked) => asked.startsWith('autoconfig')).length).toBeLessThanOrEqual(4)
    expect(JSON.stringify(found)).not.toContain('secret')
  })

  test('a redirect to other HTTPS is followed, and its servers are judged like any', async () => {
    world.zone({ 'autoconfig.ada.test': here, 'else.test': here, ...mailHosts })
    world.pages.set('autoconfig.ada.test', (_, response) =>
      response.writeHead(302, { location: 'https://else.test/x?y=1' }).end(),
    )
    world.pages.set('else.test', configFile(own))
    const found = await world.find('ada@ada.test')
    expect(short(found.incoming)).toContain('imap imap.ada.test:993 implicit autoconfig')
    expect(world.asked).toContain('else.test/x?y=1')
  })

  test('private addresses are asked nothing and dialled never, wherever they come from', async () => {
    world.settings = { ...world.settings, 'discovery.allowPrivateAddresses': false }
    world.zone({
      'ada.test': { A: ['10.0.0.1'] },
      'autoconfig.ada.test': here,
      'imap.ada.test': { A: ['192.168.1.1'] },
      'ispdb.test': { AAAA: ['::1'] },
      '_imaps._tcp.ada.test': { SRV: [{ port: 993, target: 'imap.ada.test' }] },
    })
    world.pages.set('*', configFile(own))
    await world.greeter(993, '* OK ready')
    const found = await world.find('ada@ada.test')
    expect(found.incoming).toEqual([])
    expect(world.dialled).toEqual([])
    expect(states(found)).toMatchObject({
      'autoconfig': 'failed',
      'well-known': 'failed',
      'srv': 'nothing',
      'probe': 'nothing',
    })
    expect(found.sources[0]?.text).toBe('autoconfig.ada.test: autoconfig.ada.test has only private addresses.')
  })

  test.each<[string, string, string]>([
    ['without TLS', serverXml('imap', 'imap.ada.test', 143, { socket: 'plain' }), 'without TLS'],
    ['at an address', serverXml('imap', '127.0.0.1', 993), 'without a host name'],
    ['at a port that is none', serverXml('imap', 'imap.ada.test', 70_000), 'without a port'],
    ['that take only tickets', serverXml('imap', 'imap.ada.test', 993, { auth: ['GSSAPI'] }), 'takes no password'],
    ['that are not there', serverXml('imap', 'gone.ada.test', 993), 'gone.ada.test is not there'],
  ])('servers %s are not used, and it is said why', async (_, xml, why) => {
    world.zone({ 'autoconfig.ada.test': here })
    world.pages.set('autoconfig.ada.test', configFile(xml))
    const found = await world.find('ada@ada.test')
    expect(found.incoming).toEqual([])
    expect(found.sources[0]).toMatchObject({ state: 'nothing', text: expect.stringContaining(why) })
  })

  test('entities of its own, an endless answer and another encoding are refused', async () => {
    world.zone({ 'autoconfig.ada.test': here, 'ada.test': here, 'ispdb.test': here })
    const bomb =
      '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    world.pages.set('autoconfig.ada.test', configFile(own, { before: bomb }))
    world.pages.set('ada.test', (_, response) => {
      response.writeHead(200)
      const more = () =>
        void (response.writable && response.write(Buffer.alloc(65_536, 0x20), () => setImmediate(more)))
      more()
    })
    world.pages.set('ispdb.test', (_, response) =>
      response.end(Buffer.from('<clientConfig>\xff</clientConfig>', 'latin1')),
    )
    const found = await world.find('ada@ada.test')
    expect(found.sources.map(({ text }) => text).slice(0, 4)).toEqual([
      expect.stringContaining('it has a document type'),
      expect.stringContaining('longer than 131072 bytes'),
      expect.any(String),
      expect.stringContaining('it is not in UTF-8'),
    ])
    expect(found.incoming).toEqual([])
  })

  test('what a server is called cannot turn or hide words', async () => {
    world.zone({ 'autoconfig.ada.test': here, ...mailHosts })
    world.pages.set('autoconfig.ada.test', configFile(own, { name: `A\u202eB\n\u0085C${'x'.repeat(500)}` }))
    const { providerName } = await world.find('ada@ada.test')
    expect(providerName).toMatch(/^A B Cx{1,100}$/)
    expect(providerName.length).toBeLessThanOrEqual(100)
  })
})

describe('sources that do not answer', () => {
  test('are waited for no longer than is said, and what was found meanwhile stands', async () => {
    const clock = fakeClock()
    world.clock = clock
    world.zone({
      ...mailHosts,
      'autoconfig.ada.test': here,
      'ada.test': { trouble: 'silence' },
      'ispdb.test': { trouble: 'silence' },
      '_imaps._tcp.ada.test': { SRV: [{ port: 993, target: 'imap.ada.test' }] },
    })
    world.pages.set('autoconfig.ada.test', () => {})
    let found: Discovery | undefined
    const finding = world.find('ada@ada.test').then((ended) => (found = ended))
    const isAsked = () => world.asked.length > 0 && world.questions.includes('udp A ispdb.test')
    await vi.waitFor(() => expect(isAsked() && states(world.step!)['srv']).toBe('found'), {
      timeout: 10_000,
      interval: 5,
    })
    const began = clock.monotonicMs()
    while (found === undefined) {
      clock.next()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await finding).toMatchObject({ ended: true })
    expect(clock.monotonicMs() - began).toBeLessThanOrEqual(35_000)
    expect(states(found)).toMatchObject({
      'autoconfig': 'failed',
      'well-known': 'failed',
      'srv': 'found',
      'ispdb': 'failed',
    })
    expect(short(found.incoming)).toEqual(['imap imap.ada.test:993 implicit srv'])
  })

  test('end at once when nobody looks any more', async () => {
    world.zone({ 'autoconfig.ada.test': here })
    const gone = new AbortController()
    world.pages.set('autoconfig.ada.test', () => gone.abort())
    const last = (await world.steps('ada@ada.test', gone.signal)).at(-1)
    expect(last).toMatchObject({ ended: true, incoming: [] })
  })
})
