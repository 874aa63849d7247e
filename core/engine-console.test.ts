import type { Socket } from 'node:net'
import { call } from '@orpc/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeClock } from '../test/support/fake-clock.ts'
import { localhost } from '../test/support/localhost.ts'
import { listenOnLoopback, type LoopbackServer } from '../test/support/loopback-server.ts'
import { startSink } from '../test/support/smtp-sink.ts'
import { openTestStore, type TestStore } from '../test/support/store.ts'
import { systemClock, type Clock } from './base/clock.ts'
import { openConsole } from './engine-console.ts'
import { makeDialer } from './net/dial.ts'
import { readDialogueFile } from './model/dialogue-file.ts'
import type { TranscriptEvent } from './model/transcript.ts'
import type { ConsoleView } from './rpc/console-contract.ts'
import { defaultSettings, type Settings } from './settings.ts'
import { listEvents } from './store/session-segment.ts'
import { getSession } from './store/session.ts'
import { exportDialogue } from './transcript/export.ts'
import { createRecorder } from './transcript/recorder.ts'
import type { Recorder } from './transcript/sink.ts'

let store: TestStore
let recorder: Recorder
let desk: ReturnType<typeof openConsole>
const servers: { close(): Promise<void> }[] = []

function open(more: { clock?: Clock; settings?: Settings; fingerprint?: string } = {}) {
  const clock = more.clock ?? systemClock
  desk = openConsole({
    store,
    settings: () => more.settings ?? defaultSettings(),
    recorder,
    clock,
    dial: makeDialer(),
    findHost: async (host) => ({ ok: true, addresses: [host === 'mx.example' ? '127.0.0.1' : host], trace: [] }),
    ownFingerprint: () => more.fingerprint ?? null,
  })
}
beforeEach(async () => {
  store = await openTestStore()
  recorder = createRecorder({ sink: (batch) => store.record(batch), clock: systemClock, firstSessionId: 1 })
  open()
})
afterEach(async () => {
  desk.close()
  for (const server of servers.splice(0)) await server.close()
  await recorder.flush()
  await store.closeAndRemove()
})

/** A server that answers as it is told: a line by its first word, and what it knows nothing of by `other`. */
async function scripted(greeting: string, answers: Readonly<Record<string, string>>, other: (line: string) => string) {
  const server: LoopbackServer = await listenOnLoopback((socket: Socket) => {
    socket.write(`${greeting}\r\n`)
    let held = ''
    socket.on('data', (chunk: Buffer) => {
      held += chunk.toString('latin1')
      const lines = held.split('\r\n')
      held = lines.pop() ?? ''
      for (const line of lines)
        socket.write(`${answers[line.split(' ', 2).join(' ')] ?? answers[line.split(' ')[0]!] ?? other(line)}\r\n`)
    })
  })
  servers.push(server)
  return server
}

async function until(id: number, isSo: (view: ConsoleView) => boolean): Promise<ConsoleView> {
  const stop = new AbortController()
  const changes = (await call(desk.handlers.changes, undefined, { signal: stop.signal }))[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = changes.next()
      const view = await call(desk.handlers.get, { id })
      if (isSo(view)) return view
      await next
    }
  } finally {
    stop.abort()
  }
}
const ready = (id: number) =>
  until(id, ({ stage, waits }) => stage === 'over' || stage === 'certificate' || (stage === 'open' && !waits))
const start = async (
  port: number,
  more: { protocol?: 'smtp' | 'pop3'; tls?: 'implicit' | 'none'; host?: string } = {},
) => {
  const { protocol = 'smtp', tls = 'none', host = '127.0.0.1' } = more
  const { id } = await call(desk.handlers.open, { protocol, host, port, tls })
  return ready(id)
}
const say = async (id: number, line: string, anything = false) => {
  await call(desk.handlers.say, { id, line, anything })
  return ready(id)
}
/** What was said, as the console shows it and as the log keeps it. */
async function said(id: number): Promise<{ shown: string; kept: string }> {
  const { sessionId } = await call(desk.handlers.get, { id })
  const shown = await call(desk.handlers.events, { id, fromSeq: 0, limit: 1000 })
  await recorder.flush()
  return { shown: JSON.stringify(shown), kept: JSON.stringify(listEvents(store.read, sessionId ?? 0, 0, 1000)) }
}

