import { afterEach, expect, test } from 'vitest'
import { Bench, ONE_MX, short } from '../../test/support/mx-zone.ts'

const bench = new Bench()
afterEach(() => bench.close())

test('delivers one message to all recipients of a domain in one pipelined transaction', async () => {
  const mx = await bench.sink()
  const relayed = await bench.deliver(ONE_MX, mx.port, [
    { to: ['bob@dest.test', 'eve@dest.test'], message: 'Subject: dots\r\n\r\n.\r\n..two\r\nend\r\n' },
  ])
  expect(short(relayed)).toEqual(['bob delivered mx1.dest.test', 'eve delivered mx1.dest.test'])
  expect(mx.messages.map(({ from, to, raw }) => ({ from, to, raw: raw.toString('latin1') }))).toEqual([
    {
      from: 'ada@sender.test',
      to: ['bob@dest.test', 'eve@dest.test'],
      raw: 'Subject: dots\r\n\r\n.\r\n..two\r\nend\r\n',
    },
  ])
  expect(relayed.bodies).toEqual([[1, 2]])
  expect(relayed.sessions).toMatchObject([
    { peer: 'mx1.dest.test', address: `127.0.0.1:${mx.port}`, state: 'ok', worst: '250', messages: 1 },
  ])
  expect(relayed.links).toEqual([
    { sessionId: 1, link: { entryId: 1, recipientId: 1, attemptId: 1001 } },
    { sessionId: 1, link: { entryId: 1, recipientId: 2, attemptId: 1002 } },
  ])
  const dialogue = relayed.dialogue()
  const notes = dialogue.filter((line) => line.startsWith('#'))
  expect(notes[0]).toMatch(/^# DNS MX dest\.test: 10 mx1\.dest\.test \(from 127\.0\.0\.1:\d+, 300 s\)$/)
  expect(notes).toContain(`# dialling mx1.dest.test at 127.0.0.1:${mx.port}`)
  expect(dialogue.filter((line) => !line.startsWith('#'))).toEqual([
    'S: 220 sink.test ESMTP',
    'C: EHLO client.test',
    'S: 250-sink.test',
    'S: 250-PIPELINING',
    'S: 250-SIZE 52428800',
    'S: 250-8BITMIME',
    'S: 250-SMTPUTF8',
    'S: 250 ENHANCEDSTATUSCODES',
    'C: MAIL FROM:<ada@sender.test> SIZE=32',
    'C: RCPT TO:<bob@dest.test>',
    'C: RCPT TO:<eve@dest.test>',
    'C: DATA',
    'S: 250 2.1.0 ok',
    'S: 250 2.1.5 ok',
    'S: 250 2.1.5 ok',
    'S: 354 go ahead',
    '[content 32]',
    'C: .',
    'S: 250 2.0.0 taken',
    'C: QUIT',
    'S: 221 2.0.0 bye',
    '! C',
  ])
})

test('keeps the connection for the jobs that follow and settles each before the next goes out', async () => {
  const mx = await bench.sink()
  const settledAt: number[] = []
  const relayed = await bench.deliver(
    ONE_MX,
    mx.port,
    ['a', 'b', 'c'].map((local) => ({ to: [`${local}@dest.test`] })),
    { onOutcome: async () => void settledAt.push(mx.commands.filter(({ verb }) => verb === 'MAIL').length) },
  )
  expect(short(relayed)).toEqual(['a', 'b', 'c'].map((local) => `${local} delivered mx1.dest.test`))
  expect(mx.connections).toBe(1)
  expect(mx.messages.map(({ to }) => to)).toEqual([['a@dest.test'], ['b@dest.test'], ['c@dest.test']])
  expect(settledAt).toEqual([1, 2, 3])
  expect(relayed.sessions).toMatchObject([{ messages: 3 }])
  expect(relayed.links.map(({ link }) => link.recipientId)).toEqual([1, 2, 3])
})

test('writes the final dot only when phase body is committed, and settles before QUIT', async () => {
  const mx = await bench.sink()
  const seen: string[] = []
  const verbs = () => mx.commands.map(({ verb }) => verb)
  await bench.deliver(ONE_MX, mx.port, undefined, {
    beforeBody: async () => {
      await new Promise((resolve) => setImmediate(resolve))
      seen.push(`body ${verbs().includes('.')}`)
    },
    onOutcome: async () => {
      await new Promise((resolve) => setImmediate(resolve))
      seen.push(`outcome ${verbs().includes('QUIT')}`)
    },
  })
  expect(seen).toEqual(['body false', 'outcome false'])
})

test('speaks to a server without PIPELINING one command at a time, and uses HELO where EHLO is not known', async () => {
  const mx = await bench.sink({ answer: ({ verb }) => (verb === 'EHLO' ? '502 5.5.1 what' : undefined) })
  const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['bob@dest.test', 'eve@dest.test'] }])
  expect(short(relayed)).toEqual(['bob delivered mx1.dest.test', 'eve delivered mx1.dest.test'])
  expect(
    relayed
      .dialogue()
      .filter((line) => /^[CS]:/.test(line))
      .slice(3, 12),
  ).toEqual([
    'C: HELO client.test',
    'S: 250 sink.test',
    'C: MAIL FROM:<ada@sender.test>',
    'S: 250 2.1.0 ok',
    'C: RCPT TO:<bob@dest.test>',
    'S: 250 2.1.5 ok',
    'C: RCPT TO:<eve@dest.test>',
    'S: 250 2.1.5 ok',
    'C: DATA',
  ])
})

