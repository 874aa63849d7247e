import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { startDnsServer, type DnsStub } from '../../test/support/dns-server.ts'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import { fetchPage, startOauthProvider, type OauthProvider } from '../../test/support/oauth-provider.ts'
import type { TestStore } from '../../test/support/store.ts'
import { systemClock } from '../base/clock.ts'
import { makeDialer } from '../net/dial.ts'
import { makeResolver } from '../net/dns.ts'
import { makeHttpsGet } from '../net/https-get.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import { SIGN_IN_REFRESH, type UsedSignIn } from '../store/sign-in.ts'
import { signInHandlers } from './oauth-handlers.ts'
import { SignIns } from './oauth.ts'
import { vault } from './vault.ts'

/** Signing in with a real provider, by its own reading of the RFCs, over real HTTPS and a real redirect. */

let provider: OauthProvider
let dns: DnsStub
let store: TestStore
let clock: FakeClock
let settings: Settings
let signIns: SignIns
let done: UsedSignIn[]

beforeEach(async () => {
  provider = await startOauthProvider()
  dns = await startDnsServer({ 'id.test': { A: ['127.0.0.1'] } })
  store = openInlineStore(systemClock)
  clock = fakeClock()
  settings = { ...defaultSettings(), 'oauth.providers': [provider.line], 'relay.caFile': provider.caFile }
  signIns = open()
})
afterEach(async () => {
  signIns.close()
  await Promise.all([provider.close(), dns.close(), store.closeAndRemove()])
})

function open(): SignIns {
  done = []
  const servers = () => [{ address: '127.0.0.1', port: dns.port }]
  const ask = makeHttpsGet({ resolver: makeResolver({ servers }), dial: makeDialer(), hasIpv6: () => false })
  return new SignIns({
    store,
    vault: vault(store),
    settings: () => settings,
    clock,
    ask,
    caFile: () => settings['relay.caFile'],
    onSignedIn: async (signIn) => void done.push(signIn),
  })
}
const refreshOf = (id: number) => vault(store).getSecret(SIGN_IN_REFRESH, String(id))
async function signedIn(user = 'ada@firm.test') {
  const { flow, url } = await signIns.start({ provider: 'firm', user })
  await provider.browse(url)
  return signIns.wait(flow)
}
const token = async (id: number, refused?: string) => {
  const got = await signIns.tokenOf(id, refused)
  return got.ok ? got.token : got
}