test('the window sees what the log keeps, line by line and under the same numbers', async () => {
  const sink = await startSink({})
  servers.push(sink)
  const { id, sessionId } = await start(sink.port)
  for (const line of ['EHLO client.example', 'MAIL FROM:<ada@client.example>', 'RCPT TO:<bob@mx.example>', 'DATA'])
    await say(id, line)
  await call(desk.handlers.sayMessage, { id, text: 'Subject: Hello\n\n.a dot\n' })
  await ready(id)
  await say(id, 'QUIT')
  const over = await until(id, ({ stage }) => stage === 'over')
  expect(over.ended).toBe('Both said goodbye.')
  expect(sink.messages.map(({ raw }) => raw.toString())).toEqual(['Subject: Hello\r\n\r\n.a dot\r\n'])
  const shown = await call(desk.handlers.events, { id, fromSeq: 0, limit: 1000 })
  await recorder.flush()
  const kept = listEvents(store.read, sessionId!, 0, 1000)
  expect(kept.map(({ seq, event }) => [seq, event.kind])).toEqual(shown.map(({ seq, kind }) => [seq, kind]))
  expect(getSession(store.read, sessionId!)).toMatchObject({ state: 'ok', messages: 1, peer: '127.0.0.1' })
})

test('no secret that is typed is shown or kept, in any mechanism, whole or said back', async () => {
  const canary = 'c4nary-Sesame'
  const b64 = (text: string) => Buffer.from(text).toString('base64')
  const forms = [canary, b64(canary), b64(`\0ada\0${canary}`), b64(`user=ada\x01auth=Bearer ${canary}\x01\x01`)]
  const smtp = await scripted(
    '220 mx.example ESMTP',
    {
      EHLO: '250-mx.example\r\n250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER',
      NOOP: '250 ok',
      RSET: '250 ok',
    },
    // It quotes what it does not like.
    (line) => (/^AUTH \S+$/.test(line) ? '334 ' : `535 5.7.8 "${line}" (${canary}) is wrong`),
  )
  const { id } = await start(smtp.port)
  await say(id, 'EHLO client.example')
  for (const line of [
    `AUTH PLAIN ${b64(`\0ada\0${canary}`)}`,
    `AUTH XOAUTH2 ${b64(`user=ada\x01auth=Bearer ${canary}\x01\x01`)}`,
    `auth plain ${canary}`,
    `PASS ${canary}`,
    `LOGIN ada ${canary}`,
  ])
    await say(id, line, true)
  for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-256', 'XOAUTH2', 'OAUTHBEARER', 'X-NEW']) {
    const asked = await say(id, `AUTH ${mechanism}`, true)
    expect(asked.prompt.is).toBe('answer')
    await call(desk.handlers.say, { id, line: canary, base64: mechanism === 'LOGIN' })
    await ready(id)
  }
  for (const mechanism of ['PLAIN', 'XOAUTH2', 'OAUTHBEARER', 'LOGIN', 'SCRAM-SHA-256']) {
    await call(desk.handlers.signIn, { id, mechanism, user: 'ada', secret: canary })
    const left = await ready(id)
    if (left.prompt.is === 'answer') await say(id, '*')
  }
  const pop3 = await scripted('+OK <1.2@mx.example>', { CAPA: '+OK\r\nSASL PLAIN LOGIN\r\n.', USER: '+OK' }, (line) =>
    /^AUTH \S+$/.test(line) ? '+ ' : `-ERR "${line}" (${canary}) is wrong`,
  )
  const other = await start(pop3.port, { protocol: 'pop3' })
  for (const line of [
    'CAPA',
    'USER ada',
    `PASS ${canary}`,
    `APOP ada ${canary}`,
    `AUTH PLAIN ${b64(`\0ada\0${canary}`)}`,
  ])
    await say(other.id, line, true)
  await say(other.id, 'AUTH LOGIN')
  await call(desk.handlers.say, { id: other.id, line: canary, base64: true })
  await ready(other.id)
  for (const one of [id, other.id]) {
    const { shown, kept } = await said(one)
    expect(shown).toContain('"secret":true')
    for (const form of forms) {
      expect(shown).not.toContain(form)
      expect(kept).not.toContain(form)
    }
  }
})

