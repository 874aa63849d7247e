import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { greylistOperations } from './greylist.ts'

const TIMES = { waitMs: 300, windowMs: 1000, rememberMs: 10_000 }

test('asks a stranger to wait, lets it through when it comes again in time, and knows it from then on', () => {
  const { db } = openTestDb()
  const see = (atMs: number, recipient = 'b') =>
    greylistOperations['greylist.see'](db, { network: 'n', sender: 's', recipient, ...TIMES }, atMs)
  expect(see(0)).toEqual({ kind: 'wait', waitMs: 300 })
  expect(see(200)).toEqual({ kind: 'wait', waitMs: 100 })
  expect(see(300, 'c')).toEqual({ kind: 'wait', waitMs: 300 })
  expect(see(300)).toEqual({ kind: 'passed' })
  expect(see(301)).toEqual({ kind: 'known' })
  expect(see(10_301)).toEqual({ kind: 'known' })
  expect(see(20_302)).toEqual({ kind: 'wait', waitMs: 300 })
  expect(see(2000, 'c')).toEqual({ kind: 'wait', waitMs: 300 })
  // The clock was set back.
  expect(see(1000, 'c')).toEqual({ kind: 'wait', waitMs: 300 })
})

test('forgets those whose time is over, some at a time, and nobody else', () => {
  const { db } = openTestDb()
  for (let i = 0; i < 1500; i++)
    greylistOperations['greylist.see'](db, { network: 'n', sender: 's', recipient: `${i}`, ...TIMES }, i)
  const expire = (atMs: number) => greylistOperations['greylist.expire'](db, {}, atMs).more
  const left = () => (db.prepare('SELECT count(*) AS n FROM greylist').get() as { n: number }).n
  expect(expire(1000)).toBe(false)
  expect(left()).toBe(1500)
  expect(expire(2401)).toBe(true)
  expect(expire(2401)).toBe(false)
  expect(left()).toBe(99)
})
