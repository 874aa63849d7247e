import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { Fault, isFault } from '../base/fault.ts'
import { decodeOctets } from '../message/charset.ts'
import { safeName } from '../message/file-name.ts'
import type { ParsePool } from '../message/parse-pool.ts'
import type { FullMessage } from '../message/read.ts'
import { contract } from '../rpc/contract.ts'
import type { SearchPage } from '../rpc/search-contract.ts'
import type { FolderView, MessageView } from '../rpc/views.ts'
import type { FindInput } from './find-handlers.ts'
import { listHandlers } from './list-handlers.ts'
import { aboutMessage, headersOf, unsubscribe, type AskUnsubscribe } from './fact-handlers.ts'
import { ensurePersonFolders } from './person.ts'
import { imagesIn, remoteImage, type RemoteImageDeps } from './remote-image.ts'
import { toRow, toRows } from './rows.ts'
import { listFolders, type OwnedFolder } from '../store/folder.ts'
import { getMessage, listPage, listSessionsOf, type Message } from '../store/message-list.ts'
import type { MoveTarget } from '../store/message.ts'
import { getPartial } from '../store/pop3-seen.ts'
import { listThread } from '../store/thread.ts'
import type { Store } from '../store/types.ts'

/** What `mail.*` is wired to. */
export interface MailDeps extends RemoteImageDeps {
  readonly store: Store
  readonly parse: ParsePool
  /** Folders that changed. */
  readonly mailChanges: Changes<number>
  /** Joint: what a query finds, page by page. Throws `search.invalid`. */
  readonly find: (input: FindInput, signal: AbortSignal | undefined) => AsyncGenerator<SearchPage, void, void>
  /** Joint: brings the rest of a message of which only the header is here. Throws `fetch.failed`. */
  readonly fetchWhole: (messageId: number, signal: AbortSignal | undefined) => Promise<void>
  readonly askUnsubscribe: AskUnsubscribe
  readonly nowMs: () => number
  /** Joint: something was snoozed, or is no more. */
  readonly onSnoozed: () => void
  /** Joint: a person is about to move these. */
  readonly onSorting: (ids: readonly number[], to: MoveTarget) => void
}

const SOURCE_BYTES = 512 * 1024
const PREVIEW_BYTES = 256 * 1024
const done = { ok: true as const }

/** Answers `mail.*`. Throws `not-found` for ids that are gone. */
export function mailHandlers(deps: MailDeps) {
  const os = implement(contract.mail)
  const { store, mailChanges } = deps
  const changed = (folderIds: readonly number[]) => {
    mailChanges.emit(...folderIds)
    return done
  }
  // Of the message that is shown: it may name pictures by the thousand, and is read once for all of them.
  let pictures: { readonly id: number; readonly names: Promise<ReadonlySet<string>> } | undefined
  const picturesOf = (id: number): Promise<ReadonlySet<string>> => {
    if (pictures?.id === id) return pictures.names
    const mine = { id, names: getView(deps, id).then(({ html }) => imagesIn(html)) }
    pictures = mine
    mine.names.catch(() => {
      if (pictures === mine) pictures = undefined
    })
    return mine.names
  }
  return {
    ...listHandlers({ store, nowMs: deps.nowMs, onFolders: changed, onSnoozed: deps.onSnoozed }),
    folders: os.folders.handler(async () => {
      await ensurePersonFolders(store)
      return listFolders(store.read).map(toFolderView)
    }),
    list: os.list.handler(({ input }) => {
      const { rows, total, more } = listPage(store.read, input.folderId, input.after, input.limit)
      return { rows: toRows(store.read, rows), total, more }
    }),
    search: os.search.handler(({ input, signal }) => deps.find(input, signal)),
    get: os.get.handler(({ input }) => {
      pictures = undefined
      return getView(deps, input.id)
    }),
    getWhole: os.getWhole.handler(async ({ input, signal }) => {
      find(store, input.id)
      await deps.fetchWhole(input.id, signal)
      pictures = undefined
      return getView(deps, input.id)
    }),
    setSeen: os.setSeen.handler(async ({ input }) => changed(await store.write('message.seen', input))),
    setStarred: os.setStarred.handler(async ({ input }) => changed(await store.write('message.starred', input))),
    move: os.move.handler(async ({ input }) => {
      deps.onSorting(input.ids, input.to)
      return changed(await store.write('message.move', input))
    }),
    remove: os.remove.handler(async ({ input }) => changed(await store.write('message.remove', input))),
    attachment: os.attachment.handler(async ({ input }) => {
      const chunks = await read(store, find(store, input.id))
      const found = await deps.parse.attachment(chunks.chunks, input.index)
      if (found === undefined)
        throw new Fault('not-found', `read attachment ${input.index} of message ${input.id}: there is none`, {
          what: 'attachment',
          id: String(input.index),
        })
      const { filename, contentType, bytes } = found
      // Read again when it is fetched: a handle holds no bytes.
      const again = async function* () {
        const { chunks: parts } = await read(store, find(store, input.id))
        const content = await deps.parse.attachment(parts, input.index)
        if (content !== undefined) yield* slices(content.bytes)
      }
      return { handle: deps.handles.make({ filename, contentType, sizeBytes: bytes.length, bytes: again }) }
    }),
    remoteImage: os.remoteImage.handler(async ({ input, signal }) => {
      return { handle: await remoteImage(deps, await picturesOf(input.id), input.url, signal) }
    }),
    source: os.source.handler(async ({ input }) => {
      const message = find(store, input.id)
      const start = await startOf(store, message)
      const handle = deps.handles.make({
        filename: safeName(`${message.subject.slice(0, 80) || 'message'}.eml`, 'message/rfc822', 0),
        contentType: 'message/rfc822',
        sizeBytes: message.view.sizeBytes,
        bytes: () => store.openBody(message.view),
      })
      return { text: decodeOctets(start.toString('latin1')), truncated: start.length < message.view.sizeBytes, handle }
    }),
    about: os.about.handler(({ input }) => aboutMessage(store, find(store, input.id))),
    attachmentText: os.attachmentText.handler(async ({ input: { id, index } }) => {
      const found = await deps.parse.attachment((await read(store, find(store, id))).chunks, index)
      if (found === undefined)
        throw new Fault('not-found', `read attachment ${index} of message ${id}: there is none`, {
          what: 'attachment',
          id: String(index),
        })
      const start = Buffer.from(found.bytes.subarray(0, PREVIEW_BYTES))
      return { text: decodeOctets(start.toString('latin1')), isCut: found.bytes.length > PREVIEW_BYTES }
    }),
    headers: os.headers.handler(({ input }) => headersOf(store, find(store, input.id))),
    tree: os.tree.handler(async ({ input }) => deps.parse.tree((await read(store, find(store, input.id))).chunks)),
    part: os.part.handler(async ({ input: { id, path } }) => {
      const partNow = async () => deps.parse.part((await read(store, find(store, id))).chunks, path)
      const found = await partNow()
      if (found === undefined)
        throw new Fault('not-found', `read part ${path} of message ${id}: there is none`, { what: 'part', id: path })
      const { filename, contentType } = found
      const again = async function* () {
        const content = await partNow()
        if (content !== undefined) yield* slices(content.bytes)
      }
      const sizeBytes = found.bytes.length
      return { handle: deps.handles.make({ filename, contentType, sizeBytes, bytes: again }), filename }
    }),
    unsubscribe: os.unsubscribe.handler(({ input, signal }) => unsubscribe(deps, find(store, input.id), signal)),
    thread: os.thread.handler(({ input }) => {
      const message = find(store, input.id)
      if (message.threadId === null) return { rows: toRows(store.read, [message]), total: 1, more: false }
      const { rows, total, more } = listThread(store.read, message.threadId, input.after, input.limit)
      return { rows: toRows(store.read, rows), total, more }
    }),
    setTags: os.setTags.handler(async ({ input }) => changed(await store.write('message.tag', input))),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const folderIds of mailChanges.stream(signal)) yield { folderIds }
    }),
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536)
}

