import { toBody } from '../../core/mailbox/keep.ts'
import { toCrlf } from '../../core/mailbox/import-text.ts'
import type { ParsePool } from '../../core/message/parse-pool.ts'
import { PERSON } from '../../core/store/folder.ts'
import type { Store } from '../../core/store/types.ts'

/** Keeps a message in the person's Inbox, unread, as if it had come when it says. */
export async function keepMessage(
  { store, parse }: { readonly store: Store; readonly parse: ParsePool },
  text: string | Uint8Array,
): Promise<{ readonly messageId: number; readonly folderId: number }> {
  const raw = toCrlf(Buffer.from(text as string))
  const fields = await parse.fields(raw)
  const receivedMs = fields.dateMs ?? Date.now()
  const message = { body: await toBody(store, raw), prefix: '', removed: [], fields, receivedMs, seen: false }
  return store.write('message.deliver', { owner: PERSON, role: 'inbox', message })
}
