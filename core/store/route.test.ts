import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { getRoute, listRoutes, routeOperations } from './route.ts'

const smart = { host: 'smart.test', port: 587, tls: 'starttls' } as const

test('a smarthost is added once, listed and removed', () => {
  const { db } = openTestDb()
  const added = routeOperations['route.add'](db, smart, 1)
  expect(added).toEqual({ kind: 'smarthost', routeId: 1, ...smart })
  expect(routeOperations['route.add'](db, smart, 2)).toEqual(added)
  const other = routeOperations['route.add'](db, { ...smart, port: 465, tls: 'implicit' }, 3)
  expect(listRoutes(db)).toEqual([added, other])
  expect(getRoute(db, 1)).toEqual(added)
  routeOperations['route.remove'](db, { routeId: 1 })
  expect(listRoutes(db)).toEqual([other])
  expect(getRoute(db, 1)).toBeUndefined()
  expect(() => routeOperations['route.remove'](db, { routeId: 1 })).toThrow('remove route 1: there is none')
})

test('the id of a removed smarthost is never given again, and identities that used it send directly', () => {
  const { db } = openTestDb()
  routeOperations['route.add'](db, smart, 1)
  db.prepare(
    "INSERT INTO identity (name, local, domain, route_id, created_ms) VALUES ('Ada', 'ada', 'sender.test', 1, 1)",
  ).run()
  routeOperations['route.remove'](db, { routeId: 1 })
  expect(db.prepare('SELECT route_id FROM identity').get()).toEqual({ route_id: null })
  expect(routeOperations['route.add'](db, smart, 2).routeId).toBe(2)
})
