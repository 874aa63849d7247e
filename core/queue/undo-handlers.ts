import { Fault } from '../base/fault.ts'
import type { BlobView } from '../model/blob-view.ts'
import { DraftContent } from '../rpc/views.ts'
import type { Store } from '../store/types.ts'

/** A file of a message, as it is written into a new one. */
export interface GivenFile {
  readonly filename: string
  readonly contentType: string
  readonly bytes: Uint8Array
}

/** What giving a message back to its writer needs. */
export interface GiveBackContext {
  readonly store: Pick<Store, 'openBody'>
  /** Joint: how many attachments a message has, and the bytes of one. */
  readonly attachments: (raw: readonly Uint8Array[]) => Promise<readonly GivenFile[]>
  /** Joint: keeps a file for the composer. Returns its handle. */
  readonly keepFile: (file: GivenFile) => Promise<string>
}

/**
 * What was written, for the composer to open again. Its files are read out of the message itself: what the composer once held is long
 * gone. Throws `message.refused` where that was written by another version.
 */
export async function giveBackDraft(json: string, view: BlobView, context: GiveBackContext): Promise<DraftContent> {
  const parsed = DraftContent.safeParse(JSON.parse(json))
  if (!parsed.success)
    throw new Fault('message.refused', 'read what was written: another version of Posthorn has stored it', {
      reason: 'another version',
    })
  if (parsed.data.attachments.length === 0) return { ...parsed.data, attachments: [] }
  const raw: Uint8Array[] = []
  for await (const chunk of context.store.openBody(view)) raw.push(chunk)
  const attachments = []
  // In the message the pictures of its text come first, as they stood in what was written; then the files.
  const held = parsed.data.attachments
  const order = [...held.filter((one) => one.contentId !== undefined), ...held.filter((one) => !one.contentId)]
  const files = await context.attachments(raw)
  for (const [at, file] of files.entries()) {
    const handle = await context.keepFile(file)
    const { contentId, isMessage } = (files.length === order.length ? order[at] : undefined) ?? {}
    attachments.push({
      ...(contentId === undefined ? {} : { contentId }),
      ...(isMessage === undefined ? {} : { isMessage }),
      handle,
      filename: file.filename,
      contentType: file.contentType,
      sizeBytes: file.bytes.length,
    })
  }
  return { ...parsed.data, attachments }
}