test('a certificate that is not good is shown, and nothing is said before the person goes on', async () => {
  const sink = await startSink({ implicitTls: true, tls: localhost })
  servers.push(sink)
  const view = await start(sink.port, { tls: 'implicit', host: '127.0.0.1' })
  expect(view).toMatchObject({ stage: 'certificate', verdict: 'untrusted', facts: { trusted: false } })
  await expect(call(desk.handlers.say, { id: view.id, line: 'EHLO x' })).rejects.toThrow(/not open yet/)
  await call(desk.handlers.goOn, { id: view.id })
  const open = await ready(view.id)
  expect(open).toMatchObject({ stage: 'open', verdict: 'untrusted' })
  expect((await said(view.id)).kept).toContain('in spite of the certificate, in this session only')
})

test('our own certificate needs no question', async () => {
  open({ fingerprint: localhost.fingerprint256 })
  const sink = await startSink({ implicitTls: true, tls: localhost })
  servers.push(sink)
  expect(await start(sink.port, { tls: 'implicit' })).toMatchObject({ stage: 'open', verdict: 'own' })
})

test('a stored session is said again up to a line, and the person goes on; secrets are asked for anew', async () => {
  const answers = {
    EHLO: '250-mx.example\r\n250 AUTH PLAIN',
    RSET: '250 ok',
    AUTH: '235 in',
    MAIL: '250 ok',
    RCPT: '250 ok',
    QUIT: '221 bye',
  }
  const server = await scripted('220 mx.example ESMTP', answers, () => '500 what?')
  const first = await start(server.port)
  for (const line of ['EHLO client.example', 'MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>'])
    await say(first.id, line)
  const target = { protocol: 'smtp', host: '127.0.0.1', port: server.port, tls: 'none' } as const
  const events = await call(desk.handlers.events, { id: first.id, fromSeq: 0, limit: 1000 })
  const mail = events.find((event) => event.kind === 'line' && String(event.spans[0]).startsWith('MAIL'))!
  const again = await call(desk.handlers.open, { ...target, replay: { sessionId: first.sessionId!, seq: mail.seq } })
  const over = await until(again.id, ({ handedOver }) => handedOver !== '')
  expect(over.handedOver).toBe('That is how far it goes: over to you.')
  expect(over.verbs.find(({ verb }) => verb === 'RCPT')?.whyNot).toBe('')
  expect((await said(again.id)).shown).not.toContain('RCPT TO:<c@d.example>')

  await say(first.id, 'RSET')
  await say(first.id, `AUTH PLAIN ${Buffer.from('\0ada\0sesame').toString('base64')}`)
  const last = await call(desk.handlers.open, { ...target, replay: { sessionId: first.sessionId!, seq: 10_000 } })
  const asks = await until(last.id, ({ handedOver }) => handedOver !== '')
  expect(asks.handedOver).toMatch(/was a secret/)
  await expect(call(desk.handlers.open, { ...target, replay: { sessionId: 999, seq: 1 } })).rejects.toThrow(/is kept/)
})

test('a server that answers otherwise than it did ends the replay', async () => {
  const answers = { EHLO: '250 mx.example', MAIL: '250 ok', RCPT: '250 ok' }
  const server = await scripted('220 mx.example', answers, () => '500 what?')
  const first = await start(server.port)
  for (const line of ['EHLO c', 'MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>']) await say(first.id, line)
  answers.MAIL = '550 5.7.1 not you'
  const again = await call(desk.handlers.open, {
    protocol: 'smtp',
    host: '127.0.0.1',
    port: server.port,
    tls: 'none',
    replay: { sessionId: first.sessionId!, seq: 10_000 },
  })
  const { handedOver } = await until(again.id, (view) => view.handedOver !== '')
  expect(handedOver).toBe('The server answers otherwise than it did then.')
  expect((await said(again.id)).shown).not.toContain('RCPT')
})

test('a session in which nothing is said ends, and so do all with the engine; there are no more than eight', async () => {
  const clock = fakeClock()
  open({ clock })
  const server = await scripted('220 mx.example', {}, () => '250 ok')
  const first = await start(server.port)
  for (let n = 1; n < 8; n++) await start(server.port)
  await expect(start(server.port)).rejects.toThrow('8 sessions are open already')
  clock.advance(599_000)
  await say(first.id, 'NOOP')
  clock.advance(2_000)
  const views = await call(desk.handlers.list, undefined)
  expect(views.map(({ id, stage, ended }) => [id === first.id, stage, ended]).toReversed()).toEqual([
    [true, 'open', ''],
    ...Array.from({ length: 7 }, () => [false, 'over', 'Nothing was said for too long.']),
  ])
  desk.close()
  expect((await call(desk.handlers.get, { id: first.id })).stage).toBe('over')
})

