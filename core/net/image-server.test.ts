import { createServer, type Server } from 'node:https'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testCertificate, type TestCertificate } from '../../test/support/certificate.ts'
import { impatient } from '../../test/support/mx-zone.ts'
import { startDnsServer, type DnsStub } from '../../test/support/dns-server.ts'
import { makeDialer, type Dialer } from './dial.ts'
import { makeResolver } from './dns.ts'
import { makeHttpsGet } from './https-get.ts'
import { makeImageGet } from './image-get.ts'

/** Pictures of mail, asked of a real server that means no good. */
const PUBLIC = '203.0.113.5'
const PIXEL = Buffer.from('R0lGODlhAQABAAAAACwAAAAAAQABAAA=', 'base64')

describe('a server of pictures', () => {
  let certificate: TestCertificate
  let server: Server
  let dns: DnsStub
  let port: number
  let heard: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = []
  let dialled: string[] = []

  beforeAll(async () => {
    certificate = testCertificate('pictures.test', 'other.test')
    server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
      const path = request.url ?? ''
      heard.push({ path, headers: request.headers })
      const picture = { 'content-type': 'image/gif', 'set-cookie': 'who=nora; Domain=test; Path=/' }
      if (path === '/endless') {
        response.writeHead(200, picture)
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(256 * 1024)));
          if (!response.destroyed) response.once('drain', more)
        }
        return more()
      }
      if (path === '/drip') {
        response.writeHead(200, picture)
        return void response.write('G')
      }
      if (path === '/liar')
        return void response.writeHead(200, { ...picture, 'content-length': '10' }).end(PIXEL.subarray(0, 5))
      const to = /^\/to\?(.*)$/.exec(path)?.[1]
      if (to !== undefined) return void response.writeHead(302, { ...picture, location: decodeURIComponent(to) }).end()
      return void response.writeHead(200, picture).end(PIXEL)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ;({ port } = server.address() as AddressInfo)
    dns = await startDnsServer({
      'pictures.test': { A: [PUBLIC] },
      'other.test': { A: [PUBLIC] },
      'inside.test': { A: ['10.0.0.1'] },
      'here.test': { A: ['127.0.0.1'], AAAA: ['::1'] },
      'mapped.test': { AAAA: ['::ffff:192.168.1.1'] },
    })
  })
  afterAll(async () => {
    server?.closeAllConnections()
    server?.close()
    await dns?.close()
    certificate?.remove()
  })
  beforeEach(() => {
    heard = []
    dialled = []
  })

  /** As the product asks; the public address leads to the server here, and nothing else leads anywhere. */
  const get = (url: string, clock = impatient()) => {
    const dial: Dialer = (target, signal) => {
      dialled.push(target.address)
      if (target.address !== PUBLIC) return Promise.resolve({ ok: false, errno: 'ECONNREFUSED', reason: 'refused' })
      return makeDialer()({ ...target, address: '127.0.0.1', port }, signal)
    }
    const resolver = makeResolver({ servers: () => [{ address: '127.0.0.1', port: dns.port }] })
    const ask = makeHttpsGet({ resolver, dial, clock, hasIpv6: () => true })
    return makeImageGet(ask, () => ({ caFile: certificate.caFile, allowPrivate: false }))(url, undefined)
  }
  const redirect = (to: string) => `https://pictures.test/to?${encodeURIComponent(to)}`

  test('gives its picture, and hears neither who reads nor where', async () => {
    expect(await get('https://pictures.test/a.gif')).toEqual({ ok: true, contentType: 'image/gif', bytes: PIXEL })
    const { headers = {} } = heard[0] ?? {}
    expect(Object.keys(headers).toSorted()).toEqual(
      ['accept', 'connection', 'host', 'user-agent'].filter((name) => name in headers),
    )
    expect(headers).not.toHaveProperty('referer')
    expect(headers).not.toHaveProperty('cookie')
  })

  test('that sends on gets no cookie back, from itself or from another host', async () => {
    expect(await get(redirect('/a.gif'))).toMatchObject({ ok: true })
    expect(await get(redirect('https://other.test/a.gif'))).toMatchObject({ ok: true })
    expect(heard).toHaveLength(4)
    expect(heard.filter(({ headers }) => 'cookie' in headers || 'referer' in headers)).toEqual([])
  })

  test.each([
    'https://inside.test/x',
    'https://here.test/x',
    'https://mapped.test/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
  ])('that sends on to %s leads nowhere: no private address is dialled', async (to) => {
    const got = await get(redirect(to))
    expect(got.ok).toBe(false)
    expect(dialled).toEqual([PUBLIC])
  })

  test('that never ends is cut off after eight megabytes', async () => {
    const got = await get('https://pictures.test/endless')
    expect(got.ok ? '' : got.reason).toMatch(/^pictures\.test could not be asked: .*(?:long|large|8)/)
  })

  test('that trickles is left after twenty seconds', async () => {
    const got = await get('https://pictures.test/drip', impatient(20_000))
    expect(got).toMatchObject({ ok: false, reason: expect.stringContaining('no whole answer within 20 s') })
  })

  test('that stops in the middle gives no picture', async () => {
    expect(await get('https://pictures.test/liar')).toMatchObject({ ok: false })
  })
})
