import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { ContractRouterClient } from '@orpc/contract'
import { createRouterClient } from '@orpc/server'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../core/engine.ts'
import type { Contract } from '../../core/rpc/contract.ts'
import { parseDialogue, type Dialogue } from '../support/dialogue.ts'
import { playAsServer, playOverSocket } from '../support/dialogue-socket.ts'
import { startExim, type Exim } from '../support/exim.ts'
import { localhost } from '../support/localhost.ts'
import { Bench, short } from '../support/mx-zone.ts'
import { needs } from '../support/peers.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'
import { TEST_KEY } from '../support/store.ts'

/*
 * A session as the protocol log exports it is played again: where we were the server, against another server of ours that knows as much
 * as the first did; where we were the client, as the server to another client of ours. What it says must be what it said then.
 */

const PASSWORD = 'a pass word that is long'
const PLAIN = Buffer.from(`\0ada@home.test\0${PASSWORD}`).toString('base64')
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** An engine that knows a user and nothing else. */
async function house(): Promise<{ engine: Engine; api: ContractRouterClient<Contract> }> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-replay-'))
  const engine = await startEngine({
    dataFolder: folder,
    keyFile: join(folder, 'key'),
    key: TEST_KEY,
    fileSettings: {
      submission: { port: 0, tlsPort: null },
      inbound: { enabled: true, host: '127.0.0.1', port: 0 },
      pop3: { enabled: true, port: 0, tlsPort: null },
      local: { domains: ['home.test'] },
      queue: { paused: true },
    },
    log: () => {},
  })
  cleanups.push(
    () => rmSync(folder, { recursive: true, force: true }),
    () => engine.close(),
  )
  const api = createRouterClient(
    engine.router as Parameters<typeof createRouterClient>[0],
  ) as unknown as ContractRouterClient<Contract>
  await api.user.add({ address: 'ada@home.test', password: PASSWORD })
  return { engine, api }
}

/** The last session of a house as its export has it. */
async function exported({ api }: { api: ContractRouterClient<Contract> }): Promise<{ text: string; script: Dialogue }> {
  const filter = { before: null, limit: 1, protocol: null, problemsOnly: false, entryId: null, messageId: null }
  let id = 0
  await expect
    .poll(async () => {
      const [last] = await api.log.sessions(filter)
      id = last?.id ?? 0
      return last?.state
    })
    .toMatch(/^(ok|failed|deferred|aborted)$/)
  const { text } = await api.log.export({ id })
  // How long a message may wait is said by the clock.
  const timeless = text.replaceAll(/FUTURERELEASE .*/g, 'FUTURERELEASE *')
  return { text, script: parseDialogue(timeless, 'exported') }
}

