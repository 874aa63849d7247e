import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { localhost } from '../../test/support/localhost.ts'
import { playAsServer } from '../../test/support/dialogue-socket.ts'
import { parseDialogue } from '../../test/support/dialogue.ts'
import { clientOf, failureFact, messageFact, quote, wantsOf } from '../../test/support/pop3-fetch.ts'
import { systemClock, type Clock } from '../base/clock.ts'
import { createRecorder } from '../transcript/recorder.ts'
import { textOf } from '../transcript/export.ts'
import { makeDialer } from './dial.ts'
import { openPop3 } from './pop3-client-driver.ts'
import type { OpenedPop3, Pop3Peers, Pop3Target } from './pop3-words.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthorn-pop3-'))
const caFile = join(folder, 'ca.pem')
writeFileSync(caFile, localhost.cert)
afterAll(() => rmSync(folder, { recursive: true }))

function peers(options: { clock?: Clock; caFile?: string } = {}): Pop3Peers & { readonly said: () => string[] } {
  const clock = options.clock ?? systemClock
  const recorder = createRecorder({ sink: async () => {}, clock: systemClock, firstSessionId: 1 })
  return {
    recorder,
    clock,
    dial: makeDialer(clock),
    findHost: async (host) =>
      host === 'nowhere.example'
        ? { ok: false, reason: 'there is no such host', trace: ['DNS A nowhere.example: NXDOMAIN'] }
        : { ok: true, addresses: host === 'localhost' ? ['127.0.0.1'] : [host], trace: [] },
    caFile: () => options.caFile ?? caFile,
    said: () =>
      recorder
        .pending(1)
        .map(({ event }) => (event.kind === 'line' ? `${event.from}: ${textOf(event.spans)}` : event.kind)),
  }
}
const target = (port: number, more: Partial<Pop3Target> = {}): Pop3Target => ({
  host: 'localhost',
  port,
  tls: 'none',
  user: 'ada',
  password: 's3cret word',
  ...more,
})

/** Fetches all, deletes it unless `keep`, says goodbye; what came of it as facts. */
async function fetchAll(opened: OpenedPop3, keep: boolean, facts: string[]): Promise<void> {
  if (!opened.ok) return void facts.push(failureFact(opened.trouble))
  const { session } = opened
  const refused = (what: string, text: string) => void facts.push(`refused ${what} ${quote(text)}`)
  const uidl = await session.ask({ verb: 'UIDL' })
  const wants = uidl.kind === 'granted' ? wantsOf(uidl.listing!) : undefined
  if (wants === undefined) facts.push('unreadable listing')
  const fetched: number[] = []
  await Promise.all(
    (wants ?? []).map(async (want) => {
      if (!('number' in want)) return
      const parts: Uint8Array[] = []
      const answer = await session.retrieve(
        { verb: 'RETR', number: want.number },
        { kind: 'fetched', uidl: '' },
        (bytes) => void parts.push(Buffer.from(bytes)),
      )
      if (answer.kind === 'refused') return refused(`RETR ${want.number}`, answer.text)
      facts.push(messageFact(want.number, parts))
      fetched.push(want.number)
    }),
  )
  if (!keep) await Promise.all(fetched.map((number) => session.ask({ verb: 'DELE', number })))
  const goodbye = await session.quit()
  if (goodbye.kind === 'refused') refused('QUIT', goodbye.text)
  facts.push('ended ok')
}

for (const name of ['pop3-client', 'pop3-client-hostile']) {
  const where = new URL(`../../test/dialogues/${name}/`, import.meta.url)
  describe(name, () => {
    for (const file of readdirSync(where)) {
      const text = readFileSync(new URL(file, where), 'utf8')
      // Whether a server pipelines is the machine's knowledge alone.
      const dialogue = parseDialogue(text.replaceAll(/^= ready .*\n/gm, ''), file)
      const { keep, ...client } = clientOf(dialogue, text)
      test(`${file} over loopback`, async () => {
        const facts: string[] = []
        const played = Promise.withResolvers<void>()
        const server = await playAsServer(dialogue, {
          tls: localhost,
          secrets: ['s3cret word'],
          facts: async () => {
            await played.promise
            return facts
          },
        })
        const house = peers()
        await fetchAll(await openPop3(target(server.port, client), house), keep, facts)
        played.resolve()
        await server.done
        await server.close()
        expect(JSON.stringify(house.recorder.pending(1))).not.toContain('s3cret')
        expect(house.recorder.live()[0]!.state).toBe(facts.includes('ended ok') ? 'ok' : 'failed')
      })
    }
  })
}

