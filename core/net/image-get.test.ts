import { expect, test } from 'vitest'
import type { HttpsAnswer, HttpsTerms } from './https-get.ts'
import { makeImageGet } from './image-get.ts'

type Asked = { readonly host: string; readonly path: string; readonly terms: HttpsTerms }
const answer = (more: Partial<Extract<HttpsAnswer, { ok: true }>>): HttpsAnswer => ({
  ok: true,
  status: 200,
  mediaType: 'image/png',
  location: '',
  body: Buffer.from('a picture'),
  notes: [],
  ...more,
})
const getWith = (answers: readonly HttpsAnswer[]) => {
  const asked: Asked[] = []
  const get = makeImageGet(
    async (host, path, terms) => {
      asked.push({ host, path, terms })
      return answers[asked.length - 1]!
    },
    () => ({ caFile: '', allowPrivate: false }),
  )
  return { asked, get: (url: string) => get(url, undefined) }
}

test('a picture is asked for by HTTPS, at public addresses only, and bounded', async () => {
  const { asked, get } = getWith([answer({})])
  expect(await get('https://pictures.example/a.png?x=1#part')).toMatchObject({ ok: true, contentType: 'image/png' })
  expect(asked[0]).toMatchObject({ host: 'pictures.example', path: '/a.png?x=1' })
  expect(asked[0]?.terms).toMatchObject({ allowPrivate: false, mostBytes: 8 * 1024 * 1024, timeoutMs: 20_000 })
})

test.each([
  'http://pictures.example/a.png',
  'file:///etc/passwd',
  'https://me:word@pictures.example/',
  '//x',
  'ftp://x/',
])('%s is asked of nobody', async (url) => {
  const { asked, get } = getWith([])
  expect(await get(url)).toMatchObject({ ok: false })
  expect(asked).toEqual([])
})

test('a redirect is followed to HTTPS a few times, and never to anything else', async () => {
  const { asked, get } = getWith([
    answer({ status: 302, location: '/b.png' }),
    answer({ status: 301, location: 'https://other.example/c.png' }),
    answer({}),
  ])
  expect(await get('https://pictures.example/a.png')).toMatchObject({ ok: true })
  expect(asked.map(({ host, path }) => `${host}${path}`)).toEqual([
    'pictures.example/a.png',
    'pictures.example/b.png',
    'other.example/c.png',
  ])
  expect(
    await getWith([answer({ status: 302, location: 'http://x.example/' })]).get('https://a.example/'),
  ).toMatchObject({
    ok: false,
    reason: 'Only addresses that begin with https:// are asked.',
  })
  const round = Array.from({ length: 9 }, () => answer({ status: 302, location: '/again' }))
  const circle = getWith(round)
  expect(await circle.get('https://a.example/')).toMatchObject({ ok: false })
  expect(circle.asked).toHaveLength(4)
})

test.each([
  [{ mediaType: 'image/svg+xml' }, /which is no picture/],
  [{ mediaType: 'text/html' }, /which is no picture/],
  [{ mediaType: '' }, /which is no picture/],
  [{ status: 404 }, /answers 404/],
])('%j is no picture', async (more, reason) => {
  const got = await getWith([answer(more)]).get('https://a.example/x')
  expect(got.ok ? '' : got.reason).toMatch(reason)
})
