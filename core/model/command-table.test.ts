import { expect, test } from 'vitest'
import { COMMANDS, isChord, keysOf, KEY_SCHEMES, parseBinding, type CommandId } from './command-table.ts'

test.each(KEY_SCHEMES)('no key of the %s scheme stands for two commands, and each can be pressed', (scheme) => {
  const keys = [...keysOf(scheme, [])].flatMap(([, chords]) => chords)
  expect(keys.filter((chord, at) => keys.indexOf(chord) !== at)).toEqual([])
  expect(keys.filter((chord) => !isChord(chord))).toEqual([])
  // The first key of two pressed one after the other is no key by itself: nobody could press the second.
  const first = new Set(keys.filter((chord) => chord.includes(' ')).map((chord) => chord[0]))
  expect(keys.filter((chord) => first.has(chord))).toEqual([])
})

test('with keys switched off, no single letter does anything', () => {
  const keys = [...keysOf('off', [])].flatMap(([, chords]) => chords)
  expect(keys).toContain('Mod+K')
  expect(keys.filter((chord) => /^\S( \S)?$/u.test(chord))).toEqual([])
})

test("a person's own key takes the place of the command's keys, and of every other use of it", () => {
  const keys = keysOf('posthorn', ['archive=r', 'delete='])
  const of = (id: CommandId) => keys.get(id)
  expect(of('archive')).toEqual(['r'])
  expect(of('delete')).toEqual([])
  expect(of('reply')).toEqual(['Mod+R'])
})

test.each(['archive', '=a', 'nothing=a', 'archive=Mod+', 'archive=Shift', 'archive=a b c', 'archive=Hyper+x'])(
  'the line %j is no key of anybody',
  (line) => expect(parseBinding(line)).toBeUndefined(),
)

test('every command has words of its own', () => {
  const labels = Object.values(COMMANDS).map(({ label }) => label)
  expect(new Set(labels).size).toBe(labels.length)
})
