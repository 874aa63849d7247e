import { expect, test } from 'vitest'
import { Asks } from './asks.ts'

const show = (hash: string) => ({ what: 'show', hash }) as const

test('what was asked before the window listened comes first, and each once', async () => {
  const asks = new Asks()
  asks.push(show('#/a'))
  asks.push(show('#/b'))
  const stream = asks.stream()
  expect((await stream.next()).value).toEqual(show('#/a'))
  expect((await stream.next()).value).toEqual(show('#/b'))
  const next = stream.next()
  asks.push(show('#/c'))
  expect((await next).value).toEqual(show('#/c'))
})
test('a page that was loaded anew takes over, and the old one takes nothing with it', async () => {
  const asks = new Asks()
  const old = asks.stream()
  const waiting = old.next()
  const fresh = asks.stream()
  const next = fresh.next()
  asks.push(show('#/a'))
  expect((await next).value).toEqual(show('#/a'))
  expect((await waiting).done).toBe(true)
})
test('a window that goes leaves nothing waiting', async () => {
  const asks = new Asks()
  const gone = new AbortController()
  const waiting = asks.stream(gone.signal).next()
  gone.abort()
  expect((await waiting).done).toBe(true)
})
