import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { isFault } from '../base/fault.ts'
import { lockedRouter } from '../rpc/locked.ts'
import { serveWindow, type WindowServer } from './window-server.ts'

let root: string
let server: WindowServer
const given = {
  open: (handle: string) =>
    handle === 'good'
      ? {
          filename: 'it\'s "a" näme.html',
          contentType: 'text/html',
          sizeBytes: 5,
          bytes: async function* () {
            yield Buffer.from('<b>hi')
          },
        }
      : undefined,
}
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'posthorn-window-'))
  mkdirSync(join(root, 'dist'))
  writeFileSync(join(root, 'dist', 'index.html'), '<!doctype html>window')
  writeFileSync(join(root, 'dist', 'frame.html'), '<!doctype html>')
  writeFileSync(join(root, 'secret.html'), 'outside')
  server = await serveWindow({
    folder: join(root, 'dist'),
    port: 0,
    router: lockedRouter(root, 'the key file is missing'),
    bytes: given,
  })
})
afterEach(async () => {
  await server.close()
  rmSync(root, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host: `127.0.0.1:${server.port}`, ...options.headers }
    const sent = request(
      { host: '127.0.0.1', port: server.port, path, method: options.method ?? 'GET', headers },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      },
    )
    sent.on('error', reject)
    sent.end(options.body)
  })
}
const own = () => `http://127.0.0.1:${server.port}`
const ticketOf = (address: string) => new URL(address).hash.slice('#ticket='.length)
async function token(): Promise<string> {
  const answer = await ask('/session', {
    method: 'POST',
    headers: { origin: own() },
    body: JSON.stringify({ ticket: ticketOf(server.newAddress()) }),
  })
  return (JSON.parse(answer.body) as { token: string }).token
}
/** Opens the socket; resolves with the protocol that was agreed, or with the status that refused it. */
function dial(
  protocols: string[],
  origin = own(),
): Promise<{ protocol: string; socket: WebSocket } | { status: number }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, protocols, { origin })
    socket.on('open', () => resolve({ protocol: socket.protocol, socket }))
    socket.on('unexpected-response', (_, response) => resolve({ status: response.statusCode ?? 0 }))
    socket.on('error', () => {})
  })
}

test('the window comes with a policy that lets nothing in but its own files and its own socket', async () => {
  const { status, headers, body } = await ask('/')
  expect(status).toBe(200)
  expect(body).toContain('window')
  const policy = headers['content-security-policy'] ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self'")
  expect(policy).not.toContain('unsafe')
  expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${server.port}`)
  expect(headers['x-content-type-options']).toBe('nosniff')
})

test("the mail frame has a policy of its own: the mail's styles, no script, sandboxed", async () => {
  const policy = (await ask('/frame.html')).headers['content-security-policy'] ?? ''
  expect(policy).toContain("style-src 'unsafe-inline'")
  expect(policy).toContain('sandbox allow-same-origin')
  expect(policy).not.toContain('script-src')
  expect(policy).not.toContain('http:')
})

test.each([
  '/../secret.html',
  '/..%2fsecret.html',
  '/%2e%2e/secret.html',
  '/%2e%2e%2fsecret.html',
  '/index.html%00.js',
  '/%',
  '/nothing.html',
])('nothing outside the window is served: %s', async (path) => {
  const { status, body } = await ask(path)
  expect(status).toBeGreaterThanOrEqual(400)
  expect(body).not.toContain('outside')
})

test('a name that was rebound to this computer gets nothing', async () => {
  expect((await ask('/', { headers: { host: 'evil.example' } })).status).toBe(421)
  expect((await ask('/', { headers: { host: `localhost:${server.port}` } })).status).toBe(421)
})

test('a page of another origin gets nothing', async () => {
  const body = JSON.stringify({ ticket: ticketOf(server.newAddress()) })
  expect((await ask('/session', { method: 'POST', headers: { origin: 'http://evil.example' }, body })).status).toBe(403)
  expect((await ask('/session', { method: 'POST', body })).status).toBe(403)
})

test('a ticket changes into a token once', async () => {
  const body = JSON.stringify({ ticket: ticketOf(server.newAddress()) })
  const first = await ask('/session', { method: 'POST', headers: { origin: own() }, body })
  expect(first.status).toBe(200)
  expect((await ask('/session', { method: 'POST', headers: { origin: own() }, body })).status).toBe(403)
  expect((await ask('/session', { method: 'POST', headers: { origin: own() }, body: 'x'.repeat(5000) })).status).toBe(
    413,
  )
  expect((await ask('/session', { method: 'POST', headers: { origin: own() }, body: 'no json' })).status).toBe(403)
})

test('the socket opens for a known token from our own page, and for nobody else', async () => {
  const good = await token()
  const opened = await dial(['posthorn', `token.${good}`])
  expect(opened).toMatchObject({ protocol: 'posthorn' })
  if ('socket' in opened) opened.socket.terminate()
  expect(await dial(['posthorn', 'token.made-up'])).toEqual({ status: 403 })
  expect(await dial(['posthorn'])).toEqual({ status: 403 })
  expect(await dial(['posthorn', `token.${good}`], 'http://evil.example')).toEqual({ status: 403 })
})

test('bytes are given by handle, only ever to be saved', async () => {
  const { status, headers, body } = await ask('/bytes/good')
  expect(status).toBe(200)
  expect(body).toBe('<b>hi')
  expect(headers['content-type']).toBe('application/octet-stream')
  expect(headers['content-disposition']).toBe("attachment; filename*=UTF-8''it%27s%20%22a%22%20n%C3%A4me.html")
  expect(headers['content-security-policy']).toContain('sandbox')
  expect((await ask('/bytes/made-up')).status).toBe(404)
})

test('a port that is taken is said with its number', async () => {
  const second = serveWindow({ folder: root, port: server.port, router: lockedRouter(root, ''), bytes: given })
  await expect(second).rejects.toThrow(`port ${server.port}: another program listens there`)
  await expect(second).rejects.toSatisfy((error) => isFault(error, 'listen.taken'))
})

/** Asks for an upgrade that is refused, as a page of another origin would. */
async function refusedUpgrade() {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(
    `GET /rpc HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  return socket
}

// An error event that nobody listens to ends the process, and vitest fails for it.
test('whoever is refused the socket and resets the connection does no harm', async () => {
  const early = await refusedUpgrade()
  early.resetAndDestroy()
  const late = await refusedUpgrade()
  await once(late, 'data')
  late.resetAndDestroy()
  expect((await ask('/')).status).toBe(200)
})

test('whoever is refused the socket and does not hang up cannot keep the server from closing', async () => {
  const socket = await refusedUpgrade()
  await once(socket, 'data')
  await server.close()
  socket.destroy()
})

test('a frame that is too long ends its socket and nothing else', async () => {
  const opened = await dial(['posthorn', `token.${await token()}`])
  if (!('socket' in opened)) throw new Error('it did not open')
  const closed = once(opened.socket, 'close')
  opened.socket.send('x'.repeat(2_000_000))
  await closed
  expect((await ask('/')).status).toBe(200)
})
