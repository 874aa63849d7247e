import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import { fetchAccount } from '../../core/fetch/pop3.ts'
import { readFields } from '../../core/message/read.ts'
import { makeDialer } from '../../core/net/dial.ts'
import { findFolder } from '../../core/store/folder.ts'
import { listPage } from '../../core/store/message-list.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import { needs, pathOf } from '../support/peers.ts'
import { openPop3Service, type Pop3Service } from '../support/pop3-server-service.ts'
import { runProgram } from '../support/run-program.ts'
import { openTestStore } from '../support/store.ts'

/** What other people's mail programs read from our POP3 server, over every way in: the bytes are those that were delivered. */
const USER = 'ada@client.example'
const PASSWORD = 'pass word #1'
const [ADA, BOB] = [1, 2] as const
const HEAD = 'From: Bob <bob@remote.example>\r\nTo: ada@client.example\r\nMessage-ID: <1@remote.example>\r\n'
const SHAPES: readonly string[] = [
  `${HEAD}Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n\r\n.\r\nend\r\n`,
  `${HEAD}Subject: 8-bit\r\n\r\n\xe4\xf6\xfc \xff\xfe\r\n`,
  `${HEAD}Subject: long\r\n\r\n${'x'.repeat(5000)}\r\n`,
  `${HEAD}Subject: empty\r\n\r\n`,
  `${HEAD}Subject: large\r\n\r\n${`.${'0123456789abcdef'.repeat(4)}\r\n`.repeat(20_000)}`,
]

let service: Pop3Service
let home: string
beforeAll(async () => {
  service = await openPop3Service({ real: true, password: PASSWORD, settings: {} })
})
beforeEach(async () => {
  home = mkdtempSync(join(service.folder, 'home-'))
  // Whatever the test before has left.
  for (const userId of [ADA, BOB]) {
    const inbox = findFolder(service.store.read, { accountId: null, userId }, 'inbox')
    if (inbox === undefined) continue
    const ids = listPage(service.store.read, inbox.id, null, 200).rows.map(({ id }) => id)
    await service.store.write('maildrop.remove', { folderId: inbox.id, ids })
  }
  await service.deliver(ADA, ...SHAPES)
})
afterAll(() => service.close())

/** Shows what the program said where it has not. */
function expectSuccess({ status, said }: { readonly status: number | null; readonly said: string }) {
  expect(status === 0 ? 'success' : `${status}: ${said}`).toBe('success')
}
const secret = (name: string, text: string) => {
  const path = join(home, name)
  writeFileSync(path, text, { mode: 0o600 })
  chmodSync(path, 0o600)
  return path
}
const WAYS = { implicit: true, STLS: false } as const

describe('curl', () => {
  const curl = (isImplicit: boolean, path: string, ...more: readonly string[]) =>
    runProgram(pathOf('curl'), [
      '--silent',
      '--show-error',
      '--cacert',
      service.caFile,
      '--user',
      `${USER}:${PASSWORD}`,
      ...more,
      isImplicit ? `pop3s://localhost:${service.tlsPort}/${path}` : `pop3://localhost:${service.port}/${path}`,
      ...(isImplicit ? [] : ['--ssl-reqd']),
    ])
  for (const [way, isImplicit] of Object.entries(WAYS))
    needs('curl').test(`${way}: lists, reads each message byte for byte, and deletes one`, async () => {
      const listed = await curl(isImplicit, '')
      expectSuccess(listed)
      expect(listed.said).toBe(SHAPES.map((text, n) => `${n + 1} ${text.length}\r\n`).join(''))
      for (const [n, text] of SHAPES.entries()) {
        const file = join(home, `message-${n}`)
        expectSuccess(await curl(isImplicit, String(n + 1), '--output', file))
        expect(readFileSync(file).toString('latin1') === text).toBe(true)
      }
      expectSuccess(await curl(isImplicit, '2', '--request', 'DELE', '--head'))
      expect(await service.inbox(ADA)).toHaveLength(SHAPES.length - 1)
    })
  needs('curl').test('signs in by PLAIN', async () => {
    const ran = await curl(true, '1', '--login-options', 'AUTH=PLAIN')
    expectSuccess(ran)
    expect(ran.said).toContain('Subject: dots')
  })
})

