import { expect, test } from 'vitest'
import { mayDownload, mayNavigate, mayNavigateFrame, parseExternal } from './navigation.ts'

test('the window stays on its one page', () => {
  expect(mayNavigate('app://posthorn/')).toBe(true)
  expect(mayNavigate('app://posthorn/#/queue/7')).toBe(true)
  expect(mayNavigate('app://posthorn/bytes/abc')).toBe(false)
  expect(mayNavigate('app://posthorn/frame.html')).toBe(false)
  expect(mayNavigate('https://posthorn.example/')).toBe(false)
  expect(mayNavigate('javascript:alert(1)')).toBe(false)
})
test('a frame holds the mail page and nothing else', () => {
  expect(mayNavigateFrame('app://posthorn/frame.html')).toBe(true)
  expect(mayNavigateFrame('app://posthorn/')).toBe(false)
  expect(mayNavigateFrame('https://tracker.example/')).toBe(false)
})
test.each([
  ['https://example.org', 'https://example.org/'],
  ['HTTPS://EXAMPLE.ORG/A b', 'https://example.org/A%20b'],
  ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
])('%s may leave the application, as %s', (address, spelled) => {
  expect(parseExternal(address)).toBe(spelled)
})
test('what is saved comes from the engine or from our own page', () => {
  expect(mayDownload('app://posthorn/bytes/abc')).toBe(true)
  expect(mayDownload('blob:app://posthorn/1b2c')).toBe(true)
  for (const address of ['app://posthorn/index.html', 'https://one.example/a', 'blob:https://one.example/1', 'data:,x'])
    expect(mayDownload(address)).toBe(false)
})
test.each([
  'file:///etc/passwd',
  'mailto:ada@example.org',
  'smb://server/share',
  'javascript:alert(1)',
  'data:text/html,x',
  'ms-msdt:/id',
  'app://posthorn/',
  'https://bank.example@evil.example/',
  '//example.org/',
  'not an address',
  '',
])('%s may not leave the application', (address) => {
  expect(parseExternal(address)).toBeUndefined()
})
