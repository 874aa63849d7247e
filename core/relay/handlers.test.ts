import { call } from '../../test/support/contract.ts'
import { expect, test } from 'vitest'
import { Changes } from '../base/changes.ts'
import type { Domain } from '../model/address.ts'
import type { RouteRule } from '../model/route-rule.ts'
import { routeHandlers, type HandledRoute, type RouteDeps } from './handlers.ts'
import { chooseRoute } from './route-rules.ts'

const kept = (login: { readonly kind: HandledRoute['login'] } | { readonly signInId: number } | null | undefined) => {
  if (!login) return { login: 'none', signInId: null } as const
  return 'kind' in login
    ? { login: login.kind, signInId: null }
    : ({ login: 'token', signInId: login.signInId } as const)
}
/** Handlers over lists in memory. */
function house() {
  const routes: HandledRoute[] = []
  let rules: RouteRule[] = []
  const released: (number | null)[] = []
  const secrets: string[] = []
  const deps: RouteDeps = {
    list: () => routes,
    async add({ login, ...server }) {
      if (login && 'secret' in login) secrets.push(Buffer.from(login.secret).toString())
      const route = {
        ...server,
        id: routes.length + 1,
        user: login?.user ?? null,
        ...kept(login),
        trouble: null,
      } as const
      routes.push(route)
      return route
    },
    async setLogin({ routeId, login }) {
      const route = routes.find(({ id }) => id === routeId)!
      Object.assign(route, { user: login?.user ?? null, ...kept(login), trouble: null })
      return route
    },
    async clearTrouble(routeId) {
      Object.assign(
        routes.find(({ id }) => id === routeId)!,
        { trouble: null },
      )
    },
    remove: async ({ routeId }) =>
      void routes.splice(
        routes.findIndex(({ id }) => id === routeId),
        1,
      ),
    async release(routeId) {
      released.push(routeId)
      return 3
    },
    rules: () => rules,
    async saveRule({ id, ...rule }) {
      const saved = { ...rule, id: id ?? rules.length + 1 }
      rules = id === undefined ? [...rules, saved] : rules.map((one) => (one.id === id ? saved : one))
      return { id: saved.id }
    },
    removeRule: async ({ id }) => void (rules = rules.filter((rule) => rule.id !== id)),
    moveRule: async ({ id, to }) =>
      void (rules = rules
        .filter((rule) => rule.id !== id)
        .toSpliced(
          to,
          0,
          rules.find((rule) => rule.id === id)!,
        )),
    explain: (from, to, tries) =>
      to.domain === ('home.test' as Domain)
        ? { kind: 'local' }
        : chooseRoute(
            { from, domain: to.domain, tries },
            { rules, server: (id) => routes.find((route) => route.id === id), ofSender: () => undefined },
          ),
    targetOf: () => undefined,
    async *preflight({ domain }) {
      yield { check: 'port', state: 'ok', text: domain, sessionId: null }
    },
    async *test({ host, login }) {
      yield { step: 'connect', state: 'ok', text: `${host} ${login?.user ?? ''}`, sessionId: null }
    },
    tokenOf: async () => ({ ok: false, needsPerson: true, reason: 'There is none.' }),
    changes: new Changes<number>(),
  }
  return { handlers: routeHandlers(deps), routes, released, secrets }
}
const login = { user: 'ada', kind: 'password', secret: 'open sesame' } as const

