import { expect, test } from 'vitest'
import { startDnsServer } from '../support/dns-server.ts'
import { eventually, Home } from '../support/posthorn.ts'
import { startSink } from '../support/smtp-sink.ts'

test('who gets a blind copy stands in no byte that any other recipient can see', async () => {
  const sink = await startSink({ offers: ['PIPELINING', 'SIZE 52428800', '8BITMIME', 'DSN'] })
  const mx = { MX: [{ preference: 10, exchange: 'mx.test' }] }
  const dns = await startDnsServer({ 'far.test': mx, 'other.test': mx, 'mx.test': { A: ['127.0.0.1'] } })
  const home = new Home({
    submission: { port: 0 },
    dns: { servers: [dns.server] },
    relay: { port: sink.port, allowPrivateAddresses: true, mtaSts: false },
  })
  const served = await home.serve()
  try {
    const text = [
      'From: ada@home.test',
      'To: bob@far.test',
      'Bcc: Eve <eve@far.test>,',
      '\tkim@other.test',
      'Resent-Bcc: kim@other.test',
      'Subject: blind',
      '',
      'x',
    ]
    await home.sendmail(['-t', '-i', '-f', 'ada@home.test'], text.join('\n'))
    await sink.waitFor(2)
    const sessions = await eventually(async () => {
      const all = await home.json<{ id: number; state: string }[]>(['log', 'list'])
      return all.length >= 2 && all.every(({ state }) => state === 'ok') ? all : undefined
    }, 'the sessions to be over')
    const dialogues = await Promise.all(
      sessions.map(async ({ id }) => (await home.run(['log', 'export', String(id)])).stdout),
    )
    const said = dialogues.join('\n')
    for (const name of ['bob@far', 'eve@far', 'kim@other'])
      expect(said.match(new RegExp(`^C: RCPT TO:<${name}\\.test>\\r?$`, 'gm'))).toHaveLength(1)
    // The commands, each recipient once; nothing says an address a second time.
    expect(said).not.toMatch(/ORCPT|bcc:/i)
    for (const { raw } of sink.messages) expect(raw.toString()).not.toMatch(/bcc|eve@|kim@/i)
  } finally {
    await served.stop()
    await sink.close()
    await dns.close()
    home.remove()
  }
})
