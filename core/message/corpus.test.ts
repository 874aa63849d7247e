import * as fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseFile, parseForCli } from './parsed.ts'
import { readAttachment, readFields, readMessage } from './read.ts'
import type { PartNode } from './tree.ts'

const folder = new URL('../../test/messages/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.eml'))
  .map((name) => name.slice(0, -4))
const load = (name: string) => readFileSync(new URL(`${name}.eml`, folder))

/** What a person wrote down of a message: all of it, or what matters of one whose oddity is one thing. */
interface Expected extends Readonly<Record<string, unknown>> {
  readonly tree?: string
  readonly warnings?: readonly string[]
}
const expectedOf = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Expected

/** `multipart/mixed(text/plain, image/png)`. */
const treeOf = ({ type, children }: PartNode): string =>
  children.length === 0 ? type : `${type}(${children.map(treeOf).join(', ')})`

/** Everything in the tree, outermost first. */
const nodesOf = (node: PartNode): PartNode[] => [node, ...node.children.flatMap(nodesOf)]

describe('odd mail is read as it was meant', () => {
  for (const name of names)
    test(name, () => {
      const raw = load(name)
      const { tree, warnings, ...rest } = expectedOf(name)
      const parsed = parseFile(raw)
      expect(parsed).toMatchObject(rest)
      if (tree !== undefined) expect(treeOf(parsed.tree)).toBe(tree)
      if (warnings !== undefined) expect(parsed.warnings.toSorted()).toEqual(warnings.toSorted())
    })
})

describe('all readers of one message agree', () => {
  for (const name of names)
    test(name, () => {
      const raw = load(name)
      const cli = parseForCli(raw)
      const full = readMessage(raw)
      const fields = readFields(raw)
      expect([full.text, full.problem === null || typeof full.problem]).toEqual([
        cli.text,
        full.problem === null || 'string',
      ])
      expect(full.attachments.map((one) => one.sizeBytes)).toEqual(cli.attachments.map((one) => one.size))
      expect(fields.attachments).toBe(cli.attachments.length)
      expect(fields.parts?.map((part) => [part.filename, part.contentType])).toEqual(
        full.attachments.map((one) => [one.filename, one.contentType]),
      )
      expect(fields.dateMs === null ? null : new Date(fields.dateMs).toISOString()).toBe(cli.date)
      expect(fields.preview.length).toBeLessThanOrEqual(200)
      for (const { index, sizeBytes, filename } of full.attachments) {
        const file = readAttachment(raw, index)
        expect([file?.bytes.length, file?.filename]).toEqual([sizeBytes, filename])
      }
      // Places in the tree are places in the file, within those of the part around.
      for (const { headerFrom, bodyFrom, bodyTo, children } of nodesOf(parseFile(raw).tree)) {
        if (headerFrom === null || bodyFrom === null || bodyTo === null) continue
        expect(headerFrom <= bodyFrom && bodyFrom <= bodyTo && bodyTo <= raw.length).toBe(true)
        for (const child of children)
          // An empty part may share its blank line with the delimiter after it.
          if (child.headerFrom !== null)
            expect(child.headerFrom >= bodyFrom && (child.bodyTo ?? 0) <= bodyTo + 2).toBe(true)
      }
    })
})

test('odd mail that was damaged on the way, or grown together, is read by all readers alike', () => {
  const all = names.map(load)
  const damage = fc.record({
    messages: fc.array(fc.nat(all.length - 1), { minLength: 1, maxLength: 2 }),
    cut: fc.option(fc.nat()),
    changes: fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 0x0a, 0x0d, 0x22, 0x2d, 0x3d, 0x80, 0xff)), {
      maxLength: 8,
    }),
  })
  fc.assert(
    fc.property(damage, ({ messages, cut, changes }) => {
      let raw = Buffer.concat(messages.map((n) => all[n]!))
      if (raw.length === 0) return
      if (cut !== null) raw = raw.subarray(0, cut % raw.length)
      for (const [at, value] of changes) if (raw.length > 0) raw[at % raw.length] = value
      const file = parseFile(raw)
      const full = readMessage(raw)
      expect([full.text, full.html === null]).toEqual([file.text, file.html === null])
      expect(full.attachments.map((one) => one.sizeBytes)).toEqual(file.attachments.map((one) => one.size))
      expect(readFields(raw).parts?.length).toBe(Math.min(100, full.attachments.length))
    }),
    { numRuns: 400 },
  )
})
