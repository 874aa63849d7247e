import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { needs, pathOf } from '../../test/support/peers.ts'

/** Of Python, as Debian 12 has it. */
const VERSION = '3.11'
const peers = needs('python')
const folder = new URL('../../test/messages/', import.meta.url)
const oracle = fileURLToPath(new URL('../../test/support/mime-oracle.py', import.meta.url))

/** A leaf of a message as Python reads it. */
interface Leaf {
  readonly name: string | null
  readonly type: string
  readonly sha256: string | null
  readonly isText: boolean
  readonly text: unknown
}
interface Opinion {
  readonly subject: unknown
  readonly from: unknown
  readonly to: unknown
  readonly date: unknown
  readonly tree: unknown
  readonly leaves: readonly Leaf[] | object
}
interface Expected {
  readonly subject?: string | null
  readonly from?: readonly string[]
  readonly to?: readonly string[]
  readonly date?: string | null
  readonly text?: string | null
  readonly html?: string | null
  readonly tree?: string
  readonly attachments?: readonly { filename: string | null; contentType: string; sha256: string }[]
}

/** Python puts no line end in a header, keeps spaces at a text's end and writes lines as they came. */
const oneLine = (value: unknown) => (typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : value)
const linesOf = (value: unknown) => (typeof value === 'string' ? value.replaceAll(/\r\n?/g, '\n').trimEnd() : value)
/** What is packed into a part is not the business of a reader of MIME. */
const plainTree = (tree: string) => tree.replaceAll(/application\/ms-tnef\([^()]*\)/g, 'application/ms-tnef')

/** The fields in which Python reads otherwise than what was written down. */
function differencesOf(wanted: Expected, said: Opinion): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  const compare = (field: string, ours: unknown, theirs: unknown) => {
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) found[field] = theirs
  }
  if (wanted.subject !== undefined) compare('subject', oneLine(wanted.subject), oneLine(said.subject))
  if (wanted.from !== undefined) compare('from', wanted.from, said.from)
  if (wanted.to !== undefined) compare('to', wanted.to, said.to)
  if (wanted.date !== undefined) compare('date', wanted.date, said.date)
  if (wanted.tree !== undefined) compare('tree', plainTree(wanted.tree), said.tree)
  const leaves = Array.isArray(said.leaves) ? (said.leaves as Leaf[]) : []
  const texts = (type: string) => leaves.filter((leaf) => leaf.isText && leaf.type === type)
  for (const [field, type] of [
    ['text', 'text/plain'],
    ['html', 'text/html'],
  ] as const) {
    const ours = wanted[field]
    const theirs = texts(type)
    // Several texts are one body here; which of them is the body is no question to Python.
    if (ours !== undefined && ours !== null && theirs.length <= 1 && texts('text/plain').length <= 1)
      compare(field, linesOf(ours), linesOf(theirs[0]?.text))
  }
  if (wanted.attachments !== undefined) {
    const files = leaves.filter((leaf) => !leaf.isText).map(({ name, type, sha256 }) => [name, type, sha256])
    const isMessage = (type: string) => type.startsWith('message/')
    const ours = wanted.attachments.map((one) => [
      one.filename,
      one.contentType,
      isMessage(one.contentType) ? null : one.sha256,
    ])
    compare('attachments', ours, files)
  }
  return found
}

peers.test("Python's email reads the odd mail as it was written down, but for differences that are explained", () => {
  const said = JSON.parse(
    execFileSync(pathOf('python'), [oracle, fileURLToPath(folder)], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
  ) as { version: string; messages: Record<string, Opinion> }
  // Another version reads some of this otherwise; what is explained are the differences of this one.
  if (said.version !== VERSION) {
    expect(Object.keys(said.messages).length).toBeGreaterThan(150)
    return
  }
  const explained = JSON.parse(readFileSync(new URL('differences.json', folder), 'utf8')) as Record<
    string,
    Record<string, string>
  >
  const names = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'differences.json')
  const found: Record<string, Record<string, unknown>> = {}
  for (const file of names) {
    const name = file.slice(0, -5)
    const wanted = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Expected
    const differences = differencesOf(wanted, said.messages[name] as Opinion)
    if (Object.keys(differences).length > 0) found[name] = differences
  }
  // Neither one that nobody explained, nor an explanation of what is no difference any more.
  const unexplained = Object.entries(found).flatMap(([name, fields]) =>
    Object.entries(fields)
      .filter(([field]) => explained[name]?.[field] === undefined)
      .map(([field, theirs]) => ({ name, field, theirs })),
  )
  const outdated = Object.entries(explained).flatMap(([name, fields]) =>
    Object.keys(fields)
      .filter((field) => !(field in (found[name] ?? {})))
      .map((field) => `${name}: ${field}`),
  )
  expect({ unexplained, outdated }).toEqual({ unexplained: [], outdated: [] })
})
