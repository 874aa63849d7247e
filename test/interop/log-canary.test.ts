import { createHash, createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { ContractRouterClient } from '@orpc/contract'
import { createRouterClient } from '@orpc/server'
import PostalMime from 'postal-mime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../core/base/clock.ts'
import { startEngine, type Engine } from '../../core/engine.ts'
import { SHARE_FORMATS } from '../../core/model/log-file.ts'
import type { Contract } from '../../core/rpc/contract.ts'
import { databasePath, openDatabase } from '../../core/store/database.ts'
import { testCertificate } from '../support/certificate.ts'
import { listenOnLoopback, type LoopbackServer } from '../support/loopback-server.ts'
import { ScramClient } from '../support/scram-client.ts'
import { startSink } from '../support/smtp-sink.ts'
import { TEST_KEY } from '../support/store.ts'

/*
 * Secrets that are known go over every way there is, in every mechanism, whole and in pieces, at the right moment and at wrong ones.
 * Whatever can be read afterwards is then searched for them: all of the database, every export, every answer to a window.
 */

const secrets = new Map<string, string>()
/** Something secret, as it stands on the wire; noted under what it was. */
function noted(what: string, text: string): string {
  secrets.set(text, what)
  return text
}
const fresh = (what: string) => noted(what, `canary-${randomBytes(9).toString('hex')}`)
const base64 = (what: string, text: string) => noted(what, Buffer.from(text).toString('base64'))
const plain = (what: string) => base64(`${what}, in base64`, `\0ada@home.test\0${fresh(what)}`)

const swapped = (what: string) => base64(`${what}, swapped`, `\0${fresh(`${what}, swapped`)}\0ada@home.test`)

let folder: string
let engine: Engine
let api: ContractRouterClient<Contract>
const home = 'home.test'
const cert = testCertificate('localhost', 'smart.test')
const servers: LoopbackServer[] = []
const PASSWORD = fresh('the password of a user')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-canary-'))
  engine = await startEngine({
    dataFolder: folder,
    keyFile: join(folder, 'key'),
    key: TEST_KEY,
    fileSettings: {
      submission: { port: 0, tlsPort: 0, allowClearTextLogin: true, maxPerClient: 100, maxConnections: 100 },
      pop3: { enabled: true, port: 0, tlsPort: 0, maxPerClient: 100, maxConnections: 100 },
      inbound: { enabled: true, host: '127.0.0.1', port: 0 },
      local: { domains: [home] },
      relay: { caFile: cert.caFile, allowPrivateAddresses: true },
      queue: { paused: true },
    },
    // Failed logins are answered later and later; nobody waits for that here.
    clock: {
      ...systemClock,
      after: (delayMs, run) => systemClock.after(delayMs > 900 && delayMs < 290_000 ? 20 : delayMs, run),
    },
    log: () => {},
  })
  api = createRouterClient(engine.router as Parameters<typeof createRouterClient>[0]) as unknown as typeof api
  await api.user.add({ address: `ada@${home}`, password: PASSWORD })
})
afterAll(async () => {
  await engine.close()
  for (const server of servers) await server.close()
  cert.remove()
  rmSync(folder, { recursive: true, force: true })
})

/** One thing a client does: says something, waits for an answer, begins TLS. */
type Act =
  string | { readonly pieces: readonly string[] } | { readonly unheard: string } | 'TLS' | ((said: string) => string)

