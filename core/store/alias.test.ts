import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import type { Domain } from '../model/address.ts'
import { aliasOperations, findAlias, listAliases, type AliasSide } from './alias.ts'

const side = (local: string, domain: string): AliasSide => ({ local, domain: domain as Domain })

test('keeps lines as they were written, in their order', () => {
  const { db } = openTestDb()
  const set = aliasOperations['alias.set']
  const patterns = [side('*', 'two.example'), side('*', 'one.example')]
  const first = set(db, { id: null, patterns, targets: [side('*', 'home.example')] }, 1)
  const second = set(
    db,
    { id: null, patterns: [side('a', '*')], targets: [side('Z', 'x.example'), side('b', 'c.example')] },
    2,
  )
  expect(listAliases(db, 0, 10)).toEqual([first, second])
  expect(listAliases(db, first.id, 10)).toEqual([second])
  expect(findAlias(db, 'a', '*')).toEqual({ id: second.id, targets: second.targets })
  const changed = set(db, { id: first.id, patterns: patterns.toReversed(), targets: [side('x', 'y.example')] }, 3)
  expect(listAliases(db, 0, 1)).toEqual([changed])
})

test('a pattern stands in one line alone, and a line that is gone cannot be changed or removed', () => {
  const { db } = openTestDb()
  const set = aliasOperations['alias.set']
  const one = set(db, { id: null, patterns: [side('a', 'x.example')], targets: [side('b', 'x.example')] }, 1)
  const again = { id: null, patterns: [side('c', 'x.example'), side('a', 'x.example')], targets: one.targets }
  expect(() => set(db, again, 2)).toThrowError(expect.objectContaining({ code: 'conflict' }))
  aliasOperations['alias.remove'](db, { id: one.id })
  expect(findAlias(db, 'a', 'x.example' as Domain)).toBeUndefined()
  expect(() => aliasOperations['alias.remove'](db, { id: one.id })).toThrowError(
    expect.objectContaining({ code: 'not-found' }),
  )
  expect(() => set(db, { ...again, id: one.id }, 3)).toThrowError(expect.objectContaining({ code: 'not-found' }))
})
