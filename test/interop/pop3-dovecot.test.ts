import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import type { FetchDeps } from '../../core/fetch/fetch-deps.ts'
import { fetchAccount } from '../../core/fetch/pop3.ts'
import { testAccount } from '../../core/fetch/test-account.ts'
import { openParsePool, type ParsePool } from '../../core/message/parse-pool.ts'
import type { TlsMode } from '../../core/model/outcome.ts'
import { makeDialer } from '../../core/net/dial.ts'
import { getAccount, type Account } from '../../core/store/account.ts'
import { getMessage } from '../../core/store/message-list.ts'
import { getSession } from '../../core/store/session.ts'
import { listEvents } from '../../core/store/session-segment.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import { exportDialogue } from '../../core/transcript/export.ts'
import type { Recorder } from '../../core/transcript/sink.ts'
import { playOverSocket } from '../support/dialogue-socket.ts'
import { parseDialogue } from '../support/dialogue.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { needs } from '../support/peers.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

const PASSWORD = 'pop3-s3cret'

needs('dovecot').describe('a private Dovecot', () => {
  let dovecot: Dovecot
  let store: TestStore
  let parse: ParsePool
  let recorder: Recorder
  let users = 0
  beforeAll(async () => {
    dovecot = await startDovecot({ password: PASSWORD })
    parse = openParsePool({ clock: systemClock })
  })
  afterAll(async () => {
    await parse?.close()
    await dovecot?.stop()
  })
  beforeEach(async () => {
    const opened = await openTestStore()
    store = opened
    recorder = createRecorder({
      sink: (batch) => opened.record(batch),
      clock: systemClock,
      firstSessionId: 1,
    })
  })
  afterEach(async () => {
    await recorder.flush()
    await store.closeAndRemove()
  })

  const deps = (password = PASSWORD): FetchDeps => ({
    store,
    recorder,
    clock: systemClock,
    dial: makeDialer(),
    findHost: async () => ({ ok: true, addresses: ['127.0.0.1'], trace: [] }),
    caFile: () => dovecot.caFile,
    loginOf: () => ({ kind: 'password', secret: password }),
    readFields: (raw) => parse.fields(raw),
  })
  const addAccount = (
    user: string,
    tls: TlsMode,
    keep: boolean,
    at: Pick<Dovecot, 'port' | 'tlsPort'> = dovecot,
  ): Promise<Account> =>
    store.write('account.add', {
      name: user,
      host: 'localhost',
      port: tls === 'implicit' ? at.tlsPort : at.port,
      tls,
      user,
      keep,
      everySeconds: 300,
      secret: { login: 'password', value: Buffer.from(PASSWORD) },
    })
  const digest = (raw: Uint8Array) => createHash('sha256').update(raw).digest('hex')
  const storedDigests = async () => {
    const ids = store.read.prepare('SELECT id FROM message ORDER BY id').all() as { id: number }[]
    const found: string[] = []
    for (const { id } of ids) found.push(digest(await store.readBody(getMessage(store.read, id)!.view)))
    return found.toSorted()
  }

  /** Bodies of every shape a byte-exact reader stumbles over. */
  function bodies(): string[] {
    const shapes = [
      '',
      '.\r\n',
      '..\r\n.\r\n..\r\n',
      '.x\r\n\r\n.\r\n\r\n',
      'no line end',
      'ends in a dot\r\n.',
      '\xe4\xf6\xfc \xff\xfe 8-bit\r\n',
      'a'.repeat(5000) + '\r\n',
      '.'.repeat(998) + '\r\n',
      '\r\n\r\n\r\n',
    ]
    const many = Array.from({ length: 39 }, (_, n) => shapes[n % shapes.length]!.repeat(1 + (n % 7)))
    return [...shapes, ...many, `${'0123456789abcdef'.repeat(4)}\r\n.\r\n`.repeat(15_600)]
  }
  const raws = () =>
    bodies().map((body, n) => Buffer.from(`Subject: shape ${n}\r\nFrom: <a@b.example>\r\n\r\n${body}`, 'latin1'))
  /** What POP3 gives out: it has no way to say that the last line has no end. */
  const ended = (raw: Buffer) =>
    raw.subarray(-2).toString() === '\r\n' ? raw : Buffer.concat([raw, Buffer.from('\r\n')])

  for (const tls of ['implicit', 'starttls', 'none'] as const)
    test(`fifty messages come byte for byte (${tls}), once, and are then gone there`, async () => {
      const user = `user${++users}`
      const sent = raws()
      expect(sent).toHaveLength(50)
      for (const raw of sent) dovecot.deliver(user, raw)
      const account = await addAccount(user, tls, false)
      expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 50, removed: 50, problem: null })
      expect(await storedDigests()).toEqual(sent.map((raw) => digest(ended(raw))).toSorted())
      expect(dovecot.count(user)).toBe(0)
      await recorder.flush()
      expect(getSession(store.read, 1)).toMatchObject({
        state: 'ok',
        tls: tls !== 'none',
        messages: 50,
        accountId: account.id,
      })
    })

  test('a fetch that dies between the commit and the deletion brings nothing twice', async () => {
    const user = `user${++users}`
    for (const raw of raws()) dovecot.deliver(user, raw)
    const account = await addAccount(user, 'implicit', false)
    const abort = new AbortController()
    const dying: FetchDeps['store'] = {
      read: store.read,
      stage: () => store.stage(),
      write: async (name, args) => {
        const result = await store.write(name, args)
        // What is committed is not heard of any more: as when the power goes.
        if (name === 'pop3.keep') abort.abort()
        return result
      },
    }
    const first = await fetchAccount(account, { ...deps(), store: dying }, abort.signal)
    expect(first.problem).toBe('The fetch was stopped.')
    expect(dovecot.count(user)).toBe(50)
    expect(await fetchAccount(account, deps())).toMatchObject({ removed: 50, problem: null })
    expect(await storedDigests()).toEqual(
      raws()
        .map((raw) => digest(ended(raw)))
        .toSorted(),
    )
    expect(dovecot.count(user)).toBe(0)
  })

  test('headers that come first give way to their messages, byte for byte', async () => {
    const user = `user${++users}`
    const sent = raws()
    for (const raw of sent) dovecot.deliver(user, raw)
    const account = await addAccount(user, 'implicit', false)
    const { pop3 } = await store.write('account.save', {
      id: account.id,
      settings: {},
      rules: { headersFirst: 'always' },
    })
    const kept: (number | undefined)[] = []
    const watched: FetchDeps['store'] = {
      read: store.read,
      stage: () => store.stage(),
      write: (name, args) => {
        if (name === 'pop3.keep')
          kept.push(...(args as { arrivals: { wholeBytes?: number }[] }).arrivals.map((one) => one.wholeBytes))
        return store.write(name, args)
      },
    }
    const fetched = await fetchAccount({ ...account, pop3 }, { ...deps(), store: watched })
    expect(fetched).toMatchObject({ fetched: 50, removed: 50, problem: null })
    expect(kept.map((wholeBytes) => wholeBytes !== undefined)).toEqual([
      ...Array.from({ length: 50 }, () => true),
      ...Array.from({ length: 50 }, () => false),
    ])
    expect(await storedDigests()).toEqual(sent.map((raw) => digest(ended(raw))).toSorted())
    expect(dovecot.count(user)).toBe(0)
  })

  test('mail that stays on the server is fetched once', async () => {
    const user = `user${++users}`
    dovecot.deliver(user, Buffer.from('Subject: one\r\n\r\n1\r\n'))
    const account = await addAccount(user, 'starttls', true)
    expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 1, removed: 0 })
    dovecot.deliver(user, Buffer.from('Subject: two\r\n\r\n2\r\n'))
    expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 1, removed: 0, problem: null })
    expect(dovecot.count(user)).toBe(2)
  })

  test('a wrong password is said in words that tell what to do', async () => {
    const account = await addAccount(`user${++users}`, 'implicit', true)
    const { problem } = await fetchAccount(account, deps('wrong'))
    expect(problem).toMatch(
      /^localhost refuses the login of "user\d+": check user name and password; .* The server says: -ERR \[AUTH\]/,
    )
  })

  test('a certificate that is not trusted is said in words that name the setting', async () => {
    const account = await addAccount(`user${++users}`, 'implicit', true)
    const { problem } = await fetchAccount(account, { ...deps(), caFile: () => '' })
    expect(problem).toMatch(/certificate of localhost is not trusted .* relay\.caFile/)
  })

  test('TLS where the server waits for clear text is said so', async () => {
    const account = await addAccount(`user${++users}`, 'implicit', true)
    const { problem } = await fetchAccount({ ...account, port: dovecot.port }, deps())
    expect(problem).toBe(
      `localhost does not speak TLS from the first byte on port ${dovecot.port}: try STLS there, or port 995.`,
    )
  })

  test('settings are tested step by step, and nothing is stored', async () => {
    const settings = {
      host: 'localhost',
      port: dovecot.port,
      tls: 'starttls',
      user: `user${++users}`,
      password: PASSWORD,
    } as const
    const steps: string[] = []
    for await (const { step, state } of testAccount(settings, deps())) steps.push(`${step} ${state}`)
    expect(steps).toEqual([
      'connect trying',
      'connect ok',
      'tls trying',
      'tls ok',
      'login trying',
      'login ok',
      'list trying',
      'list ok',
    ])
  })

  test('a fetch that was recorded replays against Dovecot, with the password filled in', async () => {
    const plain = await startDovecot({ password: PASSWORD, mechanisms: 'plain' })
    try {
      plain.deliver('ada', Buffer.from('Subject: one\r\n\r\n1\r\n'))
      const account = await addAccount('ada', 'starttls', true, plain)
      await fetchAccount(account, { ...deps(), caFile: () => plain.caFile })
      await recorder.flush()
      const events = listEvents(store.read, 1, 0, 1000).map((one) => one.event)
      const dialogue = exportDialogue(getSession(store.read, 1)!, events)
      const secret = Buffer.from(`\0ada\0${PASSWORD}`).toString('base64')
      expect(dialogue).not.toContain(PASSWORD)
      expect(dialogue).not.toContain(secret)
      expect(dialogue).toContain('C: AUTH PLAIN <secret>')
      await playOverSocket(parseDialogue(dialogue), { port: plain.port, secrets: [secret] })
    } finally {
      await plain.stop()
    }
  })

  for (const [mechanisms, by] of [
    ['plain login scram-sha-256', 'SCRAM-SHA-256'],
    ['plain login', 'PLAIN'],
    ['login', 'LOGIN'],
    ['plain apop', 'APOP'],
  ] as const)
    test(`signs in by ${by} where "${mechanisms}" is offered, and no secret is recorded`, async () => {
      const house = await startDovecot({ password: PASSWORD, mechanisms })
      try {
        house.deliver('ada', Buffer.from('Subject: one\r\n\r\n1\r\n'))
        const account = await addAccount('ada', 'none', true, house)
        expect(await fetchAccount(account, deps())).toMatchObject({ fetched: 1, problem: null })
        expect(getAccount(store.read, account.id)?.pop3?.signedInBy).toBe(by)
        await recorder.flush()
        const said = JSON.stringify(listEvents(store.read, 1, 0, 1000))
        for (const secret of [PASSWORD, Buffer.from(PASSWORD), Buffer.from(`\0ada\0${PASSWORD}`)])
          expect(said).not.toContain(typeof secret === 'string' ? secret : secret.toString('base64'))
        const wrong = await fetchAccount(account, deps('wrong'))
        expect(wrong).toMatchObject({ fetched: 0, retry: 'person' })
        expect(wrong.problem).toContain('check user name and password')
      } finally {
        await house.stop()
      }
    })
})