/** Talks to a server as a client that obeys no rules; gives up nothing the server says. */
async function talk(port: number, acts: readonly Act[], isTls = false): Promise<void> {
  let socket: Socket = isTls
    ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    : connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, isTls ? 'secureConnect' : 'connect')
  let heard = ''
  let isOver = false
  let wake = () => {}
  const listen = () => {
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1')
      wake()
    })
    socket.on('close', () => {
      isOver = true
      wake()
    })
  }
  listen()
  const answer = async () => {
    while (!isOver && !/(^|\n)(\d{3}( [^\n]*)?|[+-][^\n]*)\r\n$/.test(heard))
      await new Promise<void>((resolve) => (wake = resolve))
    const said = heard
    heard = ''
    return said
  }
  let said = await answer()
  for (const act of acts) {
    if (isOver) break
    if (act === 'TLS') {
      socket.removeAllListeners('data')
      socket = connectTls({ socket, rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      listen()
      continue
    }
    if (typeof act === 'object' && 'unheard' in act) {
      await new Promise((resolve) => socket.write(act.unheard, 'latin1', resolve))
      continue
    }
    const pieces =
      typeof act === 'function' ? [`${act(said)}\r\n`] : typeof act === 'string' ? [`${act}\r\n`] : act.pieces
    for (const piece of pieces) await new Promise((resolve) => socket.write(piece, 'latin1', resolve))
    said = await answer()
  }
  socket.end()
  if (!isOver) await new Promise<void>((resolve) => socket.once('close', () => resolve()).resume())
}

const bytewise = (text: string) => ({ pieces: [...`${text}\r\n`] })

/** Each login of SMTP, on a connection of its own; `ehlo` stands before it. */
function smtpLogins(): Act[][] {
  const scram = new ScramClient(`ada@${home}`, fresh('a SCRAM password'))
  const cram = (said: string) => {
    const digest = createHmac('md5', fresh('a CRAM password')).update(said).digest('hex')
    return base64('a CRAM-MD5 response', `ada ${noted('a CRAM digest', digest)}`)
  }
  return [
    [`AUTH PLAIN ${plain('PLAIN at once')}`],
    ['AUTH PLAIN', plain('PLAIN when asked')],
    [bytewise(`AUTH PLAIN ${plain('PLAIN byte by byte')}`)],
    ['AUTH PLAIN', bytewise(plain('a step byte by byte'))],
    ['AUTH LOGIN', Buffer.from('ada').toString('base64'), base64('LOGIN', fresh('LOGIN'))],
    [`AUTH LOGIN ${Buffer.from('ada').toString('base64')}`, base64('LOGIN with a name', fresh('LOGIN with a name'))],
    [
      `AUTH SCRAM-SHA-256 ${Buffer.from(scram.first).toString('base64')}`,
      (said) => {
        if (!said.startsWith('334')) return 'NOOP'
        const first = Buffer.from(said.replace(/^334 /, '').trim(), 'base64').toString()
        return base64('the last step of SCRAM', noted('a SCRAM proof', scram.final(first)))
      },
    ],
    ['AUTH CRAM-MD5', cram],
    [`AUTH XOAUTH2 ${base64('XOAUTH2', `user=ada\x01auth=Bearer ${fresh('a token')}\x01\x01`)}`],
    [`AUTH OAUTHBEARER ${base64('OAUTHBEARER', `n,,\x01auth=Bearer ${fresh('another token')}\x01\x01`)}`],
    [`AUTH XYZZY ${base64('a mechanism nobody knows', fresh('unknown'))}`],
    [`auth plain ${plain('small letters')}`],
    [`AUTH  PLAIN  ${plain('two spaces')}`],
    [{ unheard: `AUTH PLAIN ${plain('a line without an end')}` }],
    ['AUTH PLAIN', { unheard: plain('a step without an end') }],
    ['AUTH PLAIN', '*', `AUTH PLAIN ${plain('after a cancelled one')}`],
    [`AUTH PLAIN ${plain('twice, first')}`, `AUTH PLAIN ${plain('twice, second')}`],
    ['MAIL FROM:<ada@home.test>', `AUTH PLAIN ${plain('within a transaction')}`],
    // Somebody typed the password where the name belongs.
    [`AUTH PLAIN ${swapped('PLAIN')}`],
    ['AUTH PLAIN', swapped('PLAIN when asked')],
    ['AUTH LOGIN', base64('LOGIN, swapped', fresh('LOGIN, swapped')), Buffer.from('ada').toString('base64')],
    [`AUTH LOGIN ${base64('LOGIN with a name, swapped', fresh('LOGIN with a name, swapped'))}`, '*'],
    [`AUTH SCRAM-SHA-256 ${base64('SCRAM, swapped', `n,,n=${fresh('SCRAM, swapped')},r=abcdefghijkl`)}`, '*'],
    [`AUTH PLAIN ${base64('both the same', `\0ada@${home}\0ada@${home}`)}`],
    ['AUTH LOGIN', '*', base64('a name that nobody asked for', fresh('a name that nobody asked for'))],
    [
      `AUTH PLAIN ${base64('the right one', `\0ada@${home}\0${PASSWORD}`)}`,
      `AUTH PLAIN ${plain('when signed in')}`,
      'QUIT',
    ],
  ]
}

test('secrets that other programs say to the submission server are nowhere', async () => {
  const { port } = engine.submission!
  for (const acts of smtpLogins()) await talk(port, ['EHLO client.test', ...acts])
  for (const acts of smtpLogins())
    await talk(port, ['EHLO client.test', 'STARTTLS', 'TLS', 'EHLO client.test', ...acts])
  for (const acts of smtpLogins().slice(0, 6))
    await talk(engine.submissionTls!.port, ['EHLO client.test', ...acts], true)
  await talk(port, [`AUTH PLAIN ${plain('before the greeting')}`])
  await talk(port, [{ pieces: [`EHLO client.test\r\nAUTH PLAIN ${plain('pipelined')}\r\n`] }])
  await searchAll()
  expect(await named()).toEqual(new Set([`ada@${home}`, 'ada']))
})

test('secrets that are said to the server for mail from elsewhere, which takes no logins, are nowhere', async () => {
  const { port } = engine.inbound!
  for (const acts of smtpLogins()) await talk(port, ['EHLO relay.test', ...acts])
  await talk(port, [`AUTH PLAIN ${plain('before the greeting, from elsewhere')}`])
  await talk(port, ['EHLO relay.test', 'STARTTLS', 'TLS', 'EHLO relay.test', `AUTH PLAIN ${plain('inside TLS')}`])
  await talk(port, ['HELO relay.test', 'AUTH LOGIN', base64('an answer nobody asked for', fresh('an answer'))])
  await searchAll()
})

function pop3Logins(): Act[][] {
  const apop = noted('an APOP digest', createHash('md5').update(randomBytes(8)).digest('hex'))
  return [
    [`USER ada@${home}`, `PASS ${fresh('PASS')}`],
    // Somebody typed the password where the name belongs.
    [`USER ${fresh('USER, swapped')}`, `PASS ada@${home}`],
    [`user ${fresh('a name')} ${fresh('of two words')}`],
    [` USER ${fresh('USER behind a blank')}`],
    [bytewise(`USER ${fresh('USER byte by byte')}`)],
    [{ pieces: [`USER ${fresh('USER, pipelined')}\r\nPASS ada@${home}\r\n`] }],
    [`APOP ${fresh('APOP, swapped')} ${apop}`],
    [`AUTH PLAIN ${swapped('POP3 PLAIN')}`],
    [{ unheard: `USER ${fresh('USER without an end')}` }],
    [`USER ada@${home}`, `PASS ${PASSWORD}`, `PASS ${fresh('PASS when signed in')}`, 'QUIT'],
    [`PASS ${fresh('PASS without USER')}`],
    [`USER ada@${home}`, bytewise(`PASS ${fresh('PASS byte by byte')}`)],
    [`USER ada@${home}`, `pass ${fresh('small letters')} ${fresh('and a space')}`],
    [`USER ada@${home}`, { unheard: `PASS ${fresh('a line without an end')}` }],
    [`APOP ada@${home} ${apop}`],
    [`AUTH PLAIN ${plain('AUTH PLAIN')}`],
    ['AUTH PLAIN', plain('AUTH PLAIN when asked')],
    ['AUTH PLAIN', { unheard: plain('a step without an end') }],
    [`AUTH XYZZY ${base64('a mechanism nobody knows', fresh('unknown'))}`],
    [{ pieces: [`USER ada@${home}\r\nPASS ${fresh('pipelined')}\r\n`] }],
  ]
}

test('secrets that other programs say to the POP3 server are nowhere', async () => {
  const { port } = engine.pop3!
  for (const acts of pop3Logins()) await talk(port, acts)
  for (const acts of pop3Logins()) await talk(port, ['STLS', 'TLS', ...acts])
  for (const acts of pop3Logins().slice(0, 4)) await talk(engine.pop3Tls!.port, acts, true)
  await searchAll()
})

/** A server that notes as secret whatever of a login it hears, and may say it back. */
async function hostile(
  greeting: string,
  answer: (line: string) => string | undefined,
  isSecret: RegExp,
): Promise<number> {
  const server = await listenOnLoopback((socket) => {
    let held = ''
    socket.write(`${greeting}\r\n`)
    socket.on('data', (bytes: Buffer) => {
      held += bytes.toString('latin1')
      for (let end = held.indexOf('\r\n'); end >= 0; end = held.indexOf('\r\n')) {
        const line = held.slice(0, end)
        held = held.slice(end + 2)
        const [, secret] = isSecret.exec(line) ?? []
        if (secret !== undefined && secret.length > 7) noted(`heard in "${line.split(' ')[0]}"`, secret)
        const said = answer(line)
        if (said !== undefined) socket.write(`${said}\r\n`)
      }
    })
  })
  servers.push(server)
  return server.port
}

/** Every step of an account's test, to its end. */
async function tryAccount(
  kind: 'pop3' | 'imap',
  port: number,
  login: 'password' | 'token' = 'password',
): Promise<void> {
  const password = fresh(`the ${login} of an account by ${kind}`)
  secrets.set(Buffer.from(`\0ada\0${password}`).toString('base64'), 'the same as PLAIN')
  secrets.set(Buffer.from(password).toString('base64'), 'the same as LOGIN')
  const account = { kind, host: '127.0.0.1', port, tls: 'none', user: 'ada', password, login } as const
  try {
    for await (const step of await api.account.test(account)) expect(JSON.stringify(step)).not.toContain(password)
  } catch (error) {
    expect(String(error)).not.toContain(password)
  }
}

test('secrets that we say to servers are nowhere, also where a server says them back', async () => {
  const isPop3 = /^(?:PASS |APOP \S+ |AUTH \S+ |(?!(?:USER|CAPA|QUIT|STAT|AUTH|UIDL|LIST|NOOP)\b))(.*)$/
  const capa = (mechanisms: string) => `+OK\r\nUSER\r\n${mechanisms === '' ? '' : `SASL ${mechanisms}\r\n`}.`
  const pop3 = (mechanisms: string) => (line: string) => {
    if (line === 'CAPA') return capa(mechanisms)
    if (/^AUTH \S+$/.test(line)) return '+ '
    return /^(USER|QUIT|NOOP|STAT|UIDL|LIST)\b/.test(line) ? '+OK' : `-ERR I do not like ${line}`
  }
  await tryAccount('pop3', await hostile('+OK ready', pop3(''), isPop3))
  await tryAccount('pop3', await hostile('+OK ready <1.2@pop.test>', pop3(''), isPop3))
  await tryAccount('pop3', await hostile('+OK ready', pop3('PLAIN'), isPop3))
  await tryAccount('pop3', await hostile('+OK ready', pop3('SCRAM-SHA-256 LOGIN'), isPop3))
  await tryAccount('pop3', await hostile('+OK ready', pop3('XOAUTH2 OAUTHBEARER'), isPop3), 'token')
  const isImap = /^(?:\S+ LOGIN \S+ |\S+ AUTHENTICATE \S+ |(?!\S+ [A-Z]))(.*)$/
  let tag = ''
  const imap = (line: string) => {
    const [, first, verb = ''] = /^(\S+) ([A-Z]+)/.exec(line) ?? []
    if (first === undefined) return `${tag} NO I do not like ${line}`
    tag = first
    if (verb === 'LOGIN' || /^\S+ AUTHENTICATE \S+ \S/.test(line)) return `${tag} NO I do not like ${line}`
    if (verb === 'AUTHENTICATE') return '+ '
    return verb === 'LOGOUT' ? `* BYE\r\n${tag} OK` : `${tag} OK`
  }
  for (const words of ['IMAP4rev1', 'IMAP4rev1 AUTH=PLAIN SASL-IR', 'IMAP4rev1 AUTH=PLAIN LOGINDISABLED SASL-IR'])
    await tryAccount('imap', await hostile(`* OK [CAPABILITY ${words}] ready`, imap, isImap))
  await tryAccount(
    'imap',
    await hostile('* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] ready', imap, isImap),
    'token',
  )
  await searchAll()
})

test('secrets that we say to a smarthost are nowhere, also where it says them back', async () => {
  for (const mechanism of ['PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'CRAM-MD5', 'XOAUTH2']) {
    const secret = fresh(`the password of a route, by ${mechanism}`)
    secrets.set(Buffer.from(`\0ada\0${secret}`).toString('base64'), 'the same as PLAIN')
    secrets.set(Buffer.from(secret).toString('base64'), 'the same as LOGIN')
    const sink = await startSink({
      tls: cert,
      implicitTls: true,
      offers: [`AUTH ${mechanism}`],
      answer: ({ verb, line }) => (verb === 'AUTH' ? `535 5.7.8 I do not like ${line}` : undefined),
    })
    const kind = mechanism === 'XOAUTH2' ? 'token' : 'password'
    const server = {
      host: 'localhost',
      port: sink.port,
      tls: 'implicit',
      login: { user: 'ada', secret, kind },
    } as const
    try {
      for await (const step of await api.route.test(server)) expect(JSON.stringify(step)).not.toContain(secret)
    } finally {
      for (const { verb, line } of sink.commands)
        // The first step of SCRAM holds a name and a number that is used once.
        if (verb === 'AUTH' && mechanism !== 'SCRAM-SHA-256') noted('what the sink heard', line.split(' ')[2] ?? secret)
      await sink.close()
    }
  }
  await searchAll()
})

/** Whoever stands as the user of a secret in any session. */
async function named(): Promise<Set<string>> {
  const found = new Set<string>()
  for (const { id } of await api.log.sessions(ALL))
    for (const event of await api.log.events({ id, fromSeq: 0, limit: 1000 }))
      for (const span of event.kind === 'line' ? event.spans : [])
        if (typeof span === 'object' && span.user !== undefined) found.add(span.user)
  return found
}
const ALL = { before: null, limit: 200, protocol: null, problemsOnly: false, entryId: null, messageId: null } as const

/** All that can be read anywhere, searched for all that is secret. */
async function searchAll(): Promise<void> {
  const sessions = await api.log.sessions(ALL)
  expect(sessions.length).toBeGreaterThan(0)
  const ids = sessions.map(({ id }) => id)
  const found: string[] = []
  const search = (where: string, text: string) => {
    for (const [secret, what] of secrets)
      if (text.includes(secret)) found.push(`${what} in ${where}: ${around(text, secret)}`)
  }
  for (const id of ids) {
    search(`events of session ${id}`, JSON.stringify(await api.log.events({ id, fromSeq: 0, limit: 1000 })))
    search(`dialogue of session ${id}`, (await api.log.export({ id })).text)
  }
  search('the list of sessions', JSON.stringify(sessions))
  for (const format of SHARE_FORMATS)
    for (const pseudonyms of [false, true]) {
      const shared = await api.log.share({ ids, format, pseudonyms })
      search('a report of redaction', JSON.stringify(shared))
      const chunks: Uint8Array[] = []
      for await (const chunk of engine.bytes.open(shared.handle)!.bytes()) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      search(`an export as ${format}`, bytes.toString('latin1'))
      if (format !== 'eml') continue
      const { attachments } = await PostalMime.parse(bytes)
      for (const { content } of attachments)
        search('what is attached', Buffer.from(content as ArrayBuffer).toString('latin1'))
    }
  for await (const page of await api.log.find({ text: 'canary', limit: 1000 }))
    search('what is found', JSON.stringify(page))
  const db = openDatabase({ path: databasePath(folder), key: TEST_KEY }, 'read')
  const tables = db.prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`).all()
  for (const { name } of tables)
    for (const row of db.prepare<[], Record<string, unknown>>(`SELECT * FROM "${name}"`).iterate())
      for (const [column, value] of Object.entries(row)) {
        const text = Buffer.isBuffer(value) ? value.toString('latin1') : String(value)
        search(`${name}.${column}`, text)
      }
  db.close()
  expect(found).toEqual([])
}

const around = (text: string, secret: string) => {
  const at = text.indexOf(secret)
  return JSON.stringify(text.slice(Math.max(0, at - 60), at + secret.length + 10))
}
