import { expect, test } from 'vitest'
import { readAuth } from './rule-auth.ts'

const read = (fields: readonly string[], trusted: string | null = 'mx.here.test') =>
  Object.fromEntries(readAuth(fields, trusted))

test('what the trusted server says counts, and what others say does not', () => {
  expect(read(['mx.here.test; spf=pass smtp.mailfrom=far.test; dkim=fail (bad; signature) header.d=far.test'])).toEqual(
    {
      spf: ['pass'],
      dkim: ['fail'],
    },
  )
  expect(read(['MX.HERE.TEST 1; dmarc=PASS'])).toEqual({ dmarc: ['pass'] })
  expect(read(['mx.evil.test; dmarc=pass', 'mx.here.test.evil.test; spf=pass'])).toEqual({})
  expect(read(['mx.here.test; dmarc=pass'], null)).toEqual({})
})

test('of two fields the upper one counts: what stands below can have been written by the sender', () => {
  expect(read(['mx.here.test; dmarc=fail', 'mx.here.test; dmarc=pass; arc=pass'])).toEqual({
    dmarc: ['fail'],
    arc: ['pass'],
  })
  expect(read(['mx.here.test; dkim=fail; dkim=pass'])).toEqual({ dkim: ['fail', 'pass'] })
})

test('comments, quotes and later versions of the format say nothing', () => {
  expect(read(['mx.here.test (x; dmarc=pass); none'])).toEqual({})
  expect(read(['mx.here.test; spf=fail reason="; dmarc=pass"'])).toEqual({ spf: ['fail'] })
  expect(read(['mx.here.test; spf=fail reason="\\"; dmarc=pass"'])).toEqual({ spf: ['fail'] })
  expect(read(['mx.here.test; spf=fail (\\) ; dmarc=pass)'])).toEqual({ spf: ['fail'] })
  expect(read(['mx.here.test 2; spf=pass'])).toEqual({})
  expect(read(['(comment) "mx.here.test" (x) 1 ; spf / 1 = pass'])).toEqual({ spf: ['pass'] })
  expect(read([''])).toEqual({})
  expect(read(['('.repeat(5000)])).toEqual({})
})
