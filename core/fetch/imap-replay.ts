import { ANSWERED, changesOf, FLAGGED, nextChange, placeOf, SEEN, type ImapChange } from '../store/imap-change.ts'
import { getImapFolder, listImapFolders, type ImapFolder } from '../store/imap-folder.ts'
import { isPlaced } from '../store/imap.ts'
import { getFolder } from '../store/folder.ts'
import { getMessage, type Message } from '../store/message-list.ts'
import type { ImapSession, Selected } from './imap-client.ts'
import { bitsOf, namesOf } from './imap-flags.ts'
import { setOf, type Here } from './imap-messages.ts'
import type { ImapDeps } from './imap-words.ts'

/** So often a server may refuse a change before what is here follows the server. */
const MOST_REFUSALS = 3
/** A larger message stays only here: it would have to be in memory as a whole. */
const LONGEST_APPEND = 100 * 1024 * 1024

/**
 * Says to the server what was done here, in order. Before each change the store knows that it has begun; so one whose answer was lost
 * is first looked for on the server, and never made twice.
 */
export class Replay {
  /** Changes the server has refused for good. */
  givenUp = 0
  readonly #session: ImapSession
  readonly #deps: ImapDeps
  readonly #accountId: number
  #at: Here | undefined

  constructor(session: ImapSession, deps: ImapDeps, accountId: number) {
    this.#session = session
    this.#deps = deps
    this.#accountId = accountId
  }

