import { expect, test } from 'vitest'
import { ByteHandles } from './byte-handles.ts'
import { systemClock } from './clock.ts'

const source = (filename: string) => ({
  filename,
  contentType: 'a/b',
  sizeBytes: 0,
  bytes: async function* () {},
})

test('a handle is good for ten minutes and cannot be guessed', () => {
  let nowMs = 0
  const handles = new ByteHandles({ ...systemClock, monotonicMs: () => nowMs })
  const handle = handles.make(source('x'))
  expect(handle).toMatch(/^[\w-]{22}$/)
  expect(handles.make(source('y'))).not.toBe(handle)
  nowMs = 599_999
  expect(handles.open(handle)?.filename).toBe('x')
  nowMs = 600_000
  expect(handles.open(handle)).toBeUndefined()
  expect(handles.open('nothing')).toBeUndefined()
})

test('the oldest of more than a thousand handles go first', () => {
  const handles = new ByteHandles({ ...systemClock, monotonicMs: () => 0 })
  const all = Array.from({ length: 1001 }, (_, n) => handles.make(source(String(n))))
  expect(handles.open(all[0]!)).toBeUndefined()
  expect(handles.open(all[1]!)?.filename).toBe('1')
  expect(handles.open(all[1000]!)?.filename).toBe('1000')
})

test('bytes held in memory are bounded, however many are given out, and nothing else goes for them', () => {
  const handles = new ByteHandles({ ...systemClock, monotonicMs: () => 0 })
  const bytes = async function* () {}
  const of = (heldBytes?: number) => ({
    filename: 'x',
    contentType: 'image/png',
    sizeBytes: undefined,
    bytes,
    ...(heldBytes !== undefined && { heldBytes }),
  })
  const file = handles.make(of())
  const pictures = Array.from({ length: 100 }, () => handles.make(of(8 * 1024 * 1024)))
  const left = pictures.filter((handle) => handles.open(handle) !== undefined)
  expect(left).toEqual(pictures.slice(-6))
  expect(handles.open(file)).toBeDefined()
})
