import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStates, placeOf, SIZES, WINDOW_KINDS, type Bounds } from './window-state.ts'

const laptop: Bounds = { x: 0, y: 25, width: 1440, height: 875 }
const left: Bounds = { x: -1920, y: 0, width: 1920, height: 1080 }

test('without anything kept a window opens in its usual size, in the middle', () => {
  expect(placeOf('main', undefined, [laptop])).toEqual({ width: 1280, height: 820, maximized: false })
  expect(placeOf('main', undefined, [{ x: 0, y: 0, width: 1024, height: 600 }])).toMatchObject({
    width: 1024,
    height: 600,
  })
})
test('a window opens where it was, also on a screen to the left', () => {
  const saved = { x: -1800, y: 100, width: 900, height: 700, maximized: true }
  expect(placeOf('main', saved, [laptop, left])).toEqual(saved)
})
test('where its screen is gone a window comes to the first one', () => {
  const saved = { x: -1800, y: 100, width: 1900, height: 1000, maximized: false }
  expect(placeOf('main', saved, [laptop])).toEqual({ width: 1440, height: 875, maximized: false })
})
test('a window that hangs over an edge is brought in', () => {
  const saved = { x: 1200, y: 500, width: 900, height: 700, maximized: false }
  expect(placeOf('main', saved, [laptop])).toEqual({ x: 540, y: 200, width: 900, height: 700, maximized: false })
})
test('a second window of a kind stands beside the first', () => {
  const saved = { x: 100, y: 100, width: 760, height: 640, maximized: false }
  expect(placeOf('compose', saved, [laptop], 2)).toMatchObject({ x: 156, y: 156 })
})
test('whatever was kept, the title bar can be taken hold of', () => {
  const whole = fc.integer({ min: -5000, max: 5000 })
  const size = fc.integer({ min: 1, max: 5000 })
  fc.assert(
    fc.property(
      fc.constantFrom(...WINDOW_KINDS),
      fc.record({ x: whole, y: whole, width: size, height: size, maximized: fc.boolean() }),
      fc.constantFrom([laptop], [left, laptop], [left]),
      (kind, saved, screens) => {
        const placed = placeOf(kind, saved, screens)
        expect(placed.width).toBeGreaterThanOrEqual(SIZES[kind].least.width)
        if (placed.x === undefined || placed.y === undefined) return
        const { x, y } = placed
        const screen = screens.find((one) => x >= one.x && x < one.x + one.width && y >= one.y)
        expect(screen).toBeDefined()
      },
    ),
  )
})
test.each(['', 'null', '[]', '{"main":1}', '{"main":{"x":"a","y":0,"width":1,"height":1}}', '{"main":{"x":1e9}}'])(
  'a file with %s in it keeps nothing',
  (json) => {
    expect(parseStates(json)).toEqual({})
  },
)
test('what was written is read again', () => {
  const states = { log: { x: 1, y: 2, width: 700, height: 500, maximized: false } }
  expect(parseStates(JSON.stringify({ ...states, other: { x: 1 } }))).toEqual(states)
})
