import { expect, test } from 'vitest'
import { httpsUrl, parseOwnProvider, takesTokensOf } from './sign-in-provider.ts'

const GOOD = 'id=firm authorize=https://id.firm.example/a?x=1 token=https://id.firm.example:8443/t client=posthorn'

test('a provider of one’s own is a line of words', () => {
  expect(
    parseOwnProvider(`  ${GOOD} name=The_Firm secret=s+3=/ scope=openid+mail+ hosts=IMAP.firm.example+*.firm.example `),
  ).toEqual({
    id: 'firm',
    name: 'The Firm',
    authorizeUrl: 'https://id.firm.example/a?x=1',
    tokenUrl: 'https://id.firm.example:8443/t',
    scopes: ['openid', 'mail'],
    hosts: ['imap.firm.example', '*.firm.example'],
    isDemanded: false,
    redirectHost: '127.0.0.1',
    clientId: 'posthorn',
    clientSecret: 's+3=/',
  })
  expect(parseOwnProvider(GOOD)).toMatchObject({ name: 'firm', scopes: [], hosts: [], clientSecret: '' })
})

test.each([
  '',
  'id=firm',
  GOOD.replace('client=posthorn', ''),
  GOOD.replace('https://id.firm.example/a', 'http://id.firm.example/a'),
  GOOD.replace('https://id.firm.example:8443', 'https://ada:x@id.firm.example'),
  GOOD.replace('/t ', '/t#x '),
  GOOD.replace('id=firm', 'id=Firm!'),
  `${GOOD} id=again`,
  `${GOOD} colour=red`,
  `${GOOD} hosts=*`,
  `${GOOD} hosts=*.com+a..b`,
  `${GOOD} scope=`,
  `${GOOD} name=${'x'.repeat(4000)}`,
])('no provider: %s', (line) => {
  expect(parseOwnProvider(line)).toBeUndefined()
})

test('a host is its own, or below what a star stands for', () => {
  const provider = { hosts: ['imap.firm.example', '*.post.firm.example'] }
  expect(takesTokensOf(provider, 'imap.firm.example')).toBe(true)
  expect(takesTokensOf(provider, 'a.b.post.firm.example')).toBe(true)
  for (const host of ['firm.example', 'post.firm.example', 'evilpost.firm.example', 'imap.firm.example.evil.example'])
    expect(takesTokensOf(provider, host), host).toBe(false)
})

test('only HTTPS without login and fragment is a URL to ask', () => {
  expect(httpsUrl('https://A.example')).toBe('https://a.example/')
  for (const url of [
    'http://a.example/',
    'https:',
    'a.example',
    'https://a@b.example/',
    'https://a.example/#x',
    `https://a.example/${'x'.repeat(2000)}`,
  ])
    expect(httpsUrl(url), url.slice(0, 30)).toBeUndefined()
})
