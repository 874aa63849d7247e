import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DkimKeyView, QueueEntryView, TlsDomainView } from '../../core/rpc/views.ts'
import { testCertificate } from '../support/certificate.ts'
import { startDnsServer, type DnsStub, type Zone } from '../support/dns-server.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { startSink, type SmtpSink } from '../support/smtp-sink.ts'

/*
 * A key from the command line to the wire: made, published, checked, and what then leaves is good for dkimpy. And what the
 * session was protected by is remembered.
 */
const certificate = testCertificate('mx.test')
const ZONE: Zone = { 'far.test': { MX: [{ preference: 10, exchange: 'mx.test' }] }, 'mx.test': { A: ['127.0.0.1'] } }
let sink: SmtpSink
let dns: DnsStub
let home: Home
let served: Served

beforeAll(async () => {
  sink = await startSink({ tls: certificate })
  dns = await startDnsServer(ZONE)
  home = new Home({
    submission: { port: 0 },
    dns: { servers: [dns.server] },
    relay: { port: sink.port, allowPrivateAddresses: true, caFile: certificate.caFile },
  })
  served = await home.serve()
})
afterAll(async () => {
  await served?.stop()
  await sink.close()
  await dns.close()
  home.remove()
  certificate.remove()
})

const arrived = (subject: string) =>
  eventually(() => sink.messages.find(({ raw }) => raw.includes(`Subject: ${subject}\r\n`)), `"${subject}" at the sink`)
const send = (subject: string, body: string) =>
  home.sendmail(
    ['-f', 'ada@home.test', 'bob@far.test'],
    `From: Ada <ada@home.test>\nTo: bob@far.test\nSubject: ${subject}\n\n${body}`,
  )

test('mail is signed once the key is published, small and large, and dkimpy finds it good', async () => {
  expect((await home.run(['dkim', 'list'])).stdout).toBe(
    'No DKIM keys yet, mail goes unsigned: posthorn dkim make DOMAIN\n',
  )
  await send('before', 'x\n')
  expect((await arrived('before')).raw.toString()).not.toContain('DKIM-Signature')

  const made = await home.run(['dkim', 'make', 'home.test'])
  expect(made.status).toBe(0)
  const [key] = await home.json<DkimKeyView[]>(['dkim', 'list'])
  if (!key) throw new Error('there is no key')
  expect(made.stdout).toContain(`  name:  ${key.record.name}\n  type:  TXT\n  text:  ${key.record.text}\n`)
  expect(made.stdout).toContain(`${key.record.name}. IN TXT "v=DKIM1; k=rsa; p=`)
  dns.setZone({ ...ZONE, [key.record.name]: { TXT: [key.record.text] } })
  const checked = await home.run(['dkim', 'check', 'home.test'])
  expect(checked).toMatchObject({
    status: 0,
    stdout: `${key.record.name}: Mail from home.test is signed with this key.\n`,
  })

  await send('small', '.\n..dots\n\ntrailing \t\n\n\n')
  await send('large', `${'a line of text with  blanks \t in it '.repeat(2)}\n`.repeat(20_000))
  const raws = [(await arrived('small')).raw, (await arrived('large')).raw]
  const cases = raws.map((raw) => ({
    message: raw.toString('base64'),
    records: { [key.record.name]: key.record.text },
    signatures: 1,
  }))
  const oracle = fileURLToPath(new URL('../support/dkim-oracle.py', import.meta.url))
  const said = execFileSync('/usr/bin/python3', [oracle], { input: JSON.stringify(cases), maxBuffer: 1e8 })
  expect(JSON.parse(said.toString())).toEqual([[true], [true]])
  const entries = await home.json<QueueEntryView[]>(['queue', 'list'])
  expect(entries.map(({ subject, signedBy }) => [subject, signedBy])).toEqual([
    ['large', [key.record.name]],
    ['small', [key.record.name]],
    ['before', []],
  ])
})

test('what protected a session stands with its recipient and its domain, and is forgotten on demand', async () => {
  const first = (await home.json<QueueEntryView[]>(['queue', 'list'])).at(-1)
  expect(first?.recipients[0]?.tls).toMatchObject({
    policy: 'none',
    trouble: null,
    facts: { version: 'TLSv1.3', trusted: true, nameFits: true },
  })
  expect(await home.json<TlsDomainView[]>(['tls', 'list'])).toMatchObject([
    { domain: 'far.test', ratchet: { sinceMs: expect.any(Number) }, last: { mx: 'mx.test', facts: { trusted: true } } },
  ])
  expect((await home.run(['tls', 'list'])).stdout).toMatch(/^DOMAIN .*\nfar\.test +20\d\d-.* TLSv1\.3 +none\n$/)
  expect(await home.run(['tls', 'forget', 'far.test'])).toMatchObject({ status: 0 })
  expect((await home.run(['tls', 'list'])).stdout).toBe('No mail went to another server yet.\n')
  expect(await home.run(['tls', 'forget', 'far.test'])).toMatchObject({ status: 1 })
})

test('a key that is switched off or removed signs nothing', async () => {
  expect((await home.run(['dkim', 'off', 'home.test'])).stdout).toContain('it is switched off')
  await send('off', 'x\n')
  expect((await arrived('off')).raw.toString()).not.toContain('DKIM-Signature')
  expect((await home.run(['dkim', 'on', 'home.test'])).status).toBe(0)
  await send('on', 'x\n')
  expect((await arrived('on')).raw.toString()).toContain('DKIM-Signature')
  expect((await home.run(['dkim', 'remove', 'home.test'])).status).toBe(0)
  expect((await home.run(['dkim', 'remove', 'home.test'])).status).toBe(64)
  await send('removed', 'x\n')
  expect((await arrived('removed')).raw.toString()).not.toContain('DKIM-Signature')
})
