import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { Bench, ONE_MX, short } from '../../test/support/mx-zone.ts'
import type { SinkCommand } from '../../test/support/smtp-sink.ts'
import type { TlsMode } from '../model/outcome.ts'

const bench = new Bench()
afterEach(() => bench.close())
const good = testCertificate('mx1.dest.test', 'smart.test', '127.0.0.1')
const other = testCertificate('elsewhere.test')
afterAll(() => [good, other].forEach((one) => one.remove()))

const tlsOf = (dialogue: readonly string[]) => dialogue.filter((line) => line.startsWith('[tls'))
const spoken = (dialogue: readonly string[]) => dialogue.filter((line) => /^[CS]: |^\[tls/.test(line))

describe('to an MX', () => {
  test('TLS is used where it is offered, EHLO is said again, and an untrusted certificate is recorded as such', async () => {
    const mx = await bench.sink({ tls: good })
    const relayed = await bench.deliver(ONE_MX, mx.port)
    expect(short(relayed)).toEqual(['bob delivered mx1.dest.test'])
    const lines = spoken(relayed.dialogue())
    const at = lines.indexOf('C: STARTTLS')
    expect(lines.slice(at, at + 4)).toEqual([
      'C: STARTTLS',
      'S: 220 2.0.0 go ahead',
      '[tls untrusted DEPTH_ZERO_SELF_SIGNED_CERT]',
      'C: EHLO client.test',
    ])
    expect(relayed.sessions).toMatchObject([{ tls: true, state: 'ok' }])
  })

  test('a certificate of an authority in relay.caFile is trusted, for its own names only', async () => {
    const mx = await bench.sink({ tls: good })
    const settings = { 'relay.caFile': good.caFile }
    expect(tlsOf((await bench.deliver(ONE_MX, mx.port, undefined, { settings })).dialogue())).toEqual(['[tls]'])
    const literal = await bench.deliver({}, mx.port, [{ to: ['bob@[127.0.0.1]'] }], { settings })
    expect(tlsOf(literal.dialogue())).toEqual(['[tls]'])
    const zone = { 'dest.test': { A: ['127.0.0.1'] } }
    const misnamed = await bench.deliver(zone, mx.port, undefined, { settings })
    expect(tlsOf(misnamed.dialogue())).toEqual(['[tls untrusted ERR_TLS_CERT_ALTNAME_INVALID]'])
  })

  test('after a handshake that fails the same host is asked with a smaller hello, then gets the mail in clear text, each on a new connection that says why', async () => {
    // It promises TLS and has no certificate to do it with.
    const mx = await bench.sink({ tls: {} })
    const relayed = await bench.deliver(ONE_MX, mx.port)
    expect(short(relayed)).toEqual(['bob delivered mx1.dest.test'])
    expect(relayed.sessions).toMatchObject([
      { worst: 'tls', state: 'deferred', tls: false },
      { worst: 'tls', state: 'deferred', tls: false },
      { state: 'ok', tls: false },
    ])
    expect(relayed.dialogue(1)[0]).toMatch(/^# TLS failed \(.+\): the same host again with a smaller hello$/)
    expect(relayed.dialogue(1)).toContain('C: STARTTLS')
    expect(relayed.dialogue(2)[0]).toMatch(/^# TLS failed \(.+\): the same host again without it$/)
    expect(relayed.dialogue(2)).not.toContain('C: STARTTLS')
  })

  test('a server that will not start TLS now gets the mail in clear text on the same connection', async () => {
    const answer = ({ verb }: SinkCommand) => (verb === 'STARTTLS' ? '454 4.7.0 not now' : undefined)
    const mx = await bench.sink({ tls: good, answer })
    expect(short(await bench.deliver(ONE_MX, mx.port))).toEqual(['bob delivered mx1.dest.test'])
    expect(mx.connections).toBe(1)
  })

  test.each([
    '220 2.0.0 go ahead\r\n250 injected',
    '220 2.0.0 go ahead\r\n25',
    '220-2.0.0 go\r\n220 2.0.0 ahead\r\n250-NOPE',
  ])('bytes in clear behind the reply to STARTTLS end the session (%j)', async (reply) => {
    const answer = ({ verb, connection }: SinkCommand) => (verb === 'STARTTLS' && connection === 0 ? reply : undefined)
    const mx = await bench.sink({ tls: good, answer })
    const relayed = await bench.deliver(ONE_MX, mx.port)
    expect(short(relayed)).toEqual(['bob deferred protocol'])
    expect(mx.connections).toBe(1)
  })

  test('offers made before TLS count no more after it', async () => {
    let helloes = 0
    const answer = ({ verb }: SinkCommand) => {
      if (verb !== 'EHLO') return undefined
      helloes += 1
      return helloes === 1 ? '250-sink.test\r\n250-STARTTLS\r\n250 PIPELINING' : '250 sink.test'
    }
    const mx = await bench.sink({ tls: good, answer })
    const relayed = await bench.deliver(ONE_MX, mx.port)
    const lines = spoken(relayed.dialogue())
    expect(lines[lines.indexOf('C: MAIL FROM:<ada@sender.test>') + 1]).toBe('S: 250 2.1.0 ok')
  })

  test('authorities that cannot be read stop the delivery before anything is dialled', async () => {
    const mx = await bench.sink({ tls: good })
    const settings = { 'relay.caFile': '/nowhere/ca.pem' }
    await expect(bench.deliver(ONE_MX, mx.port, undefined, { settings })).rejects.toMatchObject({
      code: 'settings.unreadable',
    })
    expect(mx.connections).toBe(0)
  })
})

describe('to a smarthost', () => {
  const by = (port: number, tls: TlsMode, caFile = good.caFile, host = 'smart.test') =>
    bench.deliver({ 'smart.test': { A: ['127.0.0.1'] } }, 1, undefined, {
      route: { kind: 'smarthost', routeId: 1, host, port, tls },
      settings: { 'relay.caFile': caFile },
    })

  test('STARTTLS or TLS from the first byte, with a certificate that is verified', async () => {
    const starttls = await bench.sink({ tls: good })
    expect(short(await by(starttls.port, 'starttls'))).toEqual(['bob delivered smart.test'])
    expect(short(await by(starttls.port, 'starttls', good.caFile, '127.0.0.1'))).toEqual(['bob delivered 127.0.0.1'])
    const implicit = await bench.sink({ tls: good, implicitTls: true })
    const relayed = await by(implicit.port, 'implicit')
    expect(short(relayed)).toEqual(['bob delivered smart.test'])
    expect(spoken(relayed.dialogue())[0]).toBe('[tls]')
  })

  test.each([
    ['starttls', 'an unknown authority', good, ''],
    ['implicit', 'an unknown authority', good, ''],
    ['starttls', 'another name', other, other.caFile],
    ['implicit', 'another name', other, other.caFile],
  ] as const)(
    '%s: a certificate of %s defers, and nothing is said in clear text',
    async (tls, _, certificate, caFile) => {
      const host = await bench.sink({ tls: certificate, implicitTls: tls === 'implicit' })
      const relayed = await by(host.port, tls, caFile)
      expect(short(relayed)).toEqual(['bob deferred tls'])
      expect(host.commands.some(({ verb }) => verb === 'MAIL')).toBe(false)
      expect(relayed.sessions).toHaveLength(1)
    },
  )

  test.each([undefined, '454 4.7.0 not now'])('no mail without the STARTTLS it was to have (%s)', async (refusal) => {
    const answer = ({ verb }: SinkCommand) => (verb === 'STARTTLS' ? refusal : undefined)
    const host = await bench.sink(refusal === undefined ? {} : { tls: good, answer })
    expect(short(await by(host.port, 'starttls'))).toEqual(['bob deferred tls'])
    expect(host.commands.at(-1)?.verb).toBe('QUIT')
  })
})
