import { expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import type { TlsMode } from '../model/outcome.ts'
import { routeHandlers } from './handlers.ts'

test('routes are listed, added with a host that is one, and removed', async () => {
  const routes: { kind: 'smarthost'; routeId: number; host: string; port: number; tls: TlsMode }[] = []
  const handlers = routeHandlers({
    list: () => routes,
    add: async (args) => {
      const route = { kind: 'smarthost' as const, routeId: routes.length + 1, ...args }
      routes.push(route)
      return route
    },
    remove: async ({ routeId }) => void routes.splice(routeId - 1, 1),
  })
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
