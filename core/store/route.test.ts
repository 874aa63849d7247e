import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { getRoute, listRoutes, ROUTE_LOGIN, routeOperations } from './route.ts'
import { listRules, routeRuleOperations } from './route-rule.ts'
import { getSecret } from './secret.ts'

const smart = { host: 'smart.test', port: 587, tls: 'starttls' } as const
const bare = { ...smart, user: null, login: 'none', signInId: null, trouble: null }
const login = (secret: string, user = 'ada') => ({ user, kind: 'password' as const, secret: Buffer.from(secret) })
const add = routeOperations['route.add']
const remove = routeOperations['route.remove']
const saveRule = routeRuleOperations['route.saveRule']

test('a smarthost is added once, listed and removed', () => {
  const { db } = openTestDb()
  const added = add(db, smart, 1)
  expect(added).toEqual({ id: 1, ...bare })
  expect(add(db, smart, 2)).toEqual(added)
  const other = add(db, { ...smart, port: 465, tls: 'implicit' }, 3)
  expect(listRoutes(db)).toEqual([added, other])
  expect(getRoute(db, 1)).toEqual(added)
  remove(db, { routeId: 1 })
  expect(listRoutes(db)).toEqual([other])
  expect(getRoute(db, 1)).toBeUndefined()
  expect(() => remove(db, { routeId: 1 })).toThrow('remove route 1: there is none')
})

test('the id of a removed smarthost is never given again, and identities that used it send directly', () => {
  const { db } = openTestDb()
  add(db, smart, 1)
  db.prepare(
    "INSERT INTO identity (name, local, domain, route_id, created_ms) VALUES ('Ada', 'ada', 'sender.test', 1, 1)",
  ).run()
  remove(db, { routeId: 1 })
  expect(db.prepare('SELECT route_id FROM identity').get()).toEqual({ route_id: null })
  expect(add(db, smart, 2).id).toBe(2)
})

test('a login comes with its secret, replaces the last one with what was wrong with it, and goes with its route', () => {
  const { db } = openTestDb()
  const secret = () => Buffer.from(getSecret(db, ROUTE_LOGIN, '1') ?? '').toString()
  expect(add(db, { ...smart, login: login('one') }, 1)).toEqual({ ...bare, id: 1, user: 'ada', login: 'password' })
  expect(add(db, { ...smart, login: login('other', 'bob') }, 1).id).toBe(2)
  routeOperations['route.setTrouble'](db, { routeId: 1, trouble: 'no' }, 2)
  expect(getRoute(db, 1)?.trouble).toBe('no')
  expect(secret()).toBe('one')
  expect(add(db, { ...smart, login: login('two') }, 3)).toMatchObject({ id: 1, trouble: null })
  expect(secret()).toBe('two')
  const setLogin = routeOperations['route.setLogin']
  expect(setLogin(db, { routeId: 1, login: null }, 4)).toEqual({ ...bare, id: 1 })
  expect(secret()).toBe('')
  setLogin(db, { routeId: 1, login: login('three') }, 5)
  remove(db, { routeId: 1 })
  expect(secret()).toBe('')
  expect(() => setLogin(db, { routeId: 1, login: null }, 6)).toThrow('find route 1: there is none')
})

test('rules keep their order, and a smarthost that one of them names stays', () => {
  const { db } = openTestDb()
  add(db, smart, 1)
  const rule = { sender: '', recipient: 'dest.test', afterTries: 0, action: 'direct', routeId: null } as const
  for (const recipient of ['a.test', 'b.test', 'c.test']) saveRule(db, { ...rule, recipient }, 1)
  saveRule(db, { ...rule, id: 2, action: 'smarthost', routeId: 1 }, 2)
  const order = () => listRules(db).map(({ id }) => id)
  expect(listRules(db)[1]).toEqual({ ...rule, id: 2, action: 'smarthost', routeId: 1 })
  expect(() => remove(db, { routeId: 1 })).toThrow('1 of the rules send by it')
  const move = routeRuleOperations['route.moveRule']
  move(db, { id: 3, to: 0 })
  expect(order()).toEqual([3, 1, 2])
  move(db, { id: 3, to: 99 })
  expect(order()).toEqual([1, 2, 3])
  routeRuleOperations['route.removeRule'](db, { id: 2 })
  remove(db, { routeId: 1 })
  expect(order()).toEqual([1, 3])
  for (const broken of [
    () => saveRule(db, { ...rule, id: 2 }, 3),
    () => saveRule(db, { ...rule, action: 'smarthost', routeId: 1 }, 3),
    () => move(db, { id: 2, to: 0 }),
    () => routeRuleOperations['route.removeRule'](db, { id: 2 }),
  ])
    expect(broken).toThrow(expect.objectContaining({ code: 'not-found' }))
})
