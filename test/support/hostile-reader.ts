import { parseFile } from '../../core/message/parsed.ts'
import { readAttachment, readFields, readMessage } from '../../core/message/read.ts'
import { HOSTILE } from './hostile-messages.ts'

/** Reads every hostile message in every way, in a process that was given little room: it ends with 0 or is out of memory. */
const sizeBytes = Number(process.argv[2])
const read: Record<string, string | null> = {}
for (const { name, make } of HOSTILE) {
  const raw = make(sizeBytes)
  readFields(raw)
  parseFile(raw)
  readAttachment(raw, 0)
  read[name] = readMessage(raw).problem
}
process.stdout.write(JSON.stringify(read))
