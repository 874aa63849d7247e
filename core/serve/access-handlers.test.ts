import { call } from '@orpc/server'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { impatientClock } from '../../test/support/impatient-clock.ts'
import { localhost, localhostTls } from '../../test/support/localhost.ts'
import { plainPasswords } from '../../test/support/plain-passwords.ts'
import { ScramClient } from '../../test/support/scram-client.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { House } from '../../test/support/submission-house.ts'
import { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import { isFault } from '../base/fault.ts'
import type { Mailbox } from '../model/address.ts'
import { serverTls } from '../net/server-tls.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import { listIdentities } from '../store/identity.ts'
import { listOwnAddresses } from '../store/local-user.ts'
import { createRecorder } from '../transcript/recorder.ts'
import { accessHandlers } from './access-handlers.ts'
import { userHandlers } from './handlers.ts'
import { openLogins, PERSON_LOGIN, type Logins } from './login.ts'
import { startSubmission, type SubmissionOptions, type SubmissionServer } from './submission.ts'

let store: TestStore
let house: House
let server: SubmissionServer | undefined
let logins: Logins
let used: number[]
beforeEach(async () => {
  store = await openTestStore()
  house = new House()
  used = []
})
afterEach(async () => {
  await logins.close()
  await server?.close()
  server = undefined
  await store.closeAndRemove()
})

const settings = { ...defaultSettings(), 'submission.port': 0, 'submission.tlsPort': 0, 'local.domains': ['home.test'] }

/** A user ada@home.test with the password "own password", two identities, and the server. */
async function start(
  changed: Partial<Settings> = {},
  more: Partial<SubmissionOptions> = {},
  clock: Clock = impatientClock,
) {
  const passwords = plainPasswords(store)
  logins = openLogins({ store, passwords, clock, onUsed: (ids) => void used.push(...ids) })
  const users = userHandlers({ store, makeVerifier: passwords.verifierOf })
  await call(users.add, { address: 'ada@home.test', password: 'own password' })
  for (const local of ['me', 'myself'])
    await store.write('identity.save', { name: '', mailbox: { local, domain: 'work.test' } as Mailbox, routeId: null })
  const access = accessHandlers({
    store,
    newAppPassword: passwords.newAppPassword,
    usedMs: (id) => logins.usedMs('appPasswords', id),
    receiving: () => [],
    servers: () => [],
    certificate: async () => ({
      from: 'own',
      subject: '',
      fingerprint256: '',
      names: [],
      notAfterMs: 0,
      trouble: null,
    }),
    chosenName: () => '',
    changes: new Changes(),
  })
  server = await startSubmission({
    ...house,
    settings: { ...settings, ...changed },
    recorder: createRecorder({ sink: async () => {}, clock, firstSessionId: 1 }),
    clock,
    loginOf: logins.of,
    tls: () => localhostTls,
    ownAddresses: (userId) =>
      userId === PERSON_LOGIN
        ? listIdentities(store.read).map(({ mailbox }) => mailbox)
        : listOwnAddresses(store.read, userId),
    resolveLocal: () => true,
    ...more,
  })
  return { access, port: server.plain?.port ?? 0, tlsPort: server.tls?.port ?? 0 }
}

/** A talk with the server, reply by reply. */
class Talk {
  readonly #socket: Socket
  #heard = ''
  #isOver = false
  #wake = () => {}
  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString('latin1')
      this.#wake()
    })
    socket.on('close', () => {
      this.#isOver = true
      this.#wake()
    })
  }
  static async tls(port: number, localAddress = '127.0.0.1'): Promise<Talk> {
    const below = connectTcp({ port, host: '127.0.0.1', localAddress })
    const socket = connectTls({ socket: below, ca: localhost.cert, servername: 'localhost' })
    const talk = new Talk(socket)
    await once(socket, 'secureConnect')
    await talk.reply()
    await talk.say('EHLO a')
    return talk
  }
  static async plain(port: number, localAddress = '127.0.0.1'): Promise<Talk> {
    const socket = connectTcp({ port, host: '127.0.0.1', localAddress })
    const talk = new Talk(socket)
    await once(socket, 'connect')
    return talk
  }
  async reply(): Promise<string> {
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r\n/.exec(this.#heard) ?? []
      if (whole !== undefined) {
        this.#heard = this.#heard.slice(whole.length)
        return whole
      }
      if (this.#isOver) return `hung up${this.#heard}`
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
  say(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`)
    return this.reply()
  }
  login(user: string, password: string): Promise<string> {
    return this.say(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`)
  }
  async scram(user: string, password: string): Promise<string> {
    const client = new ScramClient(user, password)
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const first = await this.say(`AUTH SCRAM-SHA-256 ${base64(client.first)}`)
    if (!first.startsWith('334 ')) return first
    const last = await this.say(base64(client.final(Buffer.from(first.slice(4), 'base64').toString())))
    if (!last.startsWith('334 ')) return last
    expect(Buffer.from(last.slice(4), 'base64').toString()).toBe(client.verifier)
    return this.say('')
  }
  async send(from: string, header: string): Promise<string> {
    const refused = [
      await this.say(`MAIL FROM:<${from}>`),
      await this.say('RCPT TO:<bob@remote.test>'),
      await this.say('DATA'),
    ]
    const no = refused.find((said) => !/^(?:250|354)/.test(said))
    return no ?? this.say(`${header}\r\n\r\ntext\r\n.`)
  }
  close(): void {
    this.#socket.destroy()
  }
}
const WELCOME = /^235 2\.7\.0 /
const WRONG = /^535 5\.7\.8 /

describe('an app password', () => {
  test('signs in under the address by PLAIN and SCRAM, beside the own password, and says when it was used', async () => {
    const { access, tlsPort } = await start()
    const { password, entry } = await call(access.make, { address: 'ada@home.test', name: 'mutt' })
    const { password: second } = await call(access.make, { address: 'ada@home.test', name: 'git' })
    expect(JSON.stringify(await call(access.list, undefined))).not.toContain(password)
    expect(await call(access.list, undefined)).toMatchObject([
      { name: 'git', lastUsedMs: null },
      { name: 'mutt', lastUsedMs: null },
    ])
    for (const each of [password, second, 'own password']) {
      expect(await (await Talk.tls(tlsPort)).login('ada@home.test', each)).toMatch(WELCOME)
      expect(await (await Talk.tls(tlsPort)).scram('ADA@home.test', each)).toMatch(WELCOME)
      expect(await (await Talk.tls(tlsPort)).scram('ada', each)).toMatch(WELCOME)
    }
    expect(await (await Talk.tls(tlsPort)).scram('ada@home.test', 'wrong')).toMatch(WRONG)
    const [, mutt] = await call(access.list, undefined)
    expect(mutt?.lastUsedMs).toBeGreaterThan(entry.createdMs - 1)
    await logins.close()
    expect(new Set(used)).toEqual(new Set([entry.id, entry.id + 1]))
    expect((await call(access.list, undefined))[1]?.lastUsedMs).toBe(mutt?.lastUsedMs)
  })

  test('of an identity signs in the person, who writes as every identity and as nobody else', async () => {
    const { access, tlsPort } = await start()
    const { password, entry } = await call(access.make, { address: 'me@work.test', name: 'Thunderbird' })
    expect(entry).toMatchObject({ owner: 'person', address: 'me@work.test' })
    const talk = await Talk.tls(tlsPort)
    expect(await talk.login('me@work.test', password)).toMatch(WELCOME)
    expect(await talk.send('me@work.test', 'From: me@work.test')).toMatch(/^250 /)
    expect(await talk.send('myself@work.test', 'From: Me <MYSELF@work.test>')).toMatch(/^250 /)
    expect(await talk.send('ada@home.test', 'From: ada@home.test')).toMatch(/^550 5\.7\.1 /)
    expect(house.accepted.map(({ userId }) => userId)).toEqual([null, null])
  })

  test('that was revoked signs in nobody, on connections that were open before as well, and submits nothing more', async () => {
    const { access, tlsPort } = await start()
    const { password, entry } = await call(access.make, { address: 'ada@home.test', name: 'mutt' })
    const idle = await Talk.tls(tlsPort)
    const halfway = await Talk.tls(tlsPort)
    const signedIn = await Talk.tls(tlsPort)
    const client = new ScramClient('ada@home.test', password)
    const challenge = await halfway.say(`AUTH SCRAM-SHA-256 ${Buffer.from(client.first).toString('base64')}`)
    expect(await signedIn.login('ada@home.test', password)).toMatch(WELCOME)
    expect(await signedIn.send('ada@home.test', 'From: ada@home.test')).toMatch(/^250 /)
    await call(access.revoke, { id: entry.id })
    expect(await idle.login('ada@home.test', password)).toMatch(WRONG)
    const proof = client.final(Buffer.from(challenge.slice(4), 'base64').toString())
    expect(await halfway.say(Buffer.from(proof).toString('base64'))).toMatch(WRONG)
    expect(await signedIn.send('ada@home.test', 'From: ada@home.test')).toMatch(/^530 5\.7\.0 /)
    expect(await idle.login('ada@home.test', 'own password')).toMatch(WELCOME)
    const again: unknown = await call(access.revoke, { id: entry.id }).catch((error: unknown) => error)
    expect(isFault(again, 'not-found')).toBe(true)
  })

  test('is for an address of somebody here, and signs in nobody else', async () => {
    const { access, tlsPort } = await start()
    const fault = (address: string) => call(access.make, { address, name: 'x' }).catch((error: unknown) => error)
    expect(isFault(await fault('bob@home.test'), 'not-found')).toBe(true)
    expect(isFault(await fault('me'), 'address.invalid')).toBe(true)
    const { password } = await call(access.make, { address: 'me@work.test', name: 'x' })
    const talk = await Talk.tls(tlsPort)
    expect(await talk.login('ada@home.test', password)).toMatch(WRONG)
    expect(await talk.login('myself@work.test', password)).toMatch(WRONG)
    expect(await talk.login('me@work.test', password)).toMatch(WELCOME)
  })

  test('made before its address became a user goes on working, by one challenge with the new password', async () => {
    const { access, tlsPort } = await start()
    const { password } = await call(access.make, { address: 'me@work.test', name: 'x' })
    const users = userHandlers({ store, makeVerifier: plainPasswords(store).verifierOf })
    await call(users.add, { address: 'me@work.test', password: 'new one' })
    expect(await (await Talk.tls(tlsPort)).scram('me@work.test', password)).toMatch(WELCOME)
    expect(await (await Talk.tls(tlsPort)).scram('me@work.test', 'new one')).toMatch(WELCOME)
  })
})

describe('guessing', () => {
  /** Waits that a server makes on purpose pass at once, and are counted. */
  function countingClock() {
    const waits: number[] = []
    const clock: Clock = {
      ...impatientClock,
      after(delayMs, run) {
        if (delayMs > 30_000) return impatientClock.after(delayMs, run)
        waits.push(delayMs)
        const now = setImmediate(run)
        return () => clearImmediate(now)
      },
    }
    return { clock, waits }
  }

  const isGuess = (ms: number) => Math.round(ms) === 1000

  test('ends the session at the third wrong password, and slows the pair of client and user in the next', async () => {
    const { clock, waits } = countingClock()
    const { tlsPort } = await start({}, {}, clock)
    const first = await Talk.tls(tlsPort)
    expect(await first.login('ada@home.test', 'one')).toMatch(WRONG)
    expect(await first.scram('ada@home.test', 'two')).toMatch(WRONG)
    expect(await first.login('ada@home.test', 'three')).toMatch(/^421 4\.7\.0 /)
    const next = await Talk.tls(tlsPort)
    waits.length = 0
    expect(await next.login('bob@home.test', 'four')).toMatch(WRONG)
    expect(await (await Talk.tls(tlsPort, '127.0.0.2')).login('ada@home.test', 'own password')).toMatch(WELCOME)
    expect(waits.filter(isGuess)).toHaveLength(1) // what the session itself makes bob wait
    waits.length = 0
    expect(await next.login('ada@home.test', 'own password')).toMatch(WELCOME)
    expect(waits.filter(isGuess)).toHaveLength(1)
    waits.length = 0
    expect(await (await Talk.tls(tlsPort)).login('ada@home.test', 'own password')).toMatch(WELCOME)
    expect(waits.filter(isGuess)).toHaveLength(0)
  })
})

describe('without TLS', () => {
  const greeted = async (port: number, localAddress?: string) => {
    const talk = await Talk.plain(port, localAddress)
    await talk.reply()
    return { talk, offers: await talk.say('EHLO a') }
  }
  test('no login is offered or taken', async () => {
    const { port } = await start()
    const { talk, offers } = await greeted(port)
    expect(offers).not.toContain('AUTH')
    expect(await talk.login('ada@home.test', 'own password')).toMatch(/^538 5\.7\.11 /)
  })
  test('a program of this computer may sign in where the setting says so', async () => {
    const { port } = await start({ 'submission.allowClearTextLogin': true })
    const { talk, offers } = await greeted(port)
    expect(offers).toMatch(/AUTH .*PLAIN/)
    expect(await talk.login('ada@home.test', 'own password')).toMatch(WELCOME)
    expect(await talk.send('ada@home.test', 'From: ada@home.test')).toMatch(/^250 /)
  })
})

describe('From', () => {
  const CASES: readonly (readonly [string, RegExp])[] = [
    ['From: ada@home.test', /^250 /],
    ['Subject: no author', /^250 /],
    ['From: "boss@bank.test" <ADA@home.test>', /^250 /],
    ['From: ada@home.test, bob@remote.test\r\nSender: ada@home.test', /^250 /],
    ['From: boss@bank.test', /^550 5\.7\.1 /],
    ['From: ada@home.test <boss@bank.test>', /^550 5\.7\.1 /],
    ['From: boss@bank.test (ada@home.test)', /^550 5\.7\.1 /],
    ['From : boss@bank.test', /^550 5\.7\.1 /],
    ['From:\r\n boss@bank.test', /^550 5\.7\.1 /],
    ['From: bosses:boss@bank.test,ada@home.test;', /^550 5\.6\.0 /],
    ['From: ada@home.test, bob@remote.test', /^550 5\.6\.0 /],
    ['From: ada@home.test\r\nFrom: boss@bank.test', /^550 5\.6\.0 /],
    ['From: boss@bank.test, bob@remote.test\r\nSender: ada@home.test', /^550 5\.7\.1 /],
    ['From: ada@home.test, bob@remote.test\r\nSender: boss@bank.test', /^550 5\.7\.1 /],
    ['From: ada@home.test\r\nSender: boss@bank.test', /^550 5\.7\.1 /],
    ['From: nobody in particular', /^550 5\.7\.1 /],
    ['From:', /^550 5\.6\.0 /],
  ]
  test('is an address of the login; of several authors Sender says who sent it', async () => {
    const { tlsPort } = await start()
    for (const [header, expected] of CASES) {
      const talk = await Talk.tls(tlsPort)
      await talk.login('ada@home.test', 'own password')
      expect(await talk.send('ada@home.test', header), header).toMatch(expected)
      talk.close()
    }
  })
  test('has an address in a local domain where a trusted network needs no login', async () => {
    const { port } = await start({ 'submission.trustedAddresses': ['127.0.0.0/8'] })
    const talk = await Talk.plain(port)
    await talk.reply()
    await talk.say('EHLO a')
    expect(await talk.send('scanner@home.test', 'From: scanner@home.test')).toMatch(/^250 /)
    expect(await talk.send('scanner@home.test', 'From: boss@bank.test')).toMatch(/^550 5\.7\.1 /)
  })
})

describe('the port for TLS', () => {
  test('begins with the handshake, needs at least TLS 1.2, and says so in Received', async () => {
    const { tlsPort } = await start()
    const talk = await Talk.tls(tlsPort)
    expect(await talk.say('STARTTLS')).toMatch(/^503 /)
    await talk.login('ada@home.test', 'own password')
    expect(await talk.send('ada@home.test', 'From: ada@home.test')).toMatch(/^250 /)
    expect(house.accepted[0]?.received).toMatch(/^Received: by home\.test with ESMTPSA id /)
    const old = connectTls({
      port: tlsPort,
      host: '127.0.0.1',
      ca: localhost.cert,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    })
    const [error] = (await once(old, 'error')) as [Error]
    expect(error.message).toMatch(/protocol version|alert/i)
  })
  test('shows another certificate as soon as there is one, and goes on with sessions of the one before', async () => {
    let tls = localhostTls
    const other = serverTls({ key: localhost.key, cert: localhost.cert })
    const { tlsPort } = await start({}, { tls: () => tls })
    const before = await Talk.tls(tlsPort)
    tls = { ...other, fingerprint256: 'AA' }
    const after = await Talk.tls(tlsPort)
    expect(await before.say('NOOP')).toMatch(/^250 /)
    expect(await after.say('NOOP')).toMatch(/^250 /)
  })
  test('that is taken is said, and STARTTLS serves alone', async () => {
    const { tlsPort } = await start()
    const second = await startSubmission({
      ...house,
      settings: { ...settings, 'submission.tlsPort': tlsPort },
      recorder: createRecorder({ sink: async () => {}, clock: impatientClock, firstSessionId: 1 }),
      clock: impatientClock,
      tls: () => localhostTls,
    })
    expect(second.tls).toBeNull()
    expect(second.plain).not.toBeNull()
    expect(second.troubles.plain).toBeNull()
    expect(second.troubles.tls?.message).toBe(`listen on 127.0.0.1 port ${tlsPort}: another program listens there`)
    await second.close()
  })
  test('shares its limits with the other port', async () => {
    const { port, tlsPort } = await start({ 'submission.maxConnections': 2 })
    await Talk.tls(tlsPort)
    await (await Talk.plain(port)).reply()
    expect(await (await Talk.plain(port)).reply()).toMatch(/^421 4\.3\.2 /)
    await expect(Talk.tls(tlsPort)).rejects.toThrow()
  })
})
