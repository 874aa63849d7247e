import type { Cancel, Clock } from '../base/clock.ts'
import { isFault, reasonOf } from '../base/fault.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'
import { composeStream, type OutgoingFile } from '../message/compose.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { draftFolder, getDraftState, listDraftStates, type DraftState } from '../store/draft-copy.ts'
import { getDraft } from '../store/draft.ts'
import { getIdentity, listIdentities, type Identity } from '../store/identity.ts'
import type { NewMessage } from '../store/message.ts'
import { compositionOf, readableAddresses, type Draft } from './composition.ts'
import { toBody } from './keep.ts'
import { fileOf, type SendDeps } from './send.ts'

/** What putting drafts on servers is wired to. */
export interface DraftCopyDeps extends Pick<SendDeps, 'store' | 'clock' | 'uploads' | 'handles' | 'onFolders' | 'log'> {
  readonly clock: Clock
  readonly describe: (raw: Uint8Array) => Promise<MessageFields>
  /** Joint: a draft as the store keeps it, checked. Throws where it is none. */
  readonly readDraft: (content: string) => Draft
}

/** A draft that is being written is put on its server at most so often. */
const GAP_MS = 60_000
/** A larger one stays on this computer: it would go to the server again with each change. */
const LONGEST_BYTES = 25 * 1024 * 1024

/**
 * Puts drafts into the Drafts folder of the IMAP account that has their address. What the composer keeps is the draft; this is a message
 * made of it, which goes to the server like any that comes into such a folder, and is replaced by the next one.
 */
export class DraftCopies {
  readonly #deps: DraftCopyDeps
  readonly #timers = new Map<number, Cancel>()
  readonly #line = new OneAtATime()
  /** Those that could not be put there: they wait until they are changed. */
  readonly #failed = new Set<number>()
  #under: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(deps: DraftCopyDeps) {
    this.#deps = deps
  }

  /** A draft was kept. `isClosing`: nobody writes it any more, so it is put there at once. */
  saved(draftId: number, isClosing: boolean): void {
    this.#failed.delete(draftId)
    const state = this.#isStopped ? undefined : getDraftState(this.#deps.store.read, draftId)
    if (state !== undefined) this.#plan(state, isClosing)
  }

  /** Looks at all drafts: after a start, or when accounts have changed. */
  look(): void {
    if (this.#isStopped) return
    for (const state of listDraftStates(this.#deps.store.read))
      if (!this.#failed.has(state.draftId)) this.#plan(state, false)
  }

  /** Takes up no more, and resolves when what is under way is done. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    await this.#under
  }

  #plan(state: DraftState, isNow: boolean): void {
    const { draftId, copiedMs } = state
    const folderId = this.#folderOf(state)
    if (!isWanted(state, folderId)) return
    if (!isNow && folderId !== null) {
      const sinceMs = copiedMs === null ? 0 : Math.max(0, this.#deps.clock.nowMs() - copiedMs)
      if (this.#timers.has(draftId)) return
      const run = () => this.#begin(draftId)
      this.#timers.set(draftId, this.#deps.clock.after(Math.max(0, GAP_MS - sinceMs), run))
      return
    }
    this.#begin(draftId)
  }

  #begin(draftId: number): void {
    this.#timers.get(draftId)?.()
    this.#timers.delete(draftId)
    this.#under = this.#line.run(async () => {
      try {
        if (!this.#isStopped) await this.#copy(draftId)
      } catch (error) {
        this.#failed.add(draftId)
        this.#deps.log(`put a draft on its server: ${reasonOf(error)}`)
      }
    })
  }

  #identityOf({ identityId }: DraftState): Identity | undefined {
    const { read } = this.#deps.store
    return identityId === null ? listIdentities(read)[0] : getIdentity(read, identityId)
  }

  #folderOf(state: DraftState): number | null {
    const identity = this.#identityOf(state)
    return identity === undefined ? null : draftFolder(this.#deps.store.read, identity.mailbox)
  }

  async #copy(draftId: number): Promise<void> {
    const { store, onFolders } = this.#deps
    const state = getDraftState(store.read, draftId)
    const draft = getDraft(store.read, draftId)
    if (state === undefined || draft === undefined) return
    const identity = this.#identityOf(state)
    const folderId = this.#folderOf(state)
    if (!isWanted(state, folderId)) return
    const copy =
      identity === undefined || folderId === null ? 'nowhere' : await this.#compose(draft.content, identity, folderId)
    const { isTaken, folderIds } = await store.write('draft.copy', { draftId, ofMs: draft.changedMs, copy })
    if (!isTaken && typeof copy !== 'string') await this.#letGo(copy)
    if (folderIds.length > 0) onFolders(folderIds)
  }

  async #letGo({ body }: NewMessage): Promise<void> {
    if ('stagedBlobId' in body) await this.#deps.store.write('blob.drop', { blobId: body.stagedBlobId })
  }

  async #compose(content: string, identity: Identity, folderId: number): Promise<NewMessage | 'only-here'> {
    const { store, clock, describe } = this.#deps
    const draft = this.#deps.readDraft(content)
    const nowMs = clock.nowMs()
    // Those that can be read already; the others are in the composer alone.
    const addressed = {
      to: readableAddresses(draft.to),
      cc: readableAddresses(draft.cc),
      bcc: readableAddresses(draft.bcc),
      replyTo: readableAddresses(draft.replyTo ?? identity.replyTo),
    }
    const files = await this.#files(draft.attachments)
    // Each state has a Message-ID of its own, by which it is looked for on the server.
    const stream = composeStream(compositionOf(draft, identity, addressed, files, nowMs))
    const parts: Uint8Array[] = []
    let sizeBytes = 0
    for await (const part of stream) {
      sizeBytes += part.length
      if (sizeBytes > LONGEST_BYTES) return 'only-here'
      parts.push(part)
    }
    const raw = Buffer.concat(parts, sizeBytes)
    const fields = await describe(raw)
    return { folderId, body: await toBody(store, raw), prefix: '', removed: [], fields, receivedMs: nowMs, seen: true }
  }

  /** The files that are here still: one may have been taken out of the draft, or its message be gone. */
  async #files(attached: Draft['attachments']): Promise<OutgoingFile[]> {
    const files: OutgoingFile[] = []
    for (const file of attached) {
      try {
        files.push(await fileOf(this.#deps, file))
      } catch (error) {
        if (!isFault(error, 'not-found') && !isFault(error, 'conflict')) throw error
      }
    }
    return files
  }
}

/** Whether what is in a folder is not what should be there. One that another program has removed comes back when it is changed. */
function isWanted(state: DraftState, folderId: number | null): boolean {
  return folderId === null ? state.messageId !== null : state.ofMs !== state.changedMs
}