test('sends a null reverse-path, and says the parameters the server offers', async () => {
  const mx = await bench.sink()
  await bench.deliver(ONE_MX, mx.port, [{ from: '', to: ['jörg@dest.test'], is8bit: true, message: 'a: ö\r\n\r\n' }])
  expect(mx.messages).toMatchObject([{ from: '', to: ['jörg@dest.test'], parameters: 'SIZE=8 BODY=8BITMIME SMTPUTF8' }])
})

test('names itself by the address of the connection when no name is set', async () => {
  const mx = await bench.sink()
  await bench.deliver(ONE_MX, mx.port, undefined, { settings: { 'relay.ehloName': '' } })
  expect(mx.commands[1]?.line).toBe('EHLO [127.0.0.1]')
  await bench.deliver(ONE_MX, mx.port, undefined, { settings: { 'relay.ehloName': 'Bücher.test' } })
  expect(mx.commands.findLast(({ verb }) => verb === 'EHLO')?.line).toBe('EHLO xn--bcher-kva.test')
})

test('sends a message of many chunks with back-pressure, unchanged', async () => {
  const mx = await bench.sink()
  const chunks = Array.from({ length: 40 }, (_, n) => `.${String(n).padStart(4, '0')}${'x'.repeat(99_992)}.\r\n`)
  const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['bob@dest.test'], message: chunks }])
  expect(short(relayed)).toEqual(['bob delivered mx1.dest.test'])
  expect(mx.messages[0]?.raw.equals(Buffer.from(chunks.join('')))).toBe(true)
})

test("splits more than 50 recipients, and more than the server's LIMITS, into several transactions", async () => {
  const to = Array.from({ length: 120 }, (_, n) => `r${n}@dest.test`)
  const mx = await bench.sink()
  await bench.deliver(ONE_MX, mx.port, [{ to }])
  expect(mx.messages.map((message) => message.to.length)).toEqual([50, 50, 20])
  expect(mx.messages.flatMap((message) => message.to)).toEqual(to)
  const limited = await bench.sink({ offers: ['PIPELINING', 'LIMITS MAILMAX=9 RCPTMAX=7'] })
  await bench.deliver(ONE_MX, limited.port, [{ to: to.slice(0, 15) }])
  expect(limited.messages.map((message) => message.to.length)).toEqual([7, 7, 1])
  expect(limited.connections).toBe(1)
})

test('delivers to an address literal without asking the name servers for it', async () => {
  const mx = await bench.sink()
  const relayed = await bench.deliver({}, mx.port, [{ to: ['bob@[127.0.0.1]'] }])
  expect(relayed.outcomes).toMatchObject([{ kind: 'delivered', mx: '[127.0.0.1]' }])
})

