import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { getTlsDomain, listTlsDomains, tlsDomainOperations } from './tls-domain.ts'

const {
  'tls.putPolicy': putPolicy,
  'tls.putError': putError,
  'tls.seen': seen,
  'tls.expire': expire,
} = tlsDomainOperations
const policy = { mode: 'enforce', id: '1', mx: ['mx.a.test'], fetchedMs: 5, expiresMs: 100 } as const
const session = { mx: 'mx.a.test', facts: null, isVerified: false, ratchetFromMs: 0 }

test('an error leaves the policy as it is, and a policy ends the error', () => {
  const { db, connection } = openTestDb()
  putPolicy(db, { domain: 'a.test', policy }, 5)
  putError(db, { domain: 'a.test', error: 'no' }, 6)
  expect(getTlsDomain(db, 'a.test')).toMatchObject({ policy, error: 'no', checkedMs: 6 })
  putPolicy(db, { domain: 'a.test', policy: { ...policy, mode: 'none', mx: [] } }, 7)
  expect(getTlsDomain(db, 'a.test')).toMatchObject({ policy: { mode: 'none', mx: [] }, error: null, checkedMs: 7 })
  connection.close()
})

test('domains come by name, page by page', () => {
  const { db, connection } = openTestDb()
  for (const name of ['c', 'a', 'b']) seen(db, { ...session, domain: `${name}.test` }, 1)
  expect(listTlsDomains(db, null, 2).map(({ domain }) => domain)).toEqual(['a.test', 'b.test'])
  expect(listTlsDomains(db, 'b.test', 2).map(({ domain }) => domain)).toEqual(['c.test'])
  connection.close()
})

test('what nothing was heard of is let go of, unless a policy or a ratchet still binds', () => {
  const { db, connection } = openTestDb()
  seen(db, { ...session, domain: 'old.test' }, 10)
  seen(db, { ...session, domain: 'new.test' }, 60)
  seen(db, { ...session, domain: 'held.test', isVerified: true }, 55)
  seen(db, { ...session, domain: 'bound.test' }, 10)
  putPolicy(db, { domain: 'bound.test', policy }, 10)
  putError(db, { domain: 'failed.test', error: 'no' }, 10)
  expire(db, { beforeMs: 50 })
  expect(listTlsDomains(db, null, 9).map(({ domain }) => domain)).toEqual(['bound.test', 'held.test', 'new.test'])
  connection.close()
})