describe('mpop', () => {
  const mpop = (isImplicit: boolean, auth: string, ...more: readonly string[]) => {
    const maildir = join(home, 'maildir')
    for (const folder of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, folder), { recursive: true })
    const config = [
      'account default',
      'host localhost',
      `port ${isImplicit ? service.tlsPort : service.port}`,
      `user ${USER}`,
      `passwordeval "cat ${secret('password', PASSWORD)}"`,
      `auth ${auth}`,
      'tls on',
      `tls_starttls ${isImplicit ? 'off' : 'on'}`,
      `tls_trust_file ${service.caFile}`,
      `delivery maildir ${maildir}`,
      `uidls_file ${join(home, 'uidls')}`,
      'received_header off',
      ...more,
    ]
    return runProgram(pathOf('mpop'), ['--file', secret('mpoprc', `${config.join('\n')}\n`)])
  }
  const fetched = () => {
    const folder = join(home, 'maildir', 'new')
    return readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('latin1'))
  }
  const unix = SHAPES.map((text) => text.replaceAll('\r\n', '\n'))
  for (const [way, isImplicit] of Object.entries(WAYS))
    for (const auth of ['user', 'plain', 'scram-sha-256'])
      needs('mpop').test(`${way}, ${auth}: takes all, in pipelined commands, and deletes what it took`, async () => {
        expectSuccess(await mpop(isImplicit, auth, 'keep off'))
        expect(fetched().toSorted()).toEqual(unix.toSorted())
        expect(await service.inbox(ADA)).toEqual([])
      })
  needs('mpop').test('leaves mail on the server, and takes only what is new the next time', async () => {
    expectSuccess(await mpop(true, 'on', 'keep on'))
    expect(fetched()).toHaveLength(SHAPES.length)
    await service.deliver(ADA, `${HEAD}Subject: new\r\n\r\n1\r\n`)
    const again = await mpop(true, 'on', 'keep on')
    expectSuccess(again)
    expect(again.said).toMatch(/\b1 message/)
    expect(fetched()).toHaveLength(SHAPES.length + 1)
    expect(await service.inbox(ADA)).toHaveLength(SHAPES.length + 1)
  })
  needs('mpop').test('hears that its password is wrong, and takes nothing', async () => {
    const ran = await mpop(true, 'plain', 'passwordeval "echo wrong"')
    expect(ran.status).not.toBe(0)
    expect(await service.inbox(ADA)).toHaveLength(SHAPES.length)
  })
})

describe('fetchmail', () => {
  const fetchmail = (isImplicit: boolean, keep: boolean) => {
    const mbox = join(home, 'mbox')
    const lines = [
      `poll localhost with proto POP3 service ${isImplicit ? service.tlsPort : service.port} uidl`,
      `  user "${USER}" there with password "${PASSWORD}"`,
      `  ${isImplicit ? 'ssl ' : ''}sslproto "tls1.2+" sslcertck sslcertfile ${service.caFile}`,
      `  ${keep ? 'keep' : 'nokeep'} no rewrite mda "cat >>${mbox}; echo =end= >>${mbox}"`,
    ]
    const file = secret('fetchmailrc', `${lines.join('\n')}\n`)
    // It keeps what it has seen in its home folder, one a home.
    return runProgram('/usr/bin/env', [
      `HOME=${home}`,
      `FETCHMAILHOME=${home}`,
      pathOf('fetchmail'),
      '--fetchmailrc',
      file,
      '--invisible',
      '--pidfile',
      join(home, 'pid'),
      '--idfile',
      join(home, 'ids'),
    ])
  }
  const fetched = () => readFileSync(join(home, 'mbox')).toString('latin1').split('=end=\n').slice(0, -1)
  const unix = SHAPES.map((text) => text.replaceAll('\r\n', '\n'))
  for (const [way, isImplicit] of Object.entries(WAYS))
    needs('fetchmail').test(`${way}: takes all once, and deletes it when it is told to`, async () => {
      expectSuccess(await fetchmail(isImplicit, true))
      expect(fetched()).toEqual(unix)
      // Status 1: there is nothing new.
      expect((await fetchmail(isImplicit, true)).status).toBe(1)
      expect(fetched()).toHaveLength(unix.length)
      await service.deliver(ADA, `${HEAD}Subject: new\r\n\r\n1\r\n`)
      expectSuccess(await fetchmail(isImplicit, false))
      expect(fetched()).toHaveLength(unix.length + 1)
      // It deletes what it fetched now, and leaves what it had seen before.
      expect(await service.inbox(ADA)).toEqual(SHAPES)
    })
})

