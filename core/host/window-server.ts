import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { WebSocketServer } from 'ws'
import { Fault } from '../base/fault.ts'
import { serveSocket, type EngineRouter } from '../rpc/serve.ts'
import { Access } from './access.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
/** The mail frame's own policy (ARCHITECTURE.md, "The mail frame"): styles of the mail work, nothing else does. */
const FRAME_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin"
const LONGEST_TICKET = 4096
const LONGEST_RPC_FRAME = 1 << 20

/** Bytes given out by handle: where they come from is the engine's business. */
export interface Bytes {
  open(handle: string):
    | {
        readonly filename: string
        readonly contentType: string
        readonly sizeBytes: number | undefined
        bytes(): AsyncIterable<Uint8Array>
      }
    | undefined
}
export interface WindowServer {
  readonly port: number
  /** A new address of the window, good once and for 60 s. */
  newAddress(): string
  close(): Promise<void>
}

/** Serves the built window and the contract to browsers of this computer. Throws `listen.taken`. */
export async function serveWindow(options: {
  readonly folder: string
  readonly port: number
  readonly router: EngineRouter
  readonly bytes: Bytes
}): Promise<WindowServer> {
  const access = new Access(() => performance.now())
  const root = resolve(options.folder)
  const http = createServer((request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500, HEADERS)
      response.end()
    })
  })
  http.headersTimeout = 10_000
  http.requestTimeout = 60_000
  const own = () => `127.0.0.1:${(http.address() as AddressInfo).port}`

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A name that was rebound to 127.0.0.1 shows in Host; a page of another origin shows in Origin.
    if (request.headers.host !== own()) return void response.writeHead(421, HEADERS).end()
    const origin = request.headers.origin
    if (origin !== undefined && origin !== `http://${own()}`) return void response.writeHead(403, HEADERS).end()
    const path = new URL(request.url ?? '/', `http://${own()}`).pathname
    if (request.method === 'POST' && path === '/session') return changeTicket(request, response, origin)
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, HEADERS).end()
    if (path.startsWith('/bytes/')) return giveBytes(path.slice('/bytes/'.length), response)
    return giveFile(path, response)
  }

  async function changeTicket(
    request: IncomingMessage,
    response: ServerResponse,
    origin: string | undefined,
  ): Promise<void> {
    if (origin === undefined) return void response.writeHead(403, HEADERS).end()
    let body = ''
    for await (const chunk of request) {
      body += String(chunk)
      if (body.length > LONGEST_TICKET) return void response.writeHead(413, HEADERS).end()
    }
    const token = access.redeem(ticketOf(body))
    if (token === undefined) return void response.writeHead(403, HEADERS).end()
    response.writeHead(200, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify({ token }))
  }

  async function giveBytes(handle: string, response: ServerResponse): Promise<void> {
    const given = options.bytes.open(handle)
    if (!given) return void response.writeHead(404, HEADERS).end()
    response.writeHead(200, {
      ...HEADERS,
      // Whatever the mail says it is, a browser only ever saves it.
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(given.filename).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`,
      'content-security-policy': "default-src 'none'; sandbox",
      ...(given.sizeBytes === undefined ? {} : { 'content-length': String(given.sizeBytes) }),
    })
    await pipeline(Readable.from(given.bytes()), response)
  }

  async function giveFile(path: string, response: ServerResponse): Promise<void> {
    let wanted: string
    try {
      wanted = decodeURIComponent(path === '/' ? '/index.html' : path)
    } catch {
      return void response.writeHead(400, HEADERS).end()
    }
    const file = resolve(join(root, wanted))
    const type = TYPES[extname(file)]
    if (!file.startsWith(root + sep) || wanted.includes('\0') || type === undefined)
      return void response.writeHead(404, HEADERS).end()
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile()) {
      if (wanted !== '/index.html') return void response.writeHead(404, HEADERS).end()
      return void response
        .writeHead(503, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' })
        .end('The window has not been built yet: run "npm run build", then open this address again.\n')
    }
    const policy = file === join(root, 'frame.html') ? FRAME_POLICY : windowPolicy(own())
    response.writeHead(200, {
      ...HEADERS,
      'content-type': type,
      'content-length': found.size,
      'content-security-policy': policy,
    })
    await pipeline(createReadStream(file), response)
  }

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LONGEST_RPC_FRAME,
    handleProtocols: () => 'posthorn',
  })
  const serve = serveSocket(options.router)
  http.on('upgrade', (request, socket, head) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim())
    const token = offered.find((part) => part.startsWith('token.'))?.slice('token.'.length) ?? ''
    const good =
      request.headers.host === own() &&
      request.headers.origin === `http://${own()}` &&
      request.url === '/rpc' &&
      offered.includes('posthorn') &&
      access.knows(token)
    if (!good) {
      // From here on the socket is ours alone: nobody else hears of its errors, or closes it when the other end does not.
      socket.on('error', () => {})
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n', () => socket.destroy())
      return
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => {}) // such as a frame over the limit: it closes by itself, and the window opens another one
      serve(opened)
    })
  })

  await new Promise<void>((done, failed) => {
    http.once('error', (error: NodeJS.ErrnoException) =>
      failed(
        new Fault(
          'listen.taken',
          `serve the window on 127.0.0.1 port ${options.port}: ${error.code === 'EADDRINUSE' ? 'another program listens there' : error.message}`,
          { host: '127.0.0.1', port: options.port, reason: error.code ?? error.message },
          error,
        ),
      ),
    )
    http.listen(options.port, '127.0.0.1', done)
  })
  http.on('error', () => {}) // of a connection that could not be accepted, for want of file handles: the next one may be
  return {
    port: (http.address() as AddressInfo).port,
    newAddress: () => `http://${own()}/#ticket=${access.newTicket()}`,
    async close() {
      for (const client of sockets.clients) client.terminate()
      const closed = new Promise<void>((done) => http.close(() => done()))
      http.closeAllConnections()
      await closed
    },
  }
}

/** The window's policy: its own files, its own socket, nothing else. */
function windowPolicy(own: string): string {
  return `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self' ws://${own}; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}

function ticketOf(body: string): string {
  try {
    const json: unknown = JSON.parse(body)
    if (json !== null && typeof json === 'object' && 'ticket' in json && typeof json.ticket === 'string')
      return json.ticket
  } catch {
    // no JSON is no ticket
  }
  return ''
}
