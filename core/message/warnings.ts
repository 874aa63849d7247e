import type { Reading } from './attached.ts'
import { countJunk } from './content.ts'
import { parseDate } from './date.ts'
import { decodeOctets } from './charset.ts'
import { safeName } from './file-name.ts'
import { oneLine } from './one-line.ts'
import type { Part, Structure } from './structure.ts'

/** RFC 5322 §3.6: what may stand once at most. */
const ONCE = 'from sender reply-to to cc bcc message-id in-reply-to references subject date mime-version'.split(' ')
const PART_ONCE = ['content-type', 'content-transfer-encoding', 'content-disposition', 'content-id']
const BEYOND_ASCII = /[\u0080-\u00ff]/

/** All that is odd about a message, in words: what was cut short, what breaks a rule, and what was read in spite of it. */
export function warningsOf(raw: Uint8Array, structure: Structure, reading: Reading): string[] {
  const found = new Set<string>(structure.notes.map((note) => note.text))
  for (const note of reading.notes.list) found.add(note.text)
  const { root } = structure
  for (const name of [...ONCE, ...PART_ONCE]) countFields(root, name, found)
  if (!root.fields.some((field) => field.name === 'date')) found.add('there is no Date')
  const date = root.fields.find((field) => field.name === 'date')?.value
  if (date !== undefined && parseDate(decodeOctets(date)) === null)
    found.add(`Date can’t be read: "${oneLine(decodeOctets(date), 100)}"`)
  if (!root.fields.some((field) => field.name === 'from')) found.add('there is no From')
  if (root.fields.some((field) => BEYOND_ASCII.test(field.value))) found.add('the header has octets beyond ASCII')
  if (raw.includes(0)) found.add('there are NUL octets')
  eachPart(root, (part) => {
    if (part !== root) for (const name of PART_ONCE) countFields(part, name, found)
    const junk = part.children.length === 0 ? countJunk(raw, part) : 0
    if (junk > 0) found.add(`${junk} octets of base64 are none`)
  })
  for (const [index, file] of reading.files.entries()) {
    if (file.name === null || file.name === '') continue
    const safe = safeName(file.name, file.type, index)
    if (safe !== file.name) found.add(`the file name ${JSON.stringify(oneLine(file.name, 100))} is shown as "${safe}"`)
  }
  return [...found]
}

function countFields(part: Part, name: string, found: Set<string>): void {
  const count = part.fields.filter((field) => field.name === name).length
  if (count > 1) found.add(`${name} stands ${count} times`)
}

function eachPart(part: Part, visit: (part: Part) => void): void {
  const waiting = [part]
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    visit(one)
    waiting.push(...one.children)
  }
}
