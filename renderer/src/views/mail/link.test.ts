import { expect, test } from 'vitest'
import { targetOf } from './link.ts'

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'vbscript:x',
  '/session',
  '',
  'not a link',
])('%j leads nowhere', (href) => {
  expect(targetOf(href, 'click')).toBeUndefined()
})

test('a text that names another host is warned of', () => {
  expect(targetOf('https://evil.example/x', 'https://bank.example/login')?.warnings).toEqual([
    'The text says bank.example, the link goes to evil.example.',
  ])
  expect(targetOf('https://www.bank.example/x', 'bank.example')?.warnings).toEqual([])
  expect(targetOf('https://bank.example/x', 'our offer of today')?.warnings).toEqual([])
})

test('look-alike letters, plain http, user names and bare addresses are named', () => {
  expect(targetOf('https://bаnk.example/', 'x')?.hostname).toMatch(/^xn--/)
  expect(targetOf('https://bаnk.example/', 'x')?.warnings).toHaveLength(1)
  expect(targetOf('http://bank.example@127.0.0.1/', 'x')?.warnings).toHaveLength(3)
})

test('a mail address is written to, not opened', () => {
  expect(targetOf('mailto:nora@example.org?subject=x', 'x')).toMatchObject({ scheme: 'mail', warnings: [] })
})
