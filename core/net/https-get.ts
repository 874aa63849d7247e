import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { systemClock, type Clock } from '../base/clock.ts'
import { errnoWords } from '../base/errno.ts'
import { reasonOf } from '../base/fault.ts'
import { Agent, request } from '../base/http.ts'
import { formatEndpoint, hasGlobalIpv6, isPrivate } from './address.ts'
import { CONNECT_TIMEOUT_SHORT_MS, type Dialer } from './dial.ts'
import { describeLookup, type Lookup, type Resolver } from './dns.ts'
import { secure } from './tls.ts'

/** A small document by HTTPS, or why there is none. `notes` tell step by step how that went. */
export type HttpsAnswer =
  | {
      readonly ok: true
      readonly status: number
      /** The media type in lower case without parameters; '' where none was said. */
      readonly mediaType: string
      /** Where a redirect leads, as it was said; '' where none does. */
      readonly location: string
      readonly body: Buffer
      readonly notes: readonly string[]
    }
  | {
      readonly ok: false
      readonly reason: string
      /** The host is not there, as the name servers say. */
      readonly isNowhere: boolean
      readonly notes: readonly string[]
    }
/** Joint: one GET, or one POST where `post` is given, by HTTPS. Never throws. */
export type HttpsGet = (host: string, path: string, terms: HttpsTerms) => Promise<HttpsAnswer>
export interface HttpsTerms {
  /** Extra authorities, as a PEM file; '' for none. */
  readonly caFile: string
  /** Private and loopback addresses are dialled, too. */
  readonly allowPrivate: boolean
  /** Another port than 443. */
  readonly port?: number
  /** The media type that is wanted; plain text where this is left out. */
  readonly accept?: string
  /** Sent in a POST. */
  readonly post?: { readonly mediaType: string; readonly body: string }
  /** A longer body is no answer. */
  readonly mostBytes: number
  /** For all of it: names, connection, handshake and answer. */
  readonly timeoutMs: number
  /** Gives it up before that. */
  readonly signal?: AbortSignal
}
interface Deps {
  readonly resolver: Resolver
  readonly dial: Dialer
  readonly clock?: Clock
  /** Whether to begin with IPv6. */
  readonly hasIpv6?: () => boolean
}

const HTTPS_PORT = 443
/** Longer places to go on to are not gone to. */
const LONGEST_LOCATION = 2000
/** Addresses tried of one host. */
const MOST_ADDRESSES = 2

/**
 * Fetches by our own resolver and dialer, with the certificate verified for `host`. Redirects are answers like any other and
 * never followed: where a stranger's name leads is decided once.
 */