/** A server that answers each connection by `serve`. */
async function serving(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('TLS from the first byte is recorded with its facts before anything is said', async () => {
  const script = parseDialogue(
    'STARTTLS\nS: +OK\nC: CAPA\nS: -ERR\nC: USER ada\nS: +OK\nC: PASS <secret>\nS: +OK\nC: QUIT\nS: +OK\nS!\n',
  )
  const server = await playAsServer(script, { tls: localhost })
  const house = peers()
  const opened = await openPop3(target(server.port, { tls: 'implicit' }), house)
  expect(opened.ok && (await opened.session.quit()).kind).toBe('granted')
  await server.done
  await server.close()
  expect(house.said()).toEqual([
    'note',
    'tls',
    'S: +OK',
    'C: CAPA',
    'S: -ERR',
    'C: USER ada',
    'S: +OK',
    'C: PASS <secret>',
    'S: +OK',
    'C: QUIT',
    'S: +OK',
    'closed',
  ])
  expect(house.recorder.live()).toMatchObject([{ state: 'ok', tls: true, peer: 'localhost' }])
})

test('a certificate that is not trusted ends the session before the password', async () => {
  for (const tls of ['implicit', 'starttls'] as const) {
    const begin = tls === 'implicit' ? 'STARTTLS\nC!\n' : 'S: +OK\nC: CAPA\nS: -ERR\nC: STLS\nS: +OK\nSTARTTLS\nC!\n'
    const server = await playAsServer(parseDialogue(begin), { tls: localhost })
    const house = peers({ caFile: '' })
    const opened = await openPop3(target(server.port, { tls }), house)
    expect(!opened.ok && opened.trouble).toMatchObject({ kind: 'handshake', host: 'localhost' })
    expect(!opened.ok && 'reason' in opened.trouble && opened.trouble.reason).toMatch(/self[- ]signed/i)
    expect(house.said().join()).not.toContain('USER')
    await server.close()
  }
})

test('a certificate for another name is refused, also when its authority is trusted', async () => {
  const server = await playAsServer(parseDialogue('STARTTLS\nC!\n'), { tls: localhost, host: '127.0.0.2' })
  const opened = await openPop3(target(server.port, { tls: 'implicit', host: '127.0.0.2' }), peers())
  expect(!opened.ok && opened.trouble).toMatchObject({ kind: 'handshake' })
  await server.close()
})

test('what could not be reached is said as it was', async () => {
  const server = await serving(() => {})
  server.close()
  const of = async (more: Partial<Pop3Target>) => {
    const opened = await openPop3(target(server.port, more), peers())
    return opened.ok ? undefined : opened.trouble
  }
  expect(await of({})).toEqual({ kind: 'connect', address: `127.0.0.1:${server.port}`, errno: 'ECONNREFUSED' })
  expect(await of({ host: 'nowhere.example' })).toMatchObject({ kind: 'host', reason: 'there is no such host' })
})

test('a server that hangs up in the middle leaves no question open', async () => {
  const server = await serving((socket) => {
    socket.write('+OK\r\n+OK\r\nPIPELINING\r\n.\r\n+OK\r\n+OK\r\n')
    socket.on('data', (bytes) => {
      if (bytes.toString('latin1').includes('RETR')) socket.end('+OK\r\nhalf a mess')
    })
  })
  const house = peers()
  const opened = await openPop3(target(server.port), house)
  if (!opened.ok) throw new Error('not signed in')
  const got: string[] = []
  const take = (bytes: Uint8Array) => void got.push(Buffer.from(bytes).toString('latin1'))
  const answers = await Promise.all([
    opened.session.retrieve({ verb: 'RETR', number: 1 }, { kind: 'fetched', uidl: 'a' }, take),
    opened.session.retrieve({ verb: 'RETR', number: 2 }, { kind: 'fetched', uidl: 'b' }, take),
  ])
  expect(answers).toEqual([
    { kind: 'lost', trouble: { kind: 'lost' } },
    { kind: 'lost', trouble: { kind: 'lost' } },
  ])
  expect(got.join('')).toBe('half a mess')
  expect(await opened.session.ask({ verb: 'UIDL' })).toMatchObject({ kind: 'lost' })
  expect(house.recorder.live()).toMatchObject([{ state: 'failed', worst: 'lost', messages: 0 }])
  server.close()
})

test('nothing more is read while somebody is still busy with what came', async () => {
  const size = 8 * 1024 * 1024
  let sent = 0
  const server = await serving((socket) => {
    socket.write('+OK\r\n-ERR\r\n+OK\r\n+OK\r\n')
    socket.on('data', (bytes) => {
      if (!bytes.toString('latin1').includes('RETR')) return
      socket.write('+OK\r\n')
      const piece = Buffer.alloc(64 * 1024, 'x')
      const more = () => {
        while (sent < size) {
          sent += piece.length
          if (!socket.write(piece)) return void socket.once('drain', more)
        }
        socket.write('\r\n.\r\n')
      }
      more()
    })
  })
  const opened = await openPop3(target(server.port), peers())
  if (!opened.ok) throw new Error('not signed in')
  let got = 0
  let busy = 0
  const answer = await opened.session.retrieve(
    { verb: 'RETR', number: 1 },
    { kind: 'fetched', uidl: 'a' },
    async (bytes) => {
      expect(++busy).toBe(1)
      got += bytes.length
      await new Promise<void>((resolve) => setImmediate(resolve))
      busy--
    },
  )
  expect(answer.kind).toBe('granted')
  expect(got).toBe(size + 2)
  opened.session.abandon({ kind: 'given-up' })
  server.close()
})

test('a server that says nothing, or next to nothing, is given up after three minutes', async () => {
  for (const trickle of [false, true]) {
    const clock = fakeClock()
    let heard = Promise.withResolvers<Socket>()
    const server = await serving((socket) => heard.resolve(socket))
    const opening = openPop3(target(server.port), peers({ clock }))
    const socket = await heard.promise
    // The handshake of TCP is done on their side; ours is once the driver waits for the greeting.
    await expect.poll(() => clock.nextMs! - clock.nowMs()).toBe(60_000)
    for (let minute = 0; minute < 3; minute++) {
      if (trickle) socket.write('+')
      clock.advance(60_000)
    }
    const opened = await opening
    expect(!opened.ok && opened.trouble).toEqual({ kind: 'silent', seconds: 180 })
    heard = Promise.withResolvers()
    server.close()
  }
})

test('giving up hangs up at once', async () => {
  const abort = new AbortController()
  const server = await serving((socket) => {
    socket.write('+OK\r\n')
    socket.on('data', () => abort.abort())
  })
  const house = peers()
  const opened = await openPop3(target(server.port), house, abort.signal)
  expect(!opened.ok && opened.trouble).toEqual({ kind: 'given-up' })
  expect(house.recorder.live()).toMatchObject([{ state: 'aborted' }])
  server.close()
})

test.each(['name server', 'TLS handshake'])('giving up does not wait for a %s that is silent', async (silent) => {
  const reached = Promise.withResolvers<void>()
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => reached.resolve())).listen(0)
  const abort = new AbortController()
  const us = peers()
  const findHost: Pop3Peers['findHost'] = (host) => {
    if (silent === 'TLS handshake') return us.findHost(host)
    reached.resolve()
    return new Promise(() => {})
  }
  const { port } = server.address() as AddressInfo
  const opening = openPop3(target(port, { tls: 'implicit' }), { ...us, findHost }, abort.signal)
  await reached.promise
  abort.abort()
  expect(await opening).toMatchObject({ ok: false, trouble: { kind: 'given-up' } })
  server.close()
})