  /** Returns when nothing waits that could be said now. */
  async run(): Promise<void> {
    this.#at = undefined
    /** Messages of which a change has to wait: those after it wait, too. */
    const held = new Set<number>()
    const { read } = this.#deps.store
    for (let one = nextChange(read, this.#accountId, 0); one; one = nextChange(read, this.#accountId, one.id)) {
      if (one.messageId !== null && held.has(one.messageId)) continue
      if ((await this.#say(one)) === 'later' && one.messageId !== null) held.add(one.messageId)
    }
    this.#at = undefined
  }

  #say(change: ImapChange): Promise<'done' | 'later'> {
    switch (change.kind) {
      case 'flag':
        return this.#flag(change)
      case 'move':
        return this.#move(change)
      case 'append':
        return this.#append(change)
      case 'delete':
        return this.#delete(change)
    }
  }

  /** Selects a folder as it is known; undefined when it was numbered anew, for then its numbers mean nothing. */
  async #select(folder: ImapFolder): Promise<Selected | undefined> {
    const selected = await this.#session.select(folder.path)
    this.#at = selected && { folderId: folder.folderId, uidValidity: selected.uidValidity }
    return selected
  }

  async #goTo(folderId: number): Promise<boolean> {
    const folder = getImapFolder(this.#deps.store.read, folderId)
    if (folder === undefined || folder.uidValidity === null) return false
    if (this.#at?.folderId === folderId) return this.#at.uidValidity === folder.uidValidity
    return (await this.#select(folder))?.uidValidity === folder.uidValidity
  }

  async #begin(change: ImapChange): Promise<void> {
    if (change.begun === 0) await this.#deps.store.write('imap.change-begun', { id: change.id })
  }

  async #refused(change: ImapChange): Promise<'later'> {
    const { isGivenUp, folderIds } = await this.#deps.store.write('imap.change-refused', {
      change,
      most: MOST_REFUSALS,
    })
    if (isGivenUp) {
      this.givenUp++
      this.#session.wire.transcript.note('the server refuses this change again and again; it is given up')
    }
    for (const folderId of folderIds) this.#deps.onMail?.(folderId)
    return 'later'
  }

  async #flag(change: ImapChange): Promise<'done' | 'later'> {
    const { messageId, flag, value } = change
    const place = messageId === null ? undefined : placeOf(this.#deps.store.read, messageId)
    if (place === undefined || place.uid < 0 || flag === null || !(await this.#goTo(place.folderId))) return 'later'
    await this.#begin(change)
    if (!(await this.#session.store(place.uid, namesOf(flag), value === 1))) return this.#refused(change)
    await this.#deps.store.write('imap.change-done', { change })
    return 'done'
  }

  async #delete(change: ImapChange): Promise<'done' | 'later'> {
    const { folderId, uid } = change
    if (folderId === null || uid === null || !(await this.#goTo(folderId))) return 'later'
    await this.#begin(change)
    // Without UIDPLUS, EXPUNGE removes whatever others have marked, too: then it stays marked (RFC 4315 §1).
    const isOnlyMarked = !this.#session.can('UIDPLUS')
    const isSaid = isOnlyMarked ? await this.#session.store(uid, ['\\Deleted'], true) : await this.#session.expunge(uid)
    if (!isSaid) return this.#refused(change)
    await this.#deps.store.write('imap.change-done', { change, isOnlyMarked })
    return 'done'
  }

  /** The folder on the server for one that is here; it is made there when it is missing. */
  async #target(folderId: number | null): Promise<ImapFolder | undefined> {
    const { store } = this.#deps
    if (folderId === null) return undefined
    const known = getImapFolder(store.read, folderId)
    if (known !== undefined) return known
    const here = getFolder(store.read, folderId)
    if (here === undefined) return undefined
    const taken = new Set(listImapFolders(store.read, this.#accountId).map((one) => one.path.toLowerCase()))
    let path = here.name
    for (let n = 2; taken.has(path.toLowerCase()); n++) path = `${here.name} ${n}`
    if (!(await this.#session.create(path))) return undefined
    await store.write('imap.made', { accountId: this.#accountId, folderId, path })
    return getImapFolder(store.read, folderId)
  }

  /** Looks in a folder for a message whose way there may have succeeded. `null`: it is not there; undefined: nobody can say. */
  async #lookFor(
    target: ImapFolder,
    message: Message,
  ): Promise<(Here & { readonly uid: number; readonly flags: number }) | null | undefined> {
    const { store } = this.#deps
    if (message.messageId === '') return undefined
    const selected = await this.#select(target)
    if (selected === undefined) return undefined
    const here = { folderId: target.folderId, uidValidity: selected.uidValidity }
    await store.write('imap.begin', here)
    const found = await this.#session.search({ header: { 'message-id': message.messageId } })
    if (found === undefined) return undefined
    const free = found.filter((uid) => !isPlaced(store.read, target.folderId, uid))
    if (free.length === 0) return null
    for await (const one of this.#session.fetch(setOf(free), { uid: true, flags: true, size: true }))
      if (free.includes(one.uid) && one.sizeBytes === message.view.sizeBytes)
        return { ...here, uid: one.uid, flags: bitsOf(one.flags) }
    return null
  }

  async #append(change: ImapChange): Promise<'done' | 'later'> {
    const { store } = this.#deps
    const message = change.messageId === null ? undefined : getMessage(store.read, change.messageId)
    const target = await this.#target(change.targetId)
    if (message === undefined || target === undefined) return this.#refused(change)
    if (message.view.sizeBytes > LONGEST_APPEND) return this.#refused(change)
    if (change.begun === 1) {
      const at = await this.#lookFor(target, message)
      if (at) {
        await store.write('imap.change-done', { change, at })
        return 'done'
      }
      if (at === undefined && message.messageId !== '') return 'later'
    }
    const parts: Uint8Array[] = []
    for await (const part of store.openBody(message.view)) parts.push(part)
    const flags = (message.seen ? SEEN : 0) | (message.starred ? FLAGGED : 0) | (message.answered ? ANSWERED : 0)
    await this.#begin(change)
    this.#session.wire.refOf = (from) => (from === 'C' ? { kind: 'message', messageId: message.id } : undefined)
    const done = await this.#session.append(
      target.path,
      Buffer.concat(parts),
      [...namesOf(flags), ...(target.role === 'drafts' ? ['\\Draft'] : [])],
      new Date(message.receivedMs),
    )
    this.#session.wire.refOf = () => undefined
    if (done === undefined) return this.#refused(change)
    this.#session.wire.transcript.link({ messageId: message.id })
    // The next state of a draft takes this one's place: without a number (RFC 4315 §3) nobody could say which one goes.
    const at =
      done.uid !== null && done.uidValidity !== null
        ? { folderId: target.folderId, uidValidity: done.uidValidity, uid: done.uid, flags }
        : target.role === 'drafts'
          ? await this.#lookFor(target, message)
          : undefined
    await store.write('imap.change-done', { change, ...(at && { at }) })
    return 'done'
  }

  async #move(change: ImapChange): Promise<'done' | 'later'> {
    const { store } = this.#deps
    const message = change.messageId === null ? undefined : getMessage(store.read, change.messageId)
    const target = await this.#target(change.targetId)
    if (message === undefined || target === undefined) return this.#refused(change)
    const place = placeOf(store.read, message.id)
    if (place !== undefined && place.uid < 0) return 'later'
    if (place?.folderId === target.folderId) {
      await store.write('imap.change-done', {
        change,
        at: { ...place, uidValidity: target.uidValidity ?? 0 },
      })
      return 'done'
    }
    if (change.begun === 1 || place === undefined) {
      const at = await this.#lookFor(target, message)
      if (at === undefined && message.messageId !== '') return 'later'
      if (at) {
        // Its copy has arrived. Without MOVE the original may be there still.
        if (place !== undefined && (await this.#goTo(place.folderId)) && (await this.#isThere(place.uid)))
          await this.#takeAway(place.uid)
        await store.write('imap.change-done', { change, at, isOnlyMarked: !this.#session.can('UIDPLUS') })
        return 'done'
      }
      if (place === undefined) {
        if (at === undefined) await store.write('imap.change-done', { change })
        else await this.#gone(message.id)
        return 'done'
      }
    }
    if (!(await this.#goTo(place.folderId))) return 'later'
    if (!(await this.#isThere(place.uid))) {
      await this.#gone(message.id)
      return 'done'
    }
    await this.#begin(change)
    const how = this.#session.can('MOVE') ? 'move' : 'copy'
    const done = await this.#session.transfer(how, place.uid, target.path)
    if (done === undefined) return this.#refused(change)
    if (how === 'copy') await this.#takeAway(place.uid)
    const at =
      done.uid === null || done.uidValidity === null
        ? undefined
        : { folderId: target.folderId, uidValidity: done.uidValidity, uid: done.uid, flags: place.flags }
    const isOnlyMarked = how === 'copy' && !this.#session.can('UIDPLUS')
    await store.write('imap.change-done', { change, isOnlyMarked, ...(at && { at }) })
    return 'done'
  }

  async #takeAway(uid: number): Promise<void> {
    if (this.#session.can('UIDPLUS')) await this.#session.expunge(uid)
    else await this.#session.store(uid, ['\\Deleted'], true)
  }

  /** Whether the selected folder has that number. A refusal counts as yes: nothing is lost by trying. */
  async #isThere(uid: number): Promise<boolean> {
    const found = await this.#session.search({ uid: String(uid) })
    return found === undefined || found.includes(uid)
  }

  /** Another program has removed it on the server meanwhile, and the server is right. */
  async #gone(messageId: number): Promise<void> {
    if (changesOf(this.#deps.store.read, messageId).length === 0) return
    const folderId = await this.#deps.store.write('imap.gone', { messageId })
    if (folderId !== undefined) this.#deps.onMail?.(folderId)
  }
}
