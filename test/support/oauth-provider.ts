import { createHash, randomBytes } from 'node:crypto'
import { createServer as createHttp, get as getHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps, request as requestHttps } from 'node:https'
import { connect } from 'node:tls'
import { makeDialer, type Dialer } from '../../core/net/dial.ts'
import { testCertificate } from './certificate.ts'
import { listenOnLoopback } from './loopback-server.ts'

/** What the provider gives out, and what it remembers of it. */
interface Code {
  readonly challenge: string
  readonly redirectUri: string
  readonly user: string
}
/** A page as the browser sees it. */
export interface Page {
  readonly status: number
  readonly location: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/**
 * Somebody who signs people in by OAuth 2.0, at https://id.test on a free loopback port: it checks PKCE, redirect, client and codes by
 * its own reading of the RFCs, and lets mail servers ask about its access tokens.
 */
export interface OauthProvider {
  readonly port: number
  readonly caFile: string
  /** For the setting `oauth.providers`. */
  readonly line: string
  /** Where mail servers ask about a token, which is to be added at the end. */
  readonly tokenInfoUrl: string
  /** Bodies of the requests for tokens, as parameters. */
  readonly tokenRequests: URLSearchParams[]
  /** Access tokens that count now, newest last. */
  readonly accessTokens: string[]
  /** How the next requests for tokens are answered in place of what is right. */
  trouble: ((response: ServerResponse) => void) | undefined
  expiresSeconds: number | undefined
  /** Gives another refresh token with each access token; the one before counts no more. */
  rotates: boolean
  /** Does what a person's browser does with that URL: signs in as somebody, or says no; ends at the redirect's answer. */
  browse(url: string, says?: 'yes' | 'no'): Promise<Page>
  /** The redirect that would end a sign-in, without going there. */
  redirectOf(url: string): Promise<string>
  /** Takes back all access tokens. */
  forgetAccess(): void
  /** Takes back everything. */
  forgetAll(): void
  close(): Promise<void>
}

/** RFC 7636 §4.2 and appendix A, written out: the hash in base64, with two characters changed and no padding. */
function challengeOf(verifier: string): string {
  const base64 = createHash('sha256').update(Buffer.from(verifier, 'latin1')).digest('base64')
  return base64.replace(/=+$/, '').split('+').join('-').split('/').join('_')
}

const CLIENT = 'posthorn-test'
const SECRET = 'client-words-17'
const fresh = (kind: string) => `${kind}-${randomBytes(24).toString('hex')}`

export async function startOauthProvider(): Promise<OauthProvider> {
  const certificate = testCertificate('id.test')
  const codes = new Map<string, Code>()
  const refreshTokens = new Map<string, string>()
  const accessTokens = new Map<string, string>()
  const tokenRequests: URLSearchParams[] = []

  const authorize = (query: URLSearchParams, response: ServerResponse) => {
    const only = (name: string) => (query.getAll(name).length === 1 ? (query.get(name) ?? '') : '')
    const refuse = (why: string) => void response.writeHead(400).end(why)
    if (only('client_id') !== CLIENT) return refuse('client_id')
    const redirect = new URL(only('redirect_uri'))
    if (redirect.protocol !== 'http:' || redirect.hostname !== '127.0.0.1' || redirect.port === '')
      return refuse('redirect')
    if (only('response_type') !== 'code') return refuse('response_type')
    if (only('scope') !== 'mail offline') return refuse('scope')
    if (only('code_challenge_method') !== 'S256') return refuse('method')
    if (!/^[A-Za-z0-9_-]{43}$/.test(only('code_challenge'))) return refuse('challenge')
    if (only('state').length < 20) return refuse('state')
    const says = query.get('says') ?? 'yes'
    redirect.searchParams.set('state', only('state'))
    if (says === 'no') redirect.searchParams.set('error', 'access_denied')
    else {
      const code = fresh('code')
      codes.set(code, {
        challenge: only('code_challenge'),
        redirectUri: only('redirect_uri'),
        user: only('login_hint'),
      })
      redirect.searchParams.set('code', code)
    }
    response.writeHead(302, { location: redirect.href }).end()
  }

  const token = (body: URLSearchParams, response: ServerResponse) => {
    const say = (status: number, words: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(words))
    if (body.get('client_id') !== CLIENT || body.get('client_secret') !== SECRET)
      return say(401, { error: 'invalid_client' })
    const give = (user: string, refresh: string | undefined) => {
      const access = fresh('access')
      accessTokens.set(access, user)
      return say(200, {
        access_token: access,
        token_type: 'Bearer',
        ...(provider.expiresSeconds !== undefined && { expires_in: provider.expiresSeconds }),
        ...(refresh !== undefined && { refresh_token: refresh }),
      })
    }
    const newRefresh = (user: string) => {
      const refresh = fresh('refresh')
      refreshTokens.set(refresh, user)
      return refresh
    }
    if (body.get('grant_type') === 'authorization_code') {
      const given = body.get('code') ?? ''
      const code = codes.get(given)
      codes.delete(given) // Once (RFC 6749 §4.1.2).
      if (code === undefined || code.redirectUri !== body.get('redirect_uri'))
        return say(400, { error: 'invalid_grant' })
      const verifier = body.get('code_verifier') ?? ''
      if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier) || challengeOf(verifier) !== code.challenge)
        return say(400, { error: 'invalid_grant', error_description: 'the verifier is another one' })
      return give(code.user, newRefresh(code.user))
    }
    const refresh = body.get('refresh_token') ?? ''
    const user = refreshTokens.get(refresh)
    if (body.get('grant_type') !== 'refresh_token' || user === undefined)
      return say(400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' })
    if (!provider.rotates) return give(user, undefined)
    refreshTokens.delete(refresh)
    return give(user, newRefresh(user))
  }