test('routes are added with a host that is one, listed and removed', async () => {
  const { handlers, routes } = house()
  for (const [host, stored] of [
    ['Smart.Test', 'smart.test'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['localhost', 'localhost'],
  ] as const)
    expect(await call(handlers.add, { host, port: 587, tls: 'starttls' })).toMatchObject({ host: stored, port: 587 })
  expect(await call(handlers.list, undefined)).toHaveLength(4)
  expect(await call(handlers.remove, { id: 1 })).toEqual({ ok: true })
  expect(routes.map((route) => route.host)).toEqual(['192.0.2.1', '2001:db8::1', 'localhost'])
  for (const host of ['a b', 'x..test', 'smart.test:587', 'https://smart.test', '-a.test', 'a\r\nb'])
    await expect(call(handlers.add, { host, port: 25, tls: 'none' })).rejects.toMatchObject({ code: 'address.invalid' })
})

test('a login goes in, never comes out, lets go what was held, and is not sent in the clear', async () => {
  const { handlers, routes, released, secrets } = house()
  const added = await call(handlers.add, { host: 'smart.test', port: 587, tls: 'starttls', login })
  expect(added).toEqual({
    id: 1,
    kind: 'smarthost',
    host: 'smart.test',
    port: 587,
    tls: 'starttls',
    user: 'ada',
    login: 'password',
    signInId: null,
    trouble: null,
  })
  expect(secrets).toEqual(['open sesame'])
  Object.assign(routes[0]!, { trouble: 'no' })
  expect(await call(handlers.list, undefined)).toMatchObject([{ trouble: 'no' }])
  const set = await call(handlers.setLogin, { id: 1, login: { ...login, kind: 'token' } })
  expect(set).toMatchObject({ released: 3, route: { login: 'token', trouble: null } })
  Object.assign(routes[0]!, { trouble: 'no' })
  expect(await call(handlers.resume, { id: 1 })).toMatchObject({ released: 3, route: { trouble: null } })
  expect(released).toEqual([1, 1, 1])
  await call(handlers.add, { host: 'plain.test', port: 25, tls: 'none' })
  for (const insecure of [
    () => call(handlers.add, { host: 'plain.test', port: 25, tls: 'none', login }),
    () => call(handlers.setLogin, { id: 2, login }),
  ])
    await expect(insecure()).rejects.toMatchObject({ code: 'route.insecure' })
  expect(await call(handlers.add, { host: '127.0.0.1', port: 25, tls: 'none', login })).toMatchObject({ user: 'ada' })
})

test('rules are checked, said as sentences, moved, and decide', async () => {
  const { handlers, released } = house()
  await call(handlers.add, { host: 'smart.test', port: 587, tls: 'starttls' })
  const save = (rule: object) =>
    call(handlers.saveRule, { sender: '', recipient: '', afterTries: 0, action: 'direct', routeId: null, ...rule })
  expect(await save({ recipient: '*.Example.COM', action: 'hold' })).toMatchObject({
    id: 1,
    recipient: '*.example.com',
    text: 'Mail to *.example.com is held.',
  })
  expect(await save({ sender: 'Ada@Sender.test', afterTries: 2, action: 'smarthost', routeId: 1 })).toMatchObject({
    sender: 'Ada@sender.test',
    text: 'Mail from Ada@sender.test goes by smart.test:587 after 2 failed tries.',
  })
  const explain = (from: string, to: string, tries = 0) => call(handlers.explain, { from, to, tries })
  expect(await explain('ada@sender.test', 'bob@dest.test')).toMatchObject({ kind: 'direct' })
  expect(await explain('ada@sender.test', 'bob@dest.test', 2)).toMatchObject({
    kind: 'smarthost',
    to: 'smart.test:587',
  })
  expect(await explain('', 'bob@mx.example.com')).toMatchObject({
    kind: 'hold',
    why: expect.stringContaining('rule 1'),
  })
  expect(await explain('', 'bob@home.test')).toMatchObject({ kind: 'local' })
  expect((await call(handlers.moveRule, { id: 2, to: 0 })).map(({ id }) => id)).toEqual([2, 1])
  expect(await call(handlers.removeRule, { id: 1 })).toEqual({ ok: true })
  expect(await call(handlers.rules, undefined)).toHaveLength(1)
  expect(released).toEqual([null, null, null, null])
  for (const wrong of [{ sender: 'a b' }, { recipient: 'x@y.test' }, { recipient: '*.' }, { action: 'smarthost' }])
    await expect(save(wrong)).rejects.toMatchObject({ code: 'address.invalid' })
})

test('presets name servers with TLS, each once', async () => {
  const presets = await call(house().handlers.presets, undefined)
  expect(presets.length).toBeGreaterThanOrEqual(10)
  expect(new Set(presets.map(({ id }) => id)).size).toBe(presets.length)
  for (const { host, port, tls } of presets) {
    expect(host).toMatch(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/)
    expect([port, tls]).toEqual(port === 465 ? [465, 'implicit'] : [587, 'starttls'])
  }
})
