import { afterAll, beforeAll, expect } from 'vitest'
import { Bench, short } from '../support/mx-zone.ts'
import { needs } from '../support/peers.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'

/** Our relay against a Postfix that is the MX of a domain. */
const peers = needs('postfix')
peers.describe('relay to Postfix', () => {
  const bench = new Bench()
  let postfix: Postfix
  beforeAll(async () => {
    postfix = await startPostfix({ domain: 'dest.test', users: ['bob', 'eve'] })
  })
  afterAll(async () => {
    await bench.close()
    await postfix?.stop()
  })

  const zone = {
    'dest.test': { MX: [{ preference: 10, exchange: 'mx.dest.test' }] },
    'mx.dest.test': { A: ['127.0.0.1'] },
  }
  const arrived = async (user: string, count: number): Promise<Buffer[]> => {
    for (;;) {
      const messages = await postfix.messages(user)
      if (messages.length >= count) return messages
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  peers.test('two messages over one TLS connection arrive line for line, an unknown user bounces', async () => {
    const body = ['.', '..', '. .', 'plain', '', '.end', 'x'.repeat(990), '.'].join('\r\n')
    const message = (n: number) => `Subject: ${n}\r\nMessage-ID: <${n}@sender.test>\r\n\r\n${body}\r\n`
    const relayed = await bench.deliver(zone, postfix.port, [
      { to: ['bob@dest.test', 'nobody@dest.test', 'eve@dest.test'], message: message(1) },
      { to: ['bob@dest.test'], message: message(2) },
    ])
    expect(short(relayed)).toEqual([
      'bob delivered mx.dest.test',
      'nobody bounced RCPT 550 mx.dest.test',
      'eve delivered mx.dest.test',
      'bob delivered mx.dest.test',
    ])
    expect(relayed.sessions).toMatchObject([{ tls: true, messages: 2 }])
    const got = await arrived('bob', 2)
    await arrived('eve', 1)
    for (const one of got) {
      const text = one.toString('latin1')
      expect(text.slice(text.indexOf('\n\n') + 2)).toBe(`${body.replaceAll('\r\n', '\n')}\n`)
    }
  })
})