describe('signing in', () => {
  test('brings a sign-in whose tokens the provider knows, and no call tells one', async () => {
    const api = signInHandlers(signIns)
    expect(await call(api.providers, undefined)).toContainEqual(
      expect.objectContaining({ id: 'firm', name: 'Firm Post', isReady: true, hint: '' }),
    )
    const begun = await call(api.start, { provider: 'firm', user: 'ada@firm.test' })
    const url = new URL(begun.url)
    expect(url.searchParams.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(url.searchParams.get('login_hint')).toBe('ada@firm.test')
    const page = await provider.browse(begun.url)
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining('You are signed in') })
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.headers['cache-control']).toBe('no-store')
    const view = await call(api.wait, { flow: begun.flow })
    expect(view).toMatchObject({ provider: 'firm', providerName: 'Firm Post', user: 'ada@firm.test', trouble: null })
    expect(done).toMatchObject([{ id: view.id, accountIds: [], routeIds: [] }])
    expect(provider.accessTokens).toEqual([await token(view.id)])
    const [{ trouble }, refresh] = [signIns.list()[0]!, refreshOf(view.id)!]
    expect(trouble).toBeNull()
    expect(refresh).toMatch(/^refresh-/)
    const told = JSON.stringify([begun, view, await call(api.list, undefined), await call(api.providers, undefined)])
    const [asked] = provider.tokenRequests
    for (const secret of [refresh, provider.accessTokens[0]!, asked!.get('code_verifier')!, 'client-words-17'])
      expect(told).not.toContain(secret)
  })

  test('again by the same person is the same sign-in with other tokens', async () => {
    const first = await signedIn()
    const before = refreshOf(first.id)
    const { flow, url } = await signIns.start({ id: first.id })
    await provider.browse(url)
    expect((await signIns.wait(flow)).id).toBe(first.id)
    expect(refreshOf(first.id)).not.toBe(before)
    expect(await token(first.id)).toBe(provider.accessTokens.at(-1))
    expect(await signedIn('bob@firm.test')).not.toMatchObject({ id: first.id })
  })

  test('is refused by the person, and says so', async () => {
    const { flow, url } = await signIns.start({ provider: 'firm', user: 'ada@firm.test' })
    const waiting = signIns.wait(flow)
    waiting.catch(() => {})
    const page = await provider.browse(url, 'no')
    expect(page.body).toContain('You are not signed in')
    await expect(waiting).rejects.toMatchObject({
      code: 'sign-in.failed',
      details: { reason: 'Firm Post was not allowed to let Posthorn in.' },
    })
    expect(signIns.list()).toEqual([])
  })

  test('that nobody finishes ends after ten minutes, and one that is given up at once; nothing listens then', async () => {
    const one = await signIns.start({ provider: 'firm', user: 'ada@firm.test' })
    const waiting = signIns.wait(one.flow)
    waiting.catch(() => {})
    clock.advance(599_000)
    expect(one.untilMs - clock.nowMs()).toBe(1000)
    clock.advance(1000)
    await expect(waiting).rejects.toThrow('ten minutes')
    const other = await signIns.start({ provider: 'firm', user: 'ada@firm.test' })
    signIns.cancel(other.flow)
    await expect(signIns.wait(other.flow)).rejects.toThrow('given up')
    for (const { url } of [one, other]) await expect(provider.browse(url)).rejects.toThrow('ECONNREFUSED')
    clock.advance(600_000)
    expect(() => signIns.wait(one.flow)).toThrow('it is over')
  })

  test('four at a time, only where a client is set, and only where somebody is known', async () => {
    const begin = () => signIns.start({ provider: 'firm', user: 'ada@firm.test' })
    const begun = await Promise.all([begin(), begin(), begin(), begin()])
    await expect(begin()).rejects.toMatchObject({ code: 'conflict' })
    signIns.cancel(begun[0]!.flow)
    await signIns.wait(begun[0]!.flow).catch(() => {})
    await begin()
    await expect(signIns.start({ provider: 'google', user: 'ada' })).rejects.toThrow('oauth.google.clientId')
    await expect(signIns.start({ provider: 'nobody', user: 'ada' })).rejects.toMatchObject({ code: 'not-found' })
    await expect(signIns.start({ id: 9 })).rejects.toMatchObject({ code: 'not-found' })
  })

  test('a provider whose certificate is not trusted is told nothing', async () => {
    settings = { ...settings, 'relay.caFile': '' }
    const { flow, url } = await signIns.start({ provider: 'firm', user: 'ada@firm.test' })
    const waiting = signIns.wait(flow)
    waiting.catch(() => {})
    await provider.browse(url)
    await expect(waiting).rejects.toThrow(/could not be asked at id\.test: TLS/)
    expect(provider.tokenRequests).toEqual([])
  })
})