/** Says lines to a server, each after the answer to the one before; `=` stands for a secret. */
async function converse(port: number, lines: readonly string[], secrets: readonly string[]): Promise<void> {
  let socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let heard = ''
  const hear = () => socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')))
  hear()
  const answer = async (whole: RegExp) => {
    while (!whole.test(heard)) await Promise.race([once(socket, 'data'), once(socket, 'close')])
    heard = ''
  }
  const ONE = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n$|^[+-][^\n]*\n$/
  await answer(ONE)
  const left = [...secrets]
  for (const line of lines) {
    socket.write(`${line.replace(/=$/, () => left.shift() ?? '')}\r\n`)
    await answer(/^(?:CAPA|UIDL|LIST)$/.test(line) ? /\r\n\.\r\n$|^-ERR[^\n]*\n$/ : ONE)
    if (line !== 'STARTTLS' && line !== 'STLS') continue
    socket.removeAllListeners('data')
    socket = connectTls({ socket, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    hear()
  }
  if (!socket.destroyed) await once(socket, 'close')
}

type Kind = 'submission' | 'inbound' | 'pop3'
const portOf = (engine: Engine, kind: Kind) => engine[kind]!.port

/** What a client says to each of our servers; `=` fills the only secret there is. */
const SAID: Readonly<Record<string, { kind: Kind; lines: readonly string[]; secrets: readonly string[] }>> = {
  'submission, signed in inside TLS': {
    kind: 'submission',
    lines: [
      'EHLO client.test',
      'STARTTLS',
      'EHLO client.test',
      'AUTH PLAIN =',
      'MAIL FROM:<ada@home.test>',
      'RCPT TO:<bob@far.test>',
      'RCPT TO:<not an address>',
      'QUIT',
    ],
    secrets: [PLAIN],
  },
  'submission, refused at every step': {
    kind: 'submission',
    lines: ['EHLO client.test', 'MAIL FROM:<ada@home.test>', 'XYZZY', 'AUTH PLAIN =', 'RSET', 'VRFY ada', 'QUIT'],
    secrets: [PLAIN],
  },
  'mail from another server, some of it refused': {
    kind: 'inbound',
    lines: [
      'EHLO relay.far.test',
      'MAIL FROM:<bob@far.test>',
      'RCPT TO:<nobody@home.test>',
      'RCPT TO:<ada@elsewhere.test>',
      'RCPT TO:<ada@home.test>',
      'RSET',
      'QUIT',
    ],
    secrets: [],
  },
  'POP3, an empty maildrop inside TLS': {
    kind: 'pop3',
    lines: ['CAPA', 'STLS', 'USER ada@home.test', 'PASS =', 'STAT', 'UIDL', 'LIST', 'RETR 1', 'NOOP', 'QUIT'],
    secrets: [PASSWORD],
  },
}

test.each(Object.entries(SAID))('%s', async (_, { kind, lines, secrets }) => {
  const first = await house()
  // A script whose answers are anything: what really was said is then in the log.
  const asked = lines.map((line) => `C: ${line.replace('=', '<secret>')}`)
  await converse(portOf(first.engine, kind), lines, secrets)
  const { text, script } = await exported(first)
  for (const line of asked) expect(text).toContain(line)
  for (const secret of secrets) expect(text).not.toContain(secret)
  const second = await house()
  await playOverSocket(script, { port: portOf(second.engine, kind), secrets, tls: { rejectUnauthorized: false } })
})

const bench = new Bench()
afterAll(() => bench.close())
const zone = {
  'dest.test': { MX: [{ preference: 10, exchange: 'mx.dest.test' }] },
  'mx.dest.test': { A: ['127.0.0.1'] },
}
const message = 'Subject: hi\r\nMessage-ID: <1@sender.test>\r\n\r\n.dots\r\n..\r\n'
const jobs = [{ to: ['bob@dest.test', 'nobody@dest.test'], message }]

/** What was sent to a peer is sent again to its exported words, and ends the same. */
async function replays(port: number): Promise<void> {
  const before = await bench.deliver(zone, port, jobs)
  expect(short(before)).toContainEqual(expect.stringMatching(/^bob delivered/))
  const server = await playAsServer(parseDialogue(before.exported(), 'exported'), { tls: localhost })
  cleanups.push(() => server.close())
  const after = await bench.deliver(zone, server.port, jobs)
  await server.done
  expect(short(after)).toEqual(short(before))
  const said = (lines: readonly string[]) => lines.filter((line) => /^[CS]: /.test(line))
  expect(said(after.dialogue())).toEqual(said(before.dialogue()))
}

const postfixes = needs('postfix')
postfixes.describe('relay to Postfix', () => {
  let postfix: Postfix
  beforeAll(async () => {
    postfix = await startPostfix({ domain: 'dest.test', users: ['bob'] })
  })
  afterAll(() => postfix?.stop())
  postfixes.test('what was said to Postfix is said again', () => replays(postfix.port))
})

const exims = needs('exim')
exims.describe('relay to Exim', () => {
  let exim: Exim
  beforeAll(async () => {
    exim = await startExim({ receive: { domain: 'dest.test', users: ['bob'] } })
  })
  afterAll(() => exim?.stop())
  exims.test('what was said to Exim is said again', () => replays(exim.port))
})
