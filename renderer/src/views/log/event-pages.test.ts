import { expect, test } from 'vitest'
import type { EventView } from '../../../../core/rpc/views.ts'
import { EventPages, PAGE } from './event-pages.ts'

const note = (seq: number): EventView => ({ seq, atMs: 0, sinceMs: 0, kind: 'note', text: `${seq}` })
const page = (n: number, count = PAGE) => Array.from({ length: count }, (_, at) => note(n * PAGE + at))

test('a page is asked for once until it came, and again when it has grown', () => {
  const pages = new EventPages()
  expect(pages.missing(10, PAGE + 99, PAGE + 80)).toEqual([0, 1])
  expect(pages.missing(10, PAGE + 99, PAGE + 80)).toEqual([])
  pages.put(0, page(0))
  pages.put(1, page(1, 80))
  expect(pages.missing(0, PAGE + 79, PAGE + 80)).toEqual([])
  expect(pages.get(PAGE + 79)).toEqual(note(PAGE + 79))
  expect(pages.get(PAGE + 80)).toBeUndefined()
  expect(pages.missing(0, PAGE + 80, PAGE + 81)).toEqual([1])
  pages.failed(1)
  expect(pages.missing(0, PAGE + 80, PAGE + 81)).toEqual([1])
})

test('of a million events few are held: those looked at last', () => {
  const pages = new EventPages()
  for (let n = 0; n < 1000; n++) {
    expect(pages.missing(0, 5, 1_000_000)).toEqual(n === 0 ? [0] : [])
    if (n === 0) pages.put(0, page(0))
    else pages.put(n, page(n))
  }
  expect(pages.get(3)).toEqual(note(3))
  expect(pages.get(500 * PAGE)).toBeUndefined()
  expect(pages.get(999 * PAGE)).toEqual(note(999 * PAGE))
})