describe('the page the browser comes back to', () => {
  test('takes nothing but the one redirect it waits for, and that once', async () => {
    const { flow, url } = await signIns.start({ provider: 'firm', user: 'ada@firm.test' })
    const good = new URL(await provider.redirectOf(url))
    const other = (change: (at: URL) => void) => {
      const at = new URL(good)
      change(at)
      return at.href
    }
    const bad: [string, Parameters<typeof fetchPage>[1]?][] = [
      [good.origin],
      [other((at) => at.searchParams.set('state', 'x'.repeat(43)))],
      [other((at) => at.searchParams.delete('state'))],
      [other((at) => at.searchParams.append('state', good.searchParams.get('state')!))],
      [other((at) => at.searchParams.append('code', 'another'))],
      [other((at) => at.searchParams.delete('code'))],
      [other((at) => (at.pathname = '/other'))],
      [`${good.href}&x=${'x'.repeat(9000)}`],
      [good.href, { method: 'POST' }],
      [good.href, { headers: { host: `evil.test:${good.port}` } }],
      [`${good.origin}/?error=<script>&state=guess`],
    ]
    for (const [at, how] of bad) {
      const page = await fetchPage(at, how)
      expect(page, at).toMatchObject({ status: 404, body: expect.stringContaining('Nothing is here') })
      expect(page.body).not.toContain('script')
    }
    expect(provider.tokenRequests).toEqual([])
    expect((await fetchPage(good.href)).status).toBe(200)
    expect(await signIns.wait(flow)).toMatchObject({ user: 'ada@firm.test' })
    await expect(fetchPage(good.href)).rejects.toThrow('ECONNREFUSED')
    expect(provider.tokenRequests).toHaveLength(1)
  })

  test('a code that was stolen on the way is worth nothing without the verifier', async () => {
    const { url } = await signIns.start({ provider: 'firm', user: 'ada@firm.test' })
    const mine = await signIns.start({ provider: 'firm', user: 'eve@firm.test' })
    const stolen = new URL(await provider.redirectOf(url)).searchParams.get('code')!
    const redirect = new URL(await provider.redirectOf(mine.url))
    redirect.searchParams.set('code', stolen)
    const waiting = signIns.wait(mine.flow)
    waiting.catch(() => {})
    await fetchPage(redirect.href)
    await expect(waiting).rejects.toThrow('invalid_grant')
    expect(signIns.list()).toEqual([])
  })
})

describe('an access token', () => {
  test('is made anew before it runs out, once for all who want it, and serves until then', async () => {
    const { id } = await signedIn()
    const first = await token(id)
    clock.advance(3_290_000)
    expect(await token(id)).toBe(first)
    clock.advance(20_000)
    const [a, b] = await Promise.all([token(id), token(id)])
    expect(a).toBe(b)
    expect(a).not.toBe(first)
    expect(provider.tokenRequests).toHaveLength(2)
    expect(provider.tokenRequests[1]?.get('grant_type')).toBe('refresh_token')
  })

  test('that was refused is made anew, and one that was made since is given as it is', async () => {
    const { id } = await signedIn()
    const first = (await token(id)) as string
    const second = await token(id, first)
    expect(second).not.toBe(first)
    expect(await token(id, first)).toBe(second)
    expect(provider.tokenRequests).toHaveLength(2)
  })

  test('is had after a restart, also where refresh tokens change each time', async () => {
    provider.rotates = true
    const { id } = await signedIn()
    const before = refreshOf(id)
    for (let n = 0; n < 3; n++) {
      signIns = open()
      expect(await token(id)).toBe(provider.accessTokens.at(-1))
    }
    expect(refreshOf(id)).not.toBe(before)
  })

  test('of which the provider does not say how long it lasts is believed for some minutes', async () => {
    provider.expiresSeconds = undefined
    const { id } = await signedIn()
    clock.advance(530_000)
    expect(await token(id)).toBe(provider.accessTokens[0])
    clock.advance(20_000)
    expect(await token(id)).toBe(provider.accessTokens[1])
  })

  test.each([
    ['is refused', (response: ServerResponse) => response.writeHead(400).end('{"error":"invalid_grant"}')],
    [
      'brings another one to renew it with',
      (response: ServerResponse) =>
        response.writeHead(200).end('{"access_token":"late","token_type":"bearer","refresh_token":"late"}'),
    ],
  ])('that %s while its person signs in anew takes nothing from the new sign-in', async (_, answer) => {
    const { id } = await signedIn()
    const first = (await token(id)) as string
    let late: ServerResponse | undefined
    const asked = new Promise<void>((resolve) => {
      provider.trouble = (response) => {
        late = response
        resolve()
      }
    })
    const renewed = token(id, first)
    await asked
    provider.trouble = undefined
    await signedIn()
    const refresh = refreshOf(id)
    answer(late!)
    expect(await renewed).toBe(provider.accessTokens.at(-1))
    expect(signIns.troubleOf(id)).toBeNull()
    expect(refreshOf(id)).toBe(refresh)
    expect(await token(id)).toBe(provider.accessTokens.at(-1))
  })

  test('that is given no more means signing in again, in words, until somebody has', async () => {
    const { id } = await signedIn()
    const first = (await token(id)) as string
    provider.forgetAll()
    const trouble =
      'Sign in again at Firm Post as ada@firm.test: Firm Post says: invalid_grant (Token has been expired or revoked.).'
    expect(await token(id, first)).toEqual({ ok: false, needsPerson: true, reason: trouble })
    expect(signIns.troubleOf(id)).toBe(trouble)
    expect(signIns.troubles()).toEqual([`${trouble} Its mail waits meanwhile.`])
    // It is not asked again and again.
    await token(id)
    expect(provider.tokenRequests).toHaveLength(2)
    await signedIn()
    expect(signIns.troubleOf(id)).toBeNull()
    expect(await token(id)).toBe(provider.accessTokens.at(-1))
    expect(done.map((one) => one.id)).toEqual([id, id])
  })

  test.each<[string, OauthProvider['trouble'], RegExp]>([
    ['answers 503', (response) => response.writeHead(503).end('later'), /answers 503 at id\.test/],
    ['hangs up', (response) => response.destroy(), /could not be asked at id\.test/],
    ['says no JSON', (response) => response.end('<html>'), /no token/],
    [
      'knows the client no more',
      (response) => response.writeHead(401).end('{"error":"invalid_client"}'),
      /invalid_client/,
    ],
    ['gives what is no token', (response) => response.end('{"access_token":"a b\\r\\nA1 LOGOUT"}'), /no token/],
    [
      'says a token in its error',
      (r) => r.writeHead(400).end(`{"error":"x","error_description":"${'t'.repeat(60)}"}`),
      /x \(…\)/,
    ],
  ])('of a provider that %s waits for later and bothers nobody', async (_, trouble, words) => {
    const { id } = await signedIn()
    provider.trouble = trouble
    const got = await token(id, (await token(id)) as string)
    expect(got).toMatchObject({ ok: false, needsPerson: false, reason: expect.stringMatching(words) })
    expect(signIns.troubleOf(id)).toBeNull()
    provider.trouble = undefined
    expect(await token(id)).toBe(provider.accessTokens.at(-1))
  })
})

