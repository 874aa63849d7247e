import type { Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { Message } from '../store/message-list.ts'
import type { Unthreaded } from '../store/thread-fill.ts'
import { listUnthreaded } from '../store/thread.ts'
import type { Store } from '../store/types.ts'

/** What looking through old mail needs. */
export interface OldMailDeps {
  readonly store: Pick<Store, 'read' | 'write' | 'openBody'>
  readonly clock: Pick<Clock, 'after'>
  /** What is known of a message by its bytes. */
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
  /** Folders whose messages look different now. */
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly log: (line: string) => void
}

const AT_ONCE = 20
const PAUSE_MS = 25
const HEAD_BYTES = 64 * 1024
/** Of a message with attachments, so much is looked through for their names. */
const LOOKED_AT_BYTES = 32 * 1024 * 1024

/**
 * After an upgrade: puts the mail of before into its threads and notes what is attached to it, newest first and a few at a time,
 * until all of it is done; what a stop interrupts goes on at the next start. `close` waits for the few that are under way.
 */
export function lookThroughOldMail(deps: OldMailDeps): { readonly done: Promise<void>; close(): Promise<void> } {
  const { store, clock, onFolders, log } = deps
  let closed = false
  let wake = () => {}
  let cancel = () => {}
  const pause = () =>
    new Promise<void>((resolve) => {
      wake = resolve
      cancel = clock.after(PAUSE_MS, resolve)
    })
  const run = async () => {
    for (;;) {
      const messages = listUnthreaded(store.read, AT_ONCE)
      if (messages.length === 0 || closed) return
      const found: Unthreaded[] = []
      for (const message of messages) if (!closed) found.push(await look(deps, message))
      onFolders(await store.write('thread.fill', { messages: found }))
      if (!closed) await pause()
    }
  }
  const done = run().catch((error: unknown) => log(`look through old mail: ${reasonOf(error)}`))
  return {
    done,
    async close() {
      closed = true
      cancel()
      wake()
      await done
    },
  }
}

/** A message whose bytes can't be read is a thread of its own, as far as anybody can tell. */
async function look({ store, describe, log }: OldMailDeps, message: Message): Promise<Unthreaded> {
  const { id } = message
  const most = message.attachments > 0 ? LOOKED_AT_BYTES : HEAD_BYTES
  try {
    const chunks: Uint8Array[] = []
    let left = most
    for await (const chunk of store.openBody(message.view)) {
      chunks.push(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) break
    }
    const { inReplyTo, references, parts, people } = await describe(Buffer.concat(chunks))
    return {
      id,
      inReplyTo,
      references,
      ...(parts !== undefined && message.attachments > 0 && { parts }),
      ...(people !== undefined && { people }),
    }
  } catch (error) {
    log(`look through old mail: message ${id}: ${reasonOf(error)}`)
    return { id, inReplyTo: '', references: '' }
  }
}
