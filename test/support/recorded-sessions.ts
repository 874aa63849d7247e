import * as fc from 'fast-check'
import { readdirSync } from 'node:fs'
import { readDialogue } from './dialogue.ts'

/**
 * What the clients of the dialogues in a folder say, one session each, as if TLS stood from the start: `upgrade`, the command that
 * begins it, is left out.
 */
export function recordedSessions(folder: URL, upgrade: string): Buffer[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.txt'))
  return names.toSorted().flatMap((name) =>
    readDialogue(new URL(name, folder)).connections.map((steps) => {
      const said = steps.flatMap((step) => {
        if (!('from' in step) || step.from !== 'C') return []
        if (step.do === 'line') return step.text === upgrade ? [] : [`${step.text}\r\n`]
        return step.do === 'bytes' ? [step.parts.join('')] : []
      })
      return Buffer.from(said.join(''), 'latin1')
    }),
  )
}

/** One change of a stream of bytes. */
export interface Mutation {
  readonly is: 'insert' | 'flip' | 'remove' | 'double'
  /** From 0 to 1, so that it fits any length. */
  readonly at: number
  readonly text: string
  readonly size: number
}

/** Changes that put one of these splinters in, flip a bit, or take away or double a few bytes. */
export const mutationsWith = (splinters: readonly string[]): fc.Arbitrary<Mutation> =>
  fc.record({
    is: fc.constantFrom('insert', 'flip', 'remove', 'double'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    text: fc.constantFrom(...splinters),
    size: fc.integer({ min: 1, max: 40 }),
  })

/** The bytes with one change made. */
export function mutate(bytes: Buffer, { is, at: where, text, size }: Mutation): Buffer {
  const at = Math.floor(where * bytes.length)
  const before = bytes.subarray(0, at)
  switch (is) {
    case 'insert':
      return Buffer.concat([before, Buffer.from(text, 'latin1'), bytes.subarray(at)])
    case 'flip': {
      const changed = Buffer.from(bytes)
      if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << (size % 8))
      return changed
    }
    case 'remove':
      return Buffer.concat([before, bytes.subarray(at + size)])
    case 'double':
      return Buffer.concat([before, bytes.subarray(at, at + size), bytes.subarray(at)])
  }
}
