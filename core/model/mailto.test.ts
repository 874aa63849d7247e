import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMailto } from './mailto.ts'

const nothing = { to: '', cc: '', bcc: '', subject: '', text: '', inReplyTo: '' }

test.each([
  // The examples of RFC 6068 §6.
  ['mailto:chris@example.com', { to: 'chris@example.com' }],
  ['mailto:infobot@example.com?subject=current-issue', { to: 'infobot@example.com', subject: 'current-issue' }],
  ['mailto:infobot@example.com?body=send%20current-issue', { to: 'infobot@example.com', text: 'send current-issue' }],
  [
    'mailto:infobot@example.com?body=send%20current-issue%0D%0Asend%20index',
    { to: 'infobot@example.com', text: 'send current-issue\nsend index' },
  ],
  [
    'mailto:list@example.org?In-Reply-To=%3C3469A91.D10AF4C@example.com%3E',
    { to: 'list@example.org', inReplyTo: '<3469A91.D10AF4C@example.com>' },
  ],
  [
    'mailto:joe@example.com?cc=bob@example.com&body=hello',
    { to: 'joe@example.com', cc: 'bob@example.com', text: 'hello' },
  ],
  ['mailto:?to=addr1%40an.example,addr2%40an.example', { to: 'addr1@an.example,addr2@an.example' }],
  ['mailto:addr1%40an.example?to=addr2@an.example', { to: 'addr1@an.example, addr2@an.example' }],
  ['mailto:%22not%40me%22@example.org', { to: '"not@me"@example.org' }],
  ['mailto:user@example.org?subject=caf%C3%A9', { to: 'user@example.org', subject: 'café' }],
  // What programs write.
  ['MAILTO:ada@one.example?SUBJECT=a+b', { to: 'ada@one.example', subject: 'a+b' }],
  ['mailto:ada@one.example?subject=a&amp;body=b', { to: 'ada@one.example', subject: 'a', text: 'b' }],
  ['mailto:ada@one.example?subject=100%', { to: 'ada@one.example', subject: '100%' }],
  ['mailto:ada@one.example?subject=%ff', { to: 'ada@one.example', subject: '\ufffd' }],
])('%s is read', (address, expected) => {
  expect(parseMailto(address)).toEqual({ ...nothing, ...expected })
})

test('no link puts a file into a message, changes its sender or adds a field', () => {
  const address =
    'mailto:ada@one.example?attach=/etc/passwd&attachment=%2Fetc%2Fpasswd&from=root@one.example&Attach=x&X-Field=1&reply-to=e@e.example'
  expect(parseMailto(address)).toEqual({ ...nothing, to: 'ada@one.example' })
})
test('no line break gets into a field of the header', () => {
  const found = parseMailto('mailto:a@b.example%0D%0ABcc:x@y.example?subject=a%0ABcc:%20x@y.example&cc=c%0Dd')
  expect(found).toEqual({ ...nothing, to: 'a@b.example Bcc:x@y.example', subject: 'a Bcc: x@y.example', cc: 'c d' })
})
test.each(['', 'https://one.example/', 'mail:ada@one.example', `mailto:${'a'.repeat(70_000)}`])(
  'what is no mailto address is none',
  (address) => {
    expect(parseMailto(address)).toBeUndefined()
  },
)
test('whatever stands there, nothing is longer than a person reads', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), fc.constantFrom('', '%0a', '%f0%9f', '%', '&to='), (text, odd) => {
      const found = parseMailto(
        `mailto:${(text + odd).repeat(200)}?subject=${(text + odd).repeat(40)}&body=${text}${odd}`,
      )
      if (found === undefined) return
      for (const value of [found.to, found.cc, found.bcc, found.subject])
        expect(value.length <= 8192 && !/[\r\n\0]/.test(value) && value.isWellFormed()).toBe(true)
      expect(found.text.length <= 32_768 && !found.text.includes('\r')).toBe(true)
    }),
  )
})