  const https = createHttps({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    const url = new URL(request.url ?? '', 'https://id.test')
    if (request.method === 'GET' && url.pathname === '/authorize') return authorize(url.searchParams, response)
    if (request.method !== 'POST' || url.pathname !== '/token') return void response.writeHead(404).end()
    if (request.headers['content-type'] !== 'application/x-www-form-urlencoded')
      return void response.writeHead(415).end()
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
    request.on('end', () => {
      const parameters = new URLSearchParams(body)
      tokenRequests.push(parameters)
      if (provider.trouble) provider.trouble(response)
      else token(parameters, response)
    })
  })
  const listening = await listenOnLoopback((socket) => https.emit('connection', socket))
  const info = createHttp((request, response) => {
    const said = new URL(request.url ?? '', 'http://x').searchParams.get('access_token') ?? ''
    const user = accessTokens.get(said)
    response.setHeader('content-type', 'application/json')
    if (user === undefined) response.writeHead(400).end('{"error":"invalid_token"}')
    else response.end(JSON.stringify({ email: user, expires_in: 60 }))
  })
  const infoListening = await listenOnLoopback((socket) => info.emit('connection', socket))

  const ask = (url: string) =>
    new Promise<Page>((resolve, reject) => {
      const { pathname, search, host } = new URL(url)
      const socket = connect({ host: '127.0.0.1', port: listening.port, servername: 'id.test', ca: certificate.cert })
      requestHttps(
        { createConnection: () => socket, path: `${pathname}${search}`, headers: { host } },
        collect(resolve),
      )
        .on('error', reject)
        .end()
    })
  const redirectOf = async (url: string) => {
    const { status, location, body } = await ask(url)
    if (status !== 302) throw new Error(`the provider refuses: ${status} ${body}`)
    return location
  }
  const at = `https://id.test:${listening.port}`
  const provider: OauthProvider = {
    port: listening.port,
    caFile: certificate.caFile,
    line: `id=firm name=Firm_Post authorize=${at}/authorize token=${at}/token client=${CLIENT} secret=${SECRET} scope=mail+offline hosts=*.firm.test`,
    tokenInfoUrl: `http://127.0.0.1:${infoListening.port}/?access_token=`,
    tokenRequests,
    get accessTokens() {
      return [...accessTokens.keys()]
    },
    trouble: undefined,
    expiresSeconds: 3600,
    rotates: false,
    redirectOf,
    async browse(url, says = 'yes') {
      const location = await redirectOf(`${url}&says=${says}`)
      return fetchPage(location)
    },
    forgetAccess: () => accessTokens.clear(),
    forgetAll() {
      accessTokens.clear()
      refreshTokens.clear()
    },
    async close() {
      await Promise.all([listening.close(), infoListening.close()])
      certificate.remove()
    },
  }
  return provider
}

const collect = (resolve: (page: Page) => void) => (response: IncomingMessage) => {
  let body = ''
  response.on('data', (chunk: Buffer) => (body += chunk.toString()))
  response.on('end', () =>
    resolve({
      status: response.statusCode ?? 0,
      location: response.headers.location ?? '',
      headers: response.headers,
      body,
    }),
  )
}

/** One request to a page on this computer, as any page in a browser could make it. Rejects when nothing listens. */
export function fetchPage(url: string, how: { method?: string; headers?: Record<string, string> } = {}): Promise<Page> {
  return new Promise((resolve, reject) => {
    getHttp(url, { ...how, agent: false }, collect(resolve)).on('error', reject)
  })
}

/** A dialer to whom every other port of the world is closed. */
export function dialerTo(port: number): Dialer {
  const dial = makeDialer()
  return async (target, signal) =>
    target.port === port ? dial(target, signal) : { ok: false, errno: 'ECONNREFUSED', reason: 'refused' }
}