test('nobody there, and a host nobody knows, are said in words', async () => {
  const server = await scripted('220 gone', {}, () => '')
  const { port } = server
  await server.close()
  servers.length = 0
  expect((await start(port)).ended).toBe('nothing listens there (ECONNREFUSED)')
})

test('of a long answer the beginning is shown line by line, and the rest by its ends', async () => {
  const lines = Array.from({ length: 2000 }, (_, n) => `line ${n}`)
  const server = await scripted(
    '+OK hi',
    { RETR: `+OK\r\n${lines.join('\r\n')}\r\n.`, USER: '+OK', PASS: '+OK' },
    () => '-ERR',
  )
  const { id } = await start(server.port, { protocol: 'pop3' })
  for (const line of ['USER ada', 'PASS sesame', 'RETR 1']) await say(id, line)
  const events = await call(desk.handlers.events, { id, fromSeq: 0, limit: 1000 })
  const content = events.find(({ kind }) => kind === 'content')
  expect(content).toMatchObject({
    ref: { kind: 'kept', first: expect.stringMatching(/^line 400\r\n/), last: expect.stringMatching(/line 1999\r\n$/) },
  })
  expect(events.at(-1)).toMatchObject({ kind: 'line', spans: ['.'] })
})

test.each(['\n', '220 again\r\n', '220-more\r\n'])('a server that says %j for ever is left', async (line) => {
  const server = await listenOnLoopback((socket: Socket) => {
    socket.on('error', () => {})
    socket.write(`220 mx.example\r\n${line.repeat(100_000)}`)
  })
  servers.push(server)
  const { id } = await call(desk.handlers.open, { protocol: 'smtp', host: '127.0.0.1', port: server.port, tls: 'none' })
  const { ended } = await until(id, ({ stage }) => stage === 'over')
  expect(ended).toContain('lines that nobody asked for')
  expect((await call(desk.handlers.events, { id, fromSeq: 0, limit: 1000 })).length).toBeGreaterThan(900)
})

test('STARTTLS is said for the person where that was asked for; a server that has none is handed over as it is', async () => {
  open({ fingerprint: localhost.fingerprint256 })
  const sink = await startSink({ tls: localhost })
  servers.push(sink)
  const at = { protocol: 'smtp', host: '127.0.0.1', tls: 'starttls' } as const
  const { id } = await call(desk.handlers.open, { ...at, port: sink.port })
  const view = await until(id, ({ handedOver }) => handedOver !== '')
  expect(view).toMatchObject({ stage: 'open', verdict: 'own', handedOver: 'The session is encrypted: over to you.' })
  const plain = await scripted('220 mx.example', { EHLO: '250 mx.example' }, () => '502 5.5.1 no')
  const other = await call(desk.handlers.open, { ...at, port: plain.port })
  const left = await until(other.id, ({ handedOver }) => handedOver !== '')
  expect(left).toMatchObject({ stage: 'open', verdict: null, handedOver: 'The server does not encrypt: over to you.' })
})

test('what is exported of a session of the console is read again line by line, and can be said again', async () => {
  const sink = await startSink({})
  servers.push(sink)
  const { id, sessionId } = await start(sink.port)
  for (const line of [
    'EHLO client.example',
    'MAIL FROM:<a@b.example>',
    'RCPT TO:<c@d.example>',
    'DATA',
    'Subject: x',
    '..dots',
    '.',
    'QUIT',
  ])
    await say(id, line)
  await until(id, ({ stage }) => stage === 'over')
  await recorder.flush()
  const kept = listEvents(store.read, sessionId!, 0, 1000).map(({ event }) => event)
  const read = readDialogueFile(exportDialogue(getSession(store.read, sessionId!)!, kept))
  const lines = (events: readonly TranscriptEvent[]) =>
    events.flatMap((event) => (event.kind === 'line' ? [`${event.from} ${event.spans.join('')}`] : []))
  expect(lines(read.sessions![0]!.events)).toEqual(lines(kept))
  expect(lines(kept)).toEqual(expect.arrayContaining(['C ...dots', 'C .']))
})