describe('what a sign-in is for', () => {
  const account = {
    name: 'Ada',
    host: 'pop.firm.test',
    port: 995,
    tls: 'implicit',
    user: 'ada@firm.test',
    keep: false,
    everySeconds: 300,
  } as const

  test('accounts and routes use it, it stays while one does, and goes with the last', async () => {
    const { id } = await signedIn()
    const added = await store.write('account.add', { ...account, secret: { signInId: id } })
    expect(added).toMatchObject({ login: 'token', signInId: id })
    const login = { user: 'ada@firm.test', signInId: id }
    const route = await store.write('route.add', { host: 'smtp.firm.test', port: 465, tls: 'implicit', login })
    expect(route).toMatchObject({ login: 'token', signInId: id, user: 'ada@firm.test' })
    expect(signIns.list()).toMatchObject([{ accountIds: [added.id], routeIds: [route.id] }])
    await expect(signIns.remove(id)).rejects.toMatchObject({ code: 'conflict' })
    await store.write('account.remove', { id: added.id })
    expect(refreshOf(id)).toBeDefined()
    await store.write('route.setLogin', {
      routeId: route.id,
      login: { user: 'ada', kind: 'password', secret: Buffer.from('x') },
    })
    expect(signIns.list()).toEqual([])
    expect(refreshOf(id)).toBeUndefined()
    expect(await token(id)).toMatchObject({ ok: false, needsPerson: true })
  })

  test('an account that is given a password leaves it, and one that was never used can be removed', async () => {
    const { id } = await signedIn()
    const added = await store.write('account.add', { ...account, secret: { signInId: id } })
    const secret = { login: 'password', value: Buffer.from('x') } as const
    expect(await store.write('account.save', { id: added.id, settings: {}, secret })).toMatchObject({
      login: 'password',
      signInId: null,
    })
    expect(signIns.list()).toEqual([])
    await expect(
      store.write('account.save', { id: added.id, settings: {}, secret: { signInId: 99 } }),
    ).rejects.toMatchObject({ code: 'not-found' })
    const another = await signedIn()
    await signIns.remove(another.id)
    expect(refreshOf(another.id)).toBeUndefined()
  })
})