function find(store: Store, id: number): Message {
  const message = getMessage(store.read, id)
  if (message !== undefined) return message
  throw new Fault('not-found', `open message ${id}: it is gone`, { what: 'message', id: String(id) })
}

/** All bytes of a message; when the stored ones are damaged, what can be read, and the words for it. */
async function read(store: Store, message: Message): Promise<{ chunks: Uint8Array[]; damaged: string | null }> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of store.openBody(message.view)) chunks.push(chunk)
    return { chunks, damaged: null }
  } catch (error) {
    if (!isFault(error, 'blob.damaged')) throw error
    return { chunks, damaged: error.message }
  }
}

async function startOf(store: Store, message: Message): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of store.openBody(message.view)) {
    parts.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes >= SOURCE_BYTES) break
  }
  return Buffer.concat(parts).subarray(0, SOURCE_BYTES)
}

function partialView(store: Store, id: number): MessageView['partial'] {
  const partial = getPartial(store.read, id)
  return partial === undefined ? null : { sizeBytes: partial.sizeBytes }
}

const NOTHING: Pick<FullMessage, 'text' | 'html'> = { text: null, html: null }

/** The whole view of a message. A message no reader survives still shows what its row says. */
async function getView(deps: MailDeps, id: number): Promise<MessageView> {
  const message = find(deps.store, id)
  const { chunks, damaged } = await read(deps.store, message)
  const common = {
    ...toRow(deps.store.read, message),
    sizeBytes: message.view.sizeBytes,
    sessions: listSessionsOf(deps.store.read, id),
    messageId: message.messageId,
    partial: partialView(deps.store, id),
  }
  try {
    const full = await deps.parse.message(chunks)
    return {
      ...common,
      // The row may be of a time when only the beginning was looked at.
      subject: full.subject === '' ? common.subject : full.subject,
      from: full.from,
      to: full.to,
      cc: full.cc,
      replyTo: full.replyTo,
      inReplyTo: full.inReplyTo,
      references: full.references,
      text: full.text,
      html: full.html,
      parts: full.attachments,
      damaged,
      leftOut: full.problem,
    }
  } catch (error) {
    if (!isFault(error, 'thread.died')) throw error
    const from = [{ name: message.authorName, address: message.authorAddress }]
    const none = { to: [], cc: [], replyTo: [], inReplyTo: '', references: '', parts: [], leftOut: null }
    return { ...common, ...NOTHING, ...none, from, damaged: damaged ?? error.message }
  }
}

function toFolderView(folder: OwnedFolder): FolderView {
  const { id, role, name, total, unread, accountId, userId } = folder
  const ownerName = folder.ownerName ?? ''
  const owner =
    accountId !== null
      ? { kind: 'account' as const, id: accountId, name: ownerName }
      : userId !== null
        ? { kind: 'user' as const, id: userId, name: ownerName }
        : null
  return { id, role, name, total, unread, owner }
}