export function makeHttpsGet({ resolver, dial, clock = systemClock, hasIpv6 = hasGlobalIpv6 }: Deps): HttpsGet {
  return async (host, path, terms) => {
    const notes: string[] = []
    const { port = HTTPS_PORT } = terms
    // Without the query: it may carry somebody's address.
    const url = `https://${host}${port === HTTPS_PORT ? '' : `:${port}`}${path.split('?', 1)[0]}`
    const gone = new AbortController()
    const giveUp = () => gone.abort()
    const cancel = clock.after(terms.timeoutMs, giveUp)
    if (terms.signal?.aborted) giveUp()
    terms.signal?.addEventListener('abort', giveUp, { once: true })
    const failed = (reason: string, isNowhere = false): HttpsAnswer => {
      const late = terms.signal?.aborted ? 'given up' : `no whole answer within ${terms.timeoutMs / 1000} s`
      const why = gone.signal.aborted ? late : reason
      notes.push(`${url}: ${why}`)
      return { ok: false, reason: why, isNowhere: isNowhere && !gone.signal.aborted, notes }
    }
    try {
      const [a, aaaa] = await untilGone(
        Promise.all([resolver.lookup(host, 'A'), resolver.lookup(host, 'AAAA')]),
        gone.signal,
      )
      notes.push(describeLookup(a), describeLookup(aaaa))
      const ipv4 = a.kind === 'found' ? a.records : []
      const ipv6 = aaaa.kind === 'found' ? aaaa.records : []
      const found = hasIpv6() ? [...ipv6.slice(0, 1), ...ipv4] : [...ipv4, ...ipv6]
      const open = found.filter((one) => terms.allowPrivate || !isPrivate(one)).slice(0, MOST_ADDRESSES)
      if (open.length === 0)
        return found.length > 0
          ? failed(`${host} has only private addresses`)
          : failed(`${host} has no address`, isNone(a) && isNone(aaaa))
      let reason = ''
      for (const address of open) {
        const dialled = await dial({ address, port, timeoutMs: CONNECT_TIMEOUT_SHORT_MS }, gone.signal)
        if (!dialled.ok) {
          reason = `${formatEndpoint(address, port)}: ${errnoWords(dialled.errno)}`
          continue
        }
        const drop = () => dialled.socket.destroy()
        gone.signal.addEventListener('abort', drop, { once: true })
        if (gone.signal.aborted) drop()
        const secured = await secure(dialled.socket, { host, caFile: terms.caFile, verify: 'strict' }, clock)
        // A certificate that is not trusted is no reason to ask another machine of the same name.
        if (!secured.ok) {
          drop()
          return failed(`TLS with ${formatEndpoint(address, port)} failed: ${secured.reason}`)
        }
        const { facts, socket } = secured
        notes.push(`${url} at ${formatEndpoint(address, port)}, ${facts.version} ${facts.cipher}`)
        try {
          const answer = await get(socket, port === HTTPS_PORT ? host : `${host}:${port}`, path, terms)
          notes.push(`${answer.status} ${answer.mediaType}, ${answer.body.length} bytes`)
          return { ok: true, ...answer, notes }
        } catch (error) {
          return failed(reasonOf(error))
        } finally {
          socket.destroy()
        }
      }
      return failed(`no connection: ${reason}`)
    } catch (error) {
      return failed(reasonOf(error))
    } finally {
      cancel()
      terms.signal?.removeEventListener('abort', giveUp)
    }
  }
}

const isNone = ({ kind }: Lookup) => kind === 'NXDOMAIN' || kind === 'NODATA'

/** Waits for names no longer than for the rest. */
function untilGone<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new Error('given up'))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject)
  })
}

/** One request over a connection of our own making. Rejects for what is no HTTP, is cut off, or is too long. */
function get(socket: Duplex, host: string, path: string, { accept = 'text/plain', post, mostBytes }: HttpsTerms) {
  type Got = { status: number; mediaType: string; location: string; body: Buffer }
  return new Promise<Got>((resolve, reject) => {
    const headers = {
      host,
      accept,
      'user-agent': 'Posthorn',
      'connection': 'close',
      ...(post && { 'content-type': post.mediaType, 'content-length': Buffer.byteLength(post.body) }),
    }
    // Only an agent's own connections are sure to be taken: a request without one would look the host up by itself.
    const agent = Object.assign(new Agent(), { createConnection: () => socket })
    const asked = request({ agent, host, path, headers, method: post ? 'POST' : 'GET' })
    asked.on('error', reject)
    asked.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= mostBytes) return void chunks.push(chunk)
        reject(new Error(`the answer is longer than ${mostBytes} bytes`))
        response.destroy()
      })
      response.on('error', reject)
      response.on('aborted', () => reject(new Error('the answer was cut off')))
      response.on('end', () => {
        const mediaType = (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
        const { location = '' } = response.headers
        resolve({
          status: response.statusCode ?? 0,
          mediaType: mediaType.slice(0, 100),
          location: location.length > LONGEST_LOCATION ? '' : location,
          body: Buffer.concat(chunks),
        })
      })
    })
    asked.end(post?.body)
  })
}
