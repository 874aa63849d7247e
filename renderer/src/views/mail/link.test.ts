import { domainToASCII, domainToUnicode } from 'node:url'
import * as fc from 'fast-check'
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
  expect(targetOf('https://bank.example.evil.test/x', 'www.bank.example')?.warnings).toEqual([
    'The text says www.bank.example, but that is only the beginning of a name of evil.test.',
  ])
  // What can't be seen in the text does not hide what it says.
  expect(targetOf('https://evil.example/x', '\u200Bbank\u200B.example')?.warnings).toHaveLength(1)
  expect(targetOf('https://www.bank.example/x', 'bank.example')?.warnings).toEqual([])
  expect(targetOf('https://bank.example/x', 'our offer of today')?.warnings).toEqual([])
})

test('look-alike letters, plain http, user names and bare addresses are named', () => {
  expect(targetOf('https://bаnk.example/', 'x')?.hostname).toMatch(/^xn--/)
  expect(targetOf('https://bаnk.example/', 'x')?.warnings).toEqual([
    'Its letters can be taken for those of bank.example.',
  ])
  expect(targetOf('https://bücher.example/', 'x')?.warnings).toEqual([
    'The name has letters that may look like others.',
  ])
  expect(targetOf('https://bücherж.example/', 'x')?.warnings).toEqual(['The name mixes letters of several scripts.'])
  expect(targetOf('https://bank.example:8443/', 'x')?.warnings).toHaveLength(1)
  expect(targetOf('http://bank.example@127.0.0.1/', 'x')?.warnings).toHaveLength(3)
})

test('a mail address is written to, not opened', () => {
  expect(targetOf('mailto:nora@example.org?subject=x', 'x')).toMatchObject({ scheme: 'mail', warnings: [] })
})

test('a name in other letters is read as Node reads it', () => {
  const letters = fc.string({
    unit: fc.constantFrom(...'abcéßжяöñ中文日本語אבגδλω한글1-'),
    minLength: 1,
    maxLength: 12,
  })
  fc.assert(
    fc.property(letters, (label) => {
      const ascii = domainToASCII(`${label}.example`)
      fc.pre(ascii !== '' && ascii.startsWith('xn--'))
      expect(targetOf(`https://${ascii}/`, 'x')?.readable).toBe(domainToUnicode(ascii))
    }),
  )
})
