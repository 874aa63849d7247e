import { expect, test } from 'vitest'
import { readUnsubscribe } from './unsubscribe.ts'

const read = (...lines: string[]) => readUnsubscribe(Buffer.from([...lines, '', 'text'].join('\r\n')))
const POST = 'List-Unsubscribe-Post: List-Unsubscribe=One-Click'
const SIGNED =
  'DKIM-Signature: v=1; a=rsa-sha256; d=Shop.example; s=a;\r\n\th=from:list-unsubscribe:\r\n\tlist-unsubscribe-post; b=x'

test('one click takes HTTPS, the field that asks for it, and a signature over both (RFC 8058 §4)', () => {
  const link = 'List-Unsubscribe: <mailto:off@shop.example?subject=off>,\r\n <https://shop.example/\r\n off?u=1>'
  expect(read(link, POST, SIGNED)).toEqual({
    https: 'https://shop.example/off?u=1',
    mailto: 'mailto:off@shop.example?subject=off',
    isOneClick: true,
    signers: ['shop.example'],
  })
  expect(read(link, POST)).toMatchObject({ isOneClick: false, signers: [] })
  expect(read(link, SIGNED)).toMatchObject({ isOneClick: false })
  expect(read(link, POST, SIGNED.replace('list-unsubscribe-post', 'date'))).toMatchObject({ isOneClick: false })
  expect(read('List-Unsubscribe: <mailto:off@shop.example>', POST, SIGNED)).toMatchObject({
    isOneClick: false,
    https: null,
  })
})

test.each([
  'List-Unsubscribe: <http://shop.example/off>',
  'List-Unsubscribe: <https://user:word@shop.example/off>',
  'List-Unsubscribe: <javascript:alert(1)>, <file:///etc/passwd>',
  'List-Unsubscribe: https://shop.example/off',
  'List-Unsubscribe: <https://>',
  `List-Unsubscribe: <https://shop.example/${'a'.repeat(5000)}>`,
  'Subject: none',
])('%.60s is no way to be used', (line) => expect(read(line, POST, SIGNED)).toBeUndefined())