describe('Python', () => {
  const python = (script: string) =>
    runProgram(
      pathOf('python'),
      ['-'],
      `import poplib, ssl\nctx = ssl.create_default_context(cafile='${service.caFile}')\n${script}`,
    )
  needs('python').test('poplib reads, deletes and quits by STLS, and in UTF-8', async () => {
    const ran = await python(`
p = poplib.POP3('localhost', ${service.port})
assert 'STLS' in p.capa() and 'USER' not in p.capa()
try:
    p.user('${USER}')
    raise SystemExit('a name was taken in the clear')
except poplib.error_proto: pass
p.stls(ctx)
assert 'USER' in p.capa() and 'STLS' not in p.capa(), p.capa()
p.utf8()
p.user('${USER}')
p.pass_('${PASSWORD}')
assert p.stat() == (${SHAPES.length}, ${SHAPES.reduce((sum, { length }) => sum + length, 0)}), p.stat()
assert len(p.list()[1]) == ${SHAPES.length}
assert len(p.uidl()[1]) == ${SHAPES.length}
assert p.retr(1)[1][-7:] == [b'', b'.', b'..', b'.x', b'', b'.', b'end'], p.retr(1)
assert p.top(1, 2)[1][-3:] == [b'', b'.', b'..'], p.top(1, 2)
p.dele(1)
p.rset()
p.dele(2)
p.noop()
try:
    p.retr(2)
    raise SystemExit('a deleted message was read')
except poplib.error_proto: pass
print(p.quit().decode())
`)
    expectSuccess(ran)
    expect(ran.said).toMatch(/^\+OK bye, 1 messages deleted/)
    expect(await service.inbox(ADA)).toEqual(SHAPES.filter((_, n) => n !== 1))
  })
  needs('python').test(
    'poplib reads inside TLS from the first byte, and is told when its maildrop is in use',
    async () => {
      const ran = await python(`
p = poplib.POP3_SSL('localhost', ${service.tlsPort}, context=ctx)
p.user('${USER}'); p.pass_('${PASSWORD}')
q = poplib.POP3_SSL('localhost', ${service.tlsPort}, context=ctx)
q.user('${USER}')
try:
    q.pass_('${PASSWORD}')
    raise SystemExit('two sessions have it')
except poplib.error_proto as e: print(e)
p.dele(1)
p.close()
`)
      expectSuccess(ran)
      expect(ran.said).toContain('[IN-USE]')
      expect(await service.inbox(ADA)).toHaveLength(SHAPES.length)
    },
  )
})

test.each(['implicit', 'starttls'] as const)(
  'our own client takes all, byte for byte, and deletes it (%s)',
  async (tls) => {
    const store = await openTestStore()
    const recorder = createRecorder({ sink: async () => {}, clock: systemClock, firstSessionId: 1 })
    const account = await store.write('account.add', {
      name: 'Ada',
      host: 'localhost',
      port: tls === 'implicit' ? service.tlsPort : service.port,
      tls,
      user: USER,
      keep: false,
      everySeconds: 300,
      secret: { login: 'password', value: Buffer.from(PASSWORD) },
    })
    const deps = {
      store,
      recorder,
      clock: systemClock,
      dial: makeDialer(),
      findHost: async () => ({ ok: true as const, addresses: ['127.0.0.1'], trace: [] }),
      caFile: () => service.caFile,
      loginOf: () => ({ kind: 'password' as const, secret: PASSWORD }),
      readFields: async (raw: Uint8Array | readonly Uint8Array[]) =>
        readFields(raw instanceof Uint8Array ? raw : Buffer.concat(raw)),
    }
    const fetched = await fetchAccount(account, deps, new AbortController().signal)
    expect(fetched).toMatchObject({ fetched: SHAPES.length, problem: null })
    const inbox = findFolder(store.read, { accountId: account.id, userId: null }, 'inbox')
    const rows = listPage(store.read, inbox?.id ?? 0, null, 200).rows
    const texts = await Promise.all(rows.map(async (row) => (await store.readBody(row.view)).toString('latin1')))
    expect(texts.toSorted().join('\0') === SHAPES.toSorted().join('\0')).toBe(true)
    expect(await service.inbox(ADA)).toEqual([])
    await recorder.flush()
    await store.closeAndRemove()
  },
)

test('nothing of a password is in the transcripts of all these sessions', async () => {
  const transcripts = await service.transcripts()
  expect(transcripts).toContain('USER ada@client.example')
  for (const text of [PASSWORD, Buffer.from(PASSWORD).toString('base64').slice(0, 12)])
    expect(transcripts).not.toContain(text)
})