test('goes by a smarthost at its own port, by name or by address', async () => {
  const host = await bench.sink()
  for (const name of ['127.0.0.1', 'smart.test', 'localhost']) {
    const relayed = await bench.deliver({ 'smart.test': { A: ['127.0.0.1'] } }, 1, undefined, {
      route: { kind: 'smarthost', routeId: 1, host: name, port: host.port, tls: 'none' },
      settings: { 'relay.allowPrivateAddresses': false },
    })
    expect(short(relayed)).toEqual([`bob delivered ${name}`])
  }
})

test('defers, and never returns, mail whose smarthost cannot be found or refuses the session', async () => {
  const host = await bench.sink({ answer: ({ verb }) => (verb === 'CONNECT' ? '554 5.7.1 not you' : undefined) })
  const by = (name: string) =>
    bench.deliver({}, 1, undefined, {
      route: { kind: 'smarthost', routeId: 1, host: name, port: host.port, tls: 'none' },
    })
  expect(short(await by('127.0.0.1'))).toEqual(['bob deferred CONNECT 554 127.0.0.1'])
  expect(short(await by('gone.test'))).toEqual(['bob deferred NXDOMAIN gone.test'])
})

test('sends nothing to a private address unless that is allowed', async () => {
  const mx = await bench.sink()
  const relayed = await bench.deliver(ONE_MX, mx.port, undefined, {
    settings: { 'relay.allowPrivateAddresses': false },
  })
  expect(short(relayed)).toEqual(['bob deferred EPRIVATE mx1.dest.test'])
  expect(mx.connections).toBe(0)
  expect(relayed.dialogue()).toContain('# mx1.dest.test at 127.0.0.1: a private address is not dialled')
})

test('dials again for a job whose used connection was closed under it', async () => {
  const mx = await bench.sink({
    answer: ({ verb, connection }) => (verb === 'RCPT' && connection === 0 && mx.count === 1 ? 'drop' : undefined),
  })
  const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['a@dest.test'] }, { to: ['b@dest.test'] }])
  expect(short(relayed)).toEqual(['a delivered mx1.dest.test', 'b delivered mx1.dest.test'])
  expect(mx.connections).toBe(2)
})

test('an address that is none ends the session before it is said', async () => {
  const mx = await bench.sink()
  const going = bench.deliver(ONE_MX, mx.port, [{ to: ['bob@dest.test', 'a\r\nRCPT TO:<evil@x.test>@dest.test'] }])
  await expect(going).rejects.toThrow('is no local part')
  expect(mx.commands.map(({ verb }) => verb)).not.toContain('RCPT')
})

test('a fault of ours before the final dot ends the session without it', async () => {
  const mx = await bench.sink()
  const fault = new Error('the disk is full')
  const going = bench.deliver(ONE_MX, mx.port, undefined, { beforeBody: () => Promise.reject(fault) })
  await expect(going).rejects.toBe(fault)
  expect(mx.count).toBe(0)
})

test('when the engine closes, an attempt before the final dot is left unsettled and one after it waits for its reply', async () => {
  const early = new AbortController()
  const silent = await bench.sink({
    answer: ({ verb }) => {
      if (verb !== 'CONNECT') return undefined
      early.abort()
      return 'silence'
    },
  })
  const first = bench.deliver(ONE_MX, silent.port, undefined, { signal: early.signal })
  await expect(first).rejects.toThrow('aborted')
  const late = new AbortController()
  const mx = await bench.sink({
    answer: ({ verb }) => {
      if (verb === '.') late.abort()
      return undefined
    },
  })
  const second = await bench.deliver(ONE_MX, mx.port, [{ to: ['a@dest.test'] }, { to: ['b@dest.test'] }], {
    signal: late.signal,
  })
  expect(short(second)).toEqual(['a delivered mx1.dest.test'])
})

test('when the engine closes between phase body and the final dot, the message is known not to have gone', async () => {
  const closing = new AbortController()
  const mx = await bench.sink()
  const settled: string[] = []
  const going = bench.deliver(ONE_MX, mx.port, undefined, {
    signal: closing.signal,
    beforeBody: async () => closing.abort(),
    onOutcome: async (all) => void settled.push(...all.map(({ outcome }) => outcome.kind)),
  })
  await expect(going).rejects.toThrow('aborted')
  expect(settled).toEqual(['deferred'])
  expect(mx.count).toBe(0)
})
