import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { servePages } from './pages.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthorn-pages-'))
const serve = servePages(folder, {
  open: (handle) =>
    handle === 'known'
      ? {
          filename: 'a "b".html',
          bytes: async function* () {
            yield new Uint8Array([104, 105])
          },
        }
      : undefined,
})
const get = (url: string, method = 'GET') => serve(new Request(url, { method }))

beforeAll(() => {
  writeFileSync(join(folder, 'index.html'), '<!doctype html>')
  writeFileSync(join(folder, 'frame.html'), '<!doctype html>')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the page comes with a policy that allows no network and no inline script', async () => {
  const page = await get('app://posthorn/')
  expect(page.status).toBe(200)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const policy = page.headers.get('content-security-policy')
  expect(policy).toContain(`default-src 'none'`)
  expect(policy).toMatch(/connect-src app:\/\/posthorn\/bytes\/ app:\/\/posthorn\/pdf\/(?:;|$)/)
  expect(policy).not.toContain('unsafe')
})
test('the mail frame has its own policy, without any script', async () => {
  const policy = (await get('app://posthorn/frame.html')).headers.get('content-security-policy')
  expect(policy).toContain(`style-src 'unsafe-inline'`)
  expect(policy).toContain('sandbox allow-same-origin')
  expect(policy).not.toContain('script')
})
test('bytes are an attachment that can neither run nor be sniffed', async () => {
  const bytes = await get('app://posthorn/bytes/known')
  expect(await bytes.text()).toBe('hi')
  expect(bytes.headers.get('content-disposition')).toBe(`attachment; filename*=UTF-8''a%20%22b%22.html`)
  expect(bytes.headers.get('content-security-policy')).toBe(`default-src 'none'; sandbox`)
  expect(bytes.headers.get('x-content-type-options')).toBe('nosniff')
})
test.each([
  ['app://posthorn/bytes/unknown', 404],
  ['app://posthorn/missing.js', 404],
  ['app://posthorn/%2e%2e/%2e%2e/etc/passwd', 404],
  ['app://elsewhere/', 400],
  ['https://posthorn/', 400],
])('%s is refused with %i', async (url, status) => {
  expect((await get(url)).status).toBe(status)
})
test('only GET is answered', async () => {
  expect((await get('app://posthorn/', 'POST')).status).toBe(400)
})
