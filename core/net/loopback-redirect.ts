import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { createServer } from '../base/http.ts'

/** What the browser brought back: a code, or the word of why there is none (RFC 6749 §4.1.2). */
export type Redirected =
  | { readonly ok: true; readonly code: string }
  | { readonly ok: false; readonly why: 'refused'; readonly error: string }
  | { readonly ok: false; readonly why: 'time' | 'given-up' }

/** Waits on this computer for the browser to come back. */
export interface LoopbackRedirect {
  readonly port: number
  /** Resolves once; nothing listens any more then. */
  readonly redirected: Promise<Redirected>
  /** Gives it up. */
  close(): void
}

/** Longer request targets are no redirect of ours; codes of well-known providers have some hundreds of characters. */
const LONGEST_TARGET = 8192
const LONGEST_ERROR = 200
/** Requests that are not ours are answered this often; then the port is deaf for a while to whoever asks. */
const MOST_CONNECTIONS = 16
const REQUEST_MS = 10_000

/** The page is fixed: what a request says is never shown. */
const page = (title: string, text: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>`
const DONE = page('You are signed in', 'Posthorn goes on by itself. You can close this page.')
const REFUSED = page('You are not signed in', 'Posthorn says what can be done. You can close this page.')
const NOT_OURS = page('Nothing is here', 'This address is for one answer to Posthorn, and this was not it.')

/**
 * Listens on the loopback address at a port of the system's choice for the one redirect that carries `state` (RFC 8252 §7.3,
 * RFC 6749 §10.12), and closes with it, after `timeoutMs`, or when given up. Any page in any browser can send requests here: one
 * without the state, of another method, or for another name (as a rebound name would be) changes nothing.
 */
export async function awaitRedirect(terms: {
  readonly state: string
  readonly clock: Clock
  readonly timeoutMs: number
}): Promise<LoopbackRedirect> {
  let settle: (result: Redirected) => void = () => {}
  const redirected = new Promise<Redirected>((resolve) => (settle = resolve))
  let isOver = false
  const end = (result: Redirected) => {
    if (isOver) return
    isOver = true
    cancel()
    server.close()
    settle(result)
  }
  const answer = (response: ServerResponse, status: number, body: string) => {
    response
      .writeHead(status, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'connection': 'close',
      })
      .end(body)
  }
  const limits = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS / 2 }
  const server = createServer(limits, (request, response) => {
    const said = isOver ? undefined : readRedirect(request, port, terms.state)
    if (said === undefined) return answer(response, 404, NOT_OURS)
    answer(response, 200, said.ok ? DONE : REFUSED)
    end(said)
  })
  server.maxConnections = MOST_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const cancel = terms.clock.after(terms.timeoutMs, () => close('time'))
  const close = (why: 'time' | 'given-up') => {
    end({ ok: false, why })
    server.closeAllConnections()
  }
  return { port, redirected, close: () => close('given-up') }
}

/** What a request brings, if it is the redirect that is waited for. */
function readRedirect(request: IncomingMessage, port: number, state: string): Redirected | undefined {
  const { method, url = '', headers } = request
  if (method !== 'GET' || url.length > LONGEST_TARGET) return undefined
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`) return undefined
  if (!url.startsWith('/?')) return undefined
  const query = new URLSearchParams(url.slice(2))
  // A parameter must not be there twice (RFC 6749 §3.1).
  const only = (name: string) => (query.getAll(name).length === 1 ? query.get(name) : null)
  const said = only('state')
  if (said === null || !isSame(said, state)) return undefined
  const error = only('error')
  if (error !== null) return { ok: false, why: 'refused', error: error.slice(0, LONGEST_ERROR) }
  const code = only('code')
  return code === null || code === '' ? undefined : { ok: true, code }
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8')]
  return x.length === y.length && timingSafeEqual(x, y)
}
