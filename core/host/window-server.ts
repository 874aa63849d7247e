import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { WebSocketServer } from 'ws'
import { Fault } from '../base/fault.ts'
import { createServer } from '../base/http.ts'
import { pageFileOf, pageTypeOf } from '../rpc/page-files.ts'
import { bytesHeaders, contentPolicyOf, PAGE_HEADERS } from '../rpc/page-policy.ts'
import { serveSocket, type EngineRouter } from '../rpc/serve.ts'
import { Access } from './access.ts'

const HEADERS = {
  'cache-control': 'no-store',
  ...PAGE_HEADERS,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
const LONGEST_TICKET = 4096
const LONGEST_RPC_FRAME = 1 << 20
/** RFC 6455 §7.4 leaves 1012 to IANA: the service restarts. */
const RESTARTED = 1012
const LAST_WORDS_MS = 100

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
  /** Serves another engine from now on; windows that are open connect anew. */
  serve(engine: { readonly router: EngineRouter; readonly bytes: Bytes }): void
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
  let { bytes } = options
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
    const given = bytes.open(handle)
    if (!given) return void response.writeHead(404, HEADERS).end()
    response.writeHead(200, {
      ...HEADERS,
      ...bytesHeaders(given.filename),
      ...(given.sizeBytes === undefined ? {} : { 'content-length': String(given.sizeBytes) }),
    })
    await pipeline(Readable.from(given.bytes()), response)
  }

  async function giveFile(path: string, response: ServerResponse): Promise<void> {
    const file = pageFileOf(options.folder, path)
    const type = file === undefined ? undefined : pageTypeOf(file)
    if (file === undefined || type === undefined) return void response.writeHead(404, HEADERS).end()
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile()) {
      if (path !== '/' && path !== '/index.html') return void response.writeHead(404, HEADERS).end()
      return void response
        .writeHead(503, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' })
        .end('The window has not been built yet: run "npm run build", then open this address again.\n')
    }
    response.writeHead(200, {
      ...HEADERS,
      'content-type': type,
      'content-length': found.size,
      'content-security-policy': contentPolicyOf(path, {
        images: "'self'",
        connect: `'self' ws://${own()}`,
      }),
    })
    await pipeline(createReadStream(file), response)
  }

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LONGEST_RPC_FRAME,
    handleProtocols: () => 'posthorn',
  })
  let serve = serveSocket(options.router)
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
          `serve the window on 127.0.0.1 port ${options.port}: ${error.code === 'EADDRINUSE' ? 'another program listens there' : error.message}; set ui.port to another one, or to 0 for any that is free`,
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
    serve(engine) {
      bytes = engine.bytes
      serve = serveSocket(engine.router)
      // What is being answered goes out before the closing frame.
      for (const client of sockets.clients) setTimeout(() => client.close(RESTARTED), LAST_WORDS_MS).unref()
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      const closed = new Promise<void>((done) => http.close(() => done()))
      http.closeAllConnections()
      await closed
    },
  }
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
