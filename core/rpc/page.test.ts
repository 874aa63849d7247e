import { describe, expect, test } from 'vitest'
import { pageFileOf, pageTypeOf } from './page-files.ts'
import { bytesHeaders, contentPolicyOf, formatDisposition } from './page-policy.ts'

const at = { images: 'app://posthorn/bytes/', connect: "'none'" }

describe('the policy of a page', () => {
  test('lets the window load its own files and reach what its host names', () => {
    const policy = contentPolicyOf('/', at)
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("connect-src 'none'")
    expect(policy).not.toContain('unsafe')
  })
  test("lets the mail frame have the mail's styles and images, and no script", () => {
    const policy = contentPolicyOf('/frame.html', at)
    expect(policy).toContain("style-src 'unsafe-inline'")
    expect(policy).toContain('img-src data: app://posthorn/bytes/;')
    expect(policy).toContain('sandbox allow-same-origin')
    expect(policy).not.toContain('script')
  })
  test('lets bytes of a mail do nothing', () => {
    expect(contentPolicyOf('/bytes/any', at)).toBe("default-src 'none'; sandbox")
    expect(bytesHeaders('a.html')).toMatchObject({ 'content-type': 'application/octet-stream' })
  })
  test('a file name can end no header', () => {
    expect(formatDisposition(`a"\r\nX: y*'().txt`)).toBe(
      `attachment; filename*=UTF-8''a%22%0D%0AX%3A%20y%2a%27%28%29.txt`,
    )
    expect(formatDisposition('half \ud800')).toContain('half')
  })
})

describe('the file of a page', () => {
  test.each(['/../secret', '/a/../../secret', '/%2e%2e/secret', '/..%2fsecret', '/%00', '/%', '/..'])(
    'is never outside the folder: %s',
    (path) => {
      expect(pageFileOf('/srv/pages', path)).toBeUndefined()
    },
  )
  test('is index.html for the window, and has a type only where the window is made of such files', () => {
    expect(pageFileOf('/srv/pages', '/')).toMatch(/index\.html$/)
    expect(pageTypeOf('/srv/pages/index.html')).toBe('text/html; charset=utf-8')
    expect(pageTypeOf('/srv/pages/notes.txt')).toBeUndefined()
  })
})
