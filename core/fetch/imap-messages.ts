import { reasonOf } from '../base/fault.ts'
import type { ImapArrival, ImapHead } from '../store/imap.ts'
import { Arrival } from './arrival.ts'
import { LONGEST_LITERAL, type Fetched, type ImapSession } from './imap-client.ts'
import { bitsOf } from './imap-flags.ts'
import type { ImapDeps } from './imap-words.ts'

/** Numbers asked about at once. */
const ASKED = 500
/** Messages of one command, and of one commit. */
const GROUP_MESSAGES = 100
const GROUP_BYTES = 2 * 1024 * 1024
/** The store's longest body. */
const LONGEST_BYTES = 1024 * 1024 * 1024

/** A folder that is selected under its UIDVALIDITY. */
export interface Here {
  readonly folderId: number
  readonly uidValidity: number
}
/** Numbers in order as a set of IMAP (RFC 9051 §9, sequence-set): runs are said by their ends. */
export function setOf(uids: readonly number[]): string {
  const runs: [number, number][] = []
  for (const uid of uids.toSorted((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && uid === last[1] + 1) last[1] = uid
    else runs.push([uid, uid])
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}:${to}`)).join(',')
}

const HEAD = { uid: true, flags: true, size: true, internalDate: true } as const

/** Gives the numbers of messages that are here already to these, and returns the others. Undefined: not all was answered. */
export async function adoptKnown(
  session: ImapSession,
  deps: ImapDeps,
  here: Here,
  uids: readonly number[],
): Promise<number[] | undefined> {
  const others: number[] = []
  for (let from = 0; from < uids.length; from += ASKED) {
    const wanted = new Set(uids.slice(from, from + ASKED))
    const heads = new Map<number, Fetched>()
    for await (const one of session.fetch(setOf([...wanted]), { ...HEAD, headers: ['message-id'] }))
      if (wanted.has(one.uid) && one.headers !== undefined) heads.set(one.uid, one)
    if (heads.size !== wanted.size) return undefined
    const asked: ImapHead[] = []
    for (const { uid, flags, headers = new Uint8Array(), sizeBytes = -1, receivedMs = 0 } of heads.values()) {
      const { messageId: headerId } = await deps.readFields(headers)
      asked.push({ uid, flags: bitsOf(flags), headerId, sizeBytes, receivedMs })
    }
    others.push(...(await deps.store.write('imap.adopt', { ...here, heads: asked })))
  }
  return others.toSorted((a, b) => b - a)
}

/**
 * Brings messages in, in the order of the numbers: small ones many at a time, large ones in parts into the store while they arrive. A
 * group is one commit. Returns how many came, and how many the server did not give.
 */
export class Incoming {
  fetched = 0
  refused = 0
  readonly #session: ImapSession
  readonly #deps: ImapDeps
  readonly #here: Here
  readonly #onKept: () => void
  #group: { readonly arrival: ImapArrival; readonly drop: () => Promise<void> }[] = []
  #groupBytes = 0

  constructor(session: ImapSession, deps: ImapDeps, here: Here, onKept: () => void) {
    this.#session = session
    this.#deps = deps
    this.#here = here
    this.#onKept = onKept
  }

  async bring(uids: readonly number[]): Promise<void> {
    const { folderId, uidValidity } = this.#here
    this.#session.wire.refOf = (from, after) => {
      const uid = /\bUID (\d+)/i.exec(after)?.[1]
      return from === 'S' && uid !== undefined
        ? { kind: 'fetched', uidl: refName(folderId, uidValidity, uid) }
        : undefined
    }
    try {
      for (let from = 0; from < uids.length; from += ASKED) await this.#bringSome(uids.slice(from, from + ASKED))
      await this.#keep()
    } finally {
      for (const { drop } of this.#group.splice(0)) await drop().catch(() => {})
    }
  }

  async #bringSome(uids: readonly number[]): Promise<void> {
    const sizes = new Map<number, Fetched>()
    const wanted = new Set(uids)
    for await (const one of this.#session.fetch(setOf(uids), HEAD)) if (wanted.has(one.uid)) sizes.set(one.uid, one)
    let group: number[] = []
    let bytes = 0
    const flush = async () => {
      if (group.length > 0) await this.#bringSmall(group)
      group = []
      bytes = 0
    }
    for (const uid of uids) {
      const head = sizes.get(uid)
      // It may have gone since; if not, it is asked for again the next time.
      if (head?.sizeBytes === undefined || head.sizeBytes > LONGEST_BYTES) {
        this.refused++
        continue
      }
      if (head.sizeBytes > LONGEST_LITERAL) {
        await flush()
        await this.#bringLarge(head, head.sizeBytes)
        continue
      }
      if (group.length >= GROUP_MESSAGES || (group.length > 0 && bytes + head.sizeBytes > GROUP_BYTES)) await flush()
      group.push(uid)
      bytes += head.sizeBytes
    }
    await flush()
  }

  async #bringSmall(uids: readonly number[]): Promise<void> {
    const wanted = new Set(uids)
    const query = { uid: true, flags: true, internalDate: true, source: true } as const
    for await (const one of this.#session.fetch(setOf(uids), query)) {
      if (one.source === undefined || !wanted.delete(one.uid)) continue
      const arrival = new Arrival(() => this.#deps.store.stage())
      await arrival.add(one.source)
      await this.#take(one, arrival)
    }
    this.refused += wanted.size
    await this.#keep()
  }

  /** RFC 9051 §6.4.5: `BODY[]<from.length>`. A part shorter than asked is the last. */
  async #bringLarge(head: Fetched, sizeBytes: number): Promise<void> {
    const arrival = new Arrival(() => this.#deps.store.stage())
    try {
      for (;;) {
        const start = arrival.sizeBytes
        const query = { uid: true, source: { start, maxLength: LONGEST_LITERAL } }
        let part: Uint8Array | undefined
        for await (const one of this.#session.fetch(String(head.uid), query))
          if (one.uid === head.uid) part = one.source
        if (part === undefined || part.length > LONGEST_LITERAL) break
        await arrival.add(part)
        if (part.length < LONGEST_LITERAL || arrival.sizeBytes > LONGEST_BYTES) break
      }
      // Fewer octets than it has are no message; some servers count line ends otherwise, and then the parts come to an end by themselves.
      if (arrival.sizeBytes === 0 || arrival.sizeBytes > LONGEST_BYTES || arrival.sizeBytes < sizeBytes / 2) {
        this.refused++
        return await arrival.drop()
      }
    } catch (error) {
      await arrival.drop().catch(() => {})
      throw error
    }
    await this.#take(head, arrival)
    await this.#keep()
  }

  async #take(one: Fetched, arrival: Arrival): Promise<void> {
    const { body, toRead } = await arrival.finish()
    const fields = await this.#deps.readFields(toRead)
    const receivedMs = one.receivedMs ?? this.#deps.clock.nowMs()
    this.#group.push({
      arrival: { uid: one.uid, flags: bitsOf(one.flags), body, fields, receivedMs },
      drop: () => arrival.drop(),
    })
    this.#groupBytes += arrival.sizeBytes
    if (this.#group.length >= GROUP_MESSAGES || this.#groupBytes > GROUP_BYTES) await this.#keep()
  }

  async #keep(): Promise<void> {
    if (this.#group.length === 0) return
    const group = this.#group
    const ids = await this.#deps.store.write('imap.keep', { ...this.#here, arrivals: group.map((one) => one.arrival) })
    this.#group = []
    this.#groupBytes = 0
    for (const [index, messageId] of ids.entries()) {
      if (messageId === null) {
        await group[index]?.drop().catch((error: unknown) => this.#session.wire.transcript.note(reasonOf(error)))
        continue
      }
      this.fetched++
      this.#session.wire.transcript.link({ messageId })
      this.#session.wire.transcript.countMessage()
    }
    this.#deps.onMail?.(this.#here.folderId)
    this.#onKept()
  }
}

/** How the protocol log names a message that is recorded before it is stored. */
export const refName = (folderId: number, uidValidity: number, uid: number | string) =>
  `imap:${folderId}:${uidValidity}:${uid}`
