import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { parseDomain, parseMailbox } from '../model/address.ts'
import { PERSON } from '../store/folder.ts'
import { saveIdentity } from '../store/identity.ts'
import { openLocalMail } from './local.ts'

function house(domains: readonly string[]) {
  const { db } = openTestDb()
  const add = db.prepare('INSERT INTO local_user (id, local, domain, created_ms) VALUES (?, ?, ?, 0)')
  add.run(1, 'ada', 'home.example')
  add.run(2, 'ada+lists', 'home.example')
  add.run(3, 'eve', 'elsewhere.example')
  saveIdentity(db, { name: 'Me', mailbox: parseMailbox('me@home.example')!, routeId: null }, 0)
  const mail = openLocalMail({ read: db, settings: () => ({ 'local.domains': domains }) })
  return { ...mail, owner: (address: string) => mail.resolveLocal(parseMailbox(address)!) }
}
const user = (userId: number) => ({ accountId: null, userId })

test('a domain is local only because the settings say so', () => {
  const { isLocal, owner } = house(['Home.Example', 'b\u00fccher.example'])
  expect(isLocal(parseDomain('home.example')!)).toBe(true)
  expect(isLocal(parseDomain('xn--bcher-kva.example')!)).toBe(true)
  expect(isLocal(parseDomain('elsewhere.example')!)).toBe(false)
  expect(isLocal(parseDomain('sub.home.example')!)).toBe(false)
  expect(owner('eve@elsewhere.example')).toBeUndefined()
})

test('finds the mailbox of a local address whatever its case, and by what stands before a plus', () => {
  const { owner } = house(['home.example'])
  expect(owner('ada@home.example')).toEqual(user(1))
  expect(owner('ADA@home.example')).toEqual(user(1))
  expect(owner('Ada+shop@home.example')).toEqual(user(1))
  expect(owner('ada+lists@home.example')).toEqual(user(2))
  expect(owner('nobody@home.example')).toBeUndefined()
  expect(owner('+ada@home.example')).toBeUndefined()
})

test('gives identities and the postmaster to the person who runs Posthorn', () => {
  const { owner } = house(['home.example'])
  expect(owner('me@home.example')).toEqual(PERSON)
  expect(owner('me+x@home.example')).toEqual(PERSON)
  expect(owner('PostMaster@home.example')).toEqual(PERSON)
})
