import type { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { ParsePool } from '../message/parse-pool.ts'
import { readArrivalMs } from '../message/read.ts'
import { PERSON } from '../store/folder.ts'
import type { Store } from '../store/types.ts'
import { toBody } from './keep.ts'

/** What became of a message file. */
export interface Imported {
  readonly messageId: number
  readonly folderId: number
  /** What was changed in its bytes, in words; null when they are as in the file. */
  readonly changed: string | null
}

const LF = 0x0a
const CR = 0x0d

/**
 * The bytes with CRLF at the end of every line: files of other systems end lines in LF alone, and nothing in this program
 * may hold a bare one. Returns the very same array when there is nothing to do.
 */
export function toCrlf(raw: Uint8Array): Uint8Array {
  let bare = 0
  for (let at = raw.indexOf(LF); at >= 0; at = raw.indexOf(LF, at + 1)) if (raw[at - 1] !== CR) bare++
  let loose = 0
  for (let at = raw.indexOf(CR); at >= 0; at = raw.indexOf(CR, at + 1)) if (raw[at + 1] !== LF) loose++
  if (bare + loose === 0) return raw
  const out = new Uint8Array(raw.length + bare + loose)
  let to = 0
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at] ?? 0
    if (byte === LF && raw[at - 1] !== CR) out[to++] = CR
    out[to++] = byte
    if (byte === CR && raw[at + 1] !== LF) out[to++] = LF
  }
  return out
}

/** Leaves out the `From ` line that mbox files put in front. */
function withoutMboxLine(raw: Uint8Array): Uint8Array {
  const isMbox = Buffer.from(raw.buffer, raw.byteOffset, Math.min(5, raw.length)).toString('latin1') === 'From '
  const end = isMbox ? raw.indexOf(LF) : -1
  return end < 0 ? raw : raw.subarray(end + 1)
}

/** Whether the bytes begin as mail does: with a header field. */
function isMail(raw: Uint8Array): boolean {
  const start = Buffer.from(raw.buffer, raw.byteOffset, Math.min(1000, raw.length)).toString('latin1')
  return /^[!-9;-~]+[ \t]*:/.test(start)
}

/**
 * Stores a message file in the person's Inbox, with its bytes as they are but for line ends. Throws `message.refused` for
 * what is no mail, and the store's faults.
 */
export async function importMessage(
  deps: {
    readonly store: Store
    readonly clock: Clock
    readonly parse: ParsePool
    readonly mailChanges: Changes<number>
  },
  file: Uint8Array,
): Promise<Imported> {
  const mail = withoutMboxLine(file)
  if (!isMail(mail))
    throw new Fault(
      'message.refused',
      `store a message: ${mail.length === 0 ? 'the file is empty' : 'it does not begin with a header field'}`,
      {
        reason: mail.length === 0 ? 'empty' : 'no header',
      },
    )
  const raw = toCrlf(mail)
  const fields = await deps.parse.fields(raw)
  const receivedMs = readArrivalMs(raw) ?? fields.dateMs ?? deps.clock.nowMs()
  const message = { body: await toBody(deps.store, raw), prefix: '', removed: [], fields, receivedMs, seen: false }
  const stored = await deps.store.write('message.deliver', { owner: PERSON, role: 'inbox', message })
  deps.mailChanges.emit(stored.folderId)
  return { ...stored, changed: raw === mail ? null : 'line ends became CRLF' }
}
