import type { Transcript } from '../transcript/sink.ts'
import { Pop3Content } from '../wire/pop3/server-content.ts'
import type { OpenedMessage } from './pop3-server-terms.ts'

/** Handed to the socket at once: who reads slowly shows it soon. */
const SLICE_BYTES = 16 * 1024

/** What sending a message needs of its session. */
export interface MessageWire {
  readonly transcript: Transcript
  write(bytes: Uint8Array): void
  /** Resolves when the client has room for more, or is gone. */
  room(): Promise<void>
  readonly isEnded: boolean
}

/** A message that was found: its first bytes are here, so that it can be promised. */
export interface FoundMessage extends OpenedMessage {
  readonly first: IteratorResult<Uint8Array>
}

/**
 * Sends a message and its final dot in pieces, as fast as the client reads and no faster. Rejects when it cannot be read to its
 * end: then the connection has to be cut, for only the final dot says that it is whole.
 */
export async function sendMessage(message: FoundMessage, lines: number | undefined, wire: MessageWire): Promise<void> {
  const { transcript } = wire
  const content = new Pop3Content(lines)
  let sent = 0
  try {
    for (let { first: chunk } = message; !(chunk.done ?? false); chunk = await message.chunks.next()) {
      const bytes = content.push(chunk.value as Uint8Array)
      for (let at = 0; at < bytes.length && !wire.isEnded; at += SLICE_BYTES) {
        const slice = bytes.subarray(at, at + SLICE_BYTES)
        wire.write(slice)
        sent += slice.length
        await wire.room()
      }
      if (wire.isEnded) return
      if (content.isDone) break
    }
    const end = content.end()
    wire.write(end)
    sent += end.length - 3
  } finally {
    if (sent > 0) transcript.content('S', sent, { kind: 'message', messageId: message.messageId })
    await message.chunks.return?.()
  }
  transcript.line('S', '.')
  if (lines === undefined) transcript.countMessage()
}
