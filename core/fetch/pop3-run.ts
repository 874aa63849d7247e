import { letGo as freeBytes } from '../base/let-go.ts'
import type { Answer, Pop3Session, Pop3Trouble, Retrieval } from '../net/pop3-words.ts'
import type { Account } from '../store/account.ts'
import { USUAL_RULES } from '../store/pop3-account.ts'
import type { SeenMessage } from '../store/pop3-seen.ts'
import { Arrival } from './arrival.ts'
import { Bulk } from './bulk.ts'
import type { FetchDeps } from './fetch-deps.ts'
import { bytesOf, headersWhen, isLong, isSlow, mayAsk } from './pop3-headers-first.ts'
import { Keeper, type Item, type KeeperEvents, type Read } from './pop3-keeper.ts'
import { readSeen, remember } from './pop3-known.ts'
import { listMaildrop, nameOfBytes } from './pop3-listing.ts'
import { isToBeRemoved, planFetch, type DropRules, type Planned } from './pop3-plan.ts'
import { receivedTime } from './received.ts'
import { describeTrouble } from './words.ts'

/** Messages asked for and not yet answered; the wire has its own window. */
const ASKED = 256
/** All messages that are coming, being read or waiting for the writer together: more is not read from the server. */
const HELD_BYTES = 6 * 1024 * 1024
/** Work on the main thread between two turns of its event loop. */
const TURN_MS = 3

/** From so many on messages are read and indexed together, in a thread that has to be started for it. */
const BULK_MESSAGES = 100

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** One fetch within a session that is signed in. */
export class Pop3Run {
  fetched = 0
  removed = 0
  readonly #account: Account
  readonly #rules: DropRules
  readonly #deps: FetchDeps
  readonly #session: Pop3Session
  readonly #keeper: Keeper
  /** While so many come that they are read and indexed together. */
  #bulk: Bulk | undefined
  #seen: ReadonlyMap<string, SeenMessage> = new Map()
  #lost: Pop3Trouble | undefined
  #fault: unknown
  /** Messages that did not come, for whatever reason. */
  #missing = 0
  #deleting: Promise<void>[] = []
  #turnAt: number
  #doubled: ReadonlySet<string> = new Set()
  /** Whose headers this fetch has brought. */
  readonly #headed = new Set<string>()
  /** Of messages: asked for and not here, and here. */
  #underWayBytes = 0
  #cameBytes = 0
  #heldBytes = 0
  #onRoom: (() => void)[] = []
  #wake = () => {}

  constructor(account: Account, deps: FetchDeps, session: Pop3Session) {
    this.#account = account
    this.#rules = { ...USUAL_RULES, ...account.pop3, keep: account.keep }
    this.#deps = deps
    this.#session = session
    this.#turnAt = deps.clock.monotonicMs()
    const events: KeeperEvents = {
      readOne: (pieces) => this.#read(pieces),
      nowMs: () => deps.clock.nowMs(),
      onKept: (item, messageId) => this.#onKept(item, messageId),
      onBatch: (folderId) => deps.onMail?.(folderId),
      onFault: (error) => this.#fail(error),
    }
    this.#keeper = new Keeper(deps.store, account, events, () => this.#bulk)
  }

  /** Words for what went wrong, or null. Throws a fault of ours. */
  async run(): Promise<string | null> {
    const { host } = this.#account
    const listing = await listMaildrop(this.#session, host)
    if (listing.kind === 'lost') return describeTrouble(listing.trouble, this.#account)
    if (listing.kind === 'problem') {
      await this.#session.quit()
      return listing.problem
    }
    this.#seen = await readSeen(this.#deps.store, this.#account.id)
    const nowMs = this.#deps.clock.nowMs()
    const plan = planFetch(listing.messages, listing.sizes, this.#seen, this.#rules, nowMs, listing.nameless)
    this.#missing = plan.tooLarge + listing.nameless
    this.#doubled = plan.doubled
    if (plan.doubled.size > 0)
      this.#session.transcript.note(
        `${plan.doubled.size} unique-ids stand for more than one message; none of these is deleted`,
      )
    for (const number of plan.remove) this.#delete(number)
    let leaving: Promise<Answer> | undefined
    try {
      await this.#retrieve(plan.fetch)
      // Nothing more is to be said: the server need not wait until all of it is stored and indexed.
      if (this.#rules.keep && this.#deleting.length === 0) leaving = this.#session.quit()
      await this.#keeper.idle()
      await this.#bulk?.finish()
    } finally {
      await this.#endBulk()
    }
    await Promise.all(this.#deleting)
    if (this.#fault !== undefined) throw this.#fault
    if (this.#lost) return describeTrouble(this.#lost, this.#account)
    const goodbye = await (leaving ?? this.#session.quit())
    if (goodbye.kind === 'lost') return describeTrouble(goodbye.trouble, this.#account)
    await remember(this.#deps.store, this.#account.id, plan)
    if (goodbye.kind === 'refused' && this.#deleting.length > 0)
      return `${host} could not delete all messages; they are deleted with the next fetch. It says: ${goodbye.text.slice(0, 500)}`
    return this.#missing === 0
      ? null
      : `${host} did not give out ${this.#missing} of its messages; the next fetch asks again.`
  }

  async #retrieve(wanted: readonly Planned[]): Promise<void> {
    const fresh = wanted.filter((one) => this.#hasNews(one))
    const when = headersWhen(this.#rules.headersFirst, this.#session.facts.top, fresh)
    const inBulk = wanted.filter(({ how }) => how !== 'rest').length
    if (inBulk >= BULK_MESSAGES && when !== 'now') this.#bulk = new Bulk(this.#deps, inBulk)
    const left = when === 'now' ? wanted : await this.#bring(wanted, when === 'when-slow')
    if (left.length === 0) return
    if (when === 'when-slow')
      this.#session.transcript.note('the line is slow: all headers come first, and then the messages')
    await this.#keeper.idle()
    await this.#bulk?.finish()
    await this.#endBulk()
    const heads = left.filter((one) => one.how === 'header' || this.#hasNews(one))
    await this.#bring(heads.map((one) => (one.how === 'whole' ? { ...one, how: 'first' } : one)))
    // Durably here before anything takes their places.
    await this.#keeper.idle()
    const rest = left.filter(({ how }) => how !== 'header')
    await this.#bring(rest.map((one) => (this.#headed.has(one.uidl ?? '') ? { ...one, how: 'rest' } : one)))
  }

  /** Its header may come before it, and nothing else goes by its name. */
  #hasNews({ how, uidl }: Planned): boolean {
    return how === 'whole' && uidl !== undefined && !this.#doubled.has(uidl)
  }

  async #endBulk(): Promise<void> {
    const bulk = this.#bulk
    this.#bulk = undefined
    if (bulk === undefined) return
    await bulk.close()
    this.#deps.onBulk?.(bulk.isLeaving)
  }

  /** Resolves when all have come; `isWatched`: or when the line is slow, with those that were not asked for. */
  async #bring(wanted: readonly Planned[], isWatched = false): Promise<readonly Planned[]> {
    let under = 0
    let left: readonly Planned[] = []
    const isFull = (next: Planned) =>
      under >= ASKED || (isWatched && !mayAsk(this.#underWayBytes, this.#cameBytes, next))
    for (const [index, one] of wanted.entries()) {
      while (isFull(one)) await new Promise<void>((resolve) => (this.#wake = resolve))
      if (this.#lost !== undefined || this.#fault !== undefined) break
      if (isWatched && isSlow(this.#session.line)) {
        left = wanted.slice(index)
        if (isLong(left.filter((next) => this.#hasNews(next)))) break
        // Too few to be worth it.
        ;[left, isWatched] = [[], false]
      }
      under++
      void this.#retrieveOne(one).finally(() => {
        under--
        this.#wake()
      })
    }
    while (under > 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#lost !== undefined || this.#fault !== undefined ? [] : left
  }

  async #retrieveOne(planned: Planned): Promise<void> {
    const { number, sizeBytes } = planned
    let held = 0
    const expectedBytes = planned.how === 'header' || planned.how === 'first' ? 0 : (sizeBytes ?? 0)
    const arrival = new Arrival(() => this.#deps.store.stage(), { isHashed: planned.uidl === undefined, expectedBytes })
    const bring = (want: Retrieval) =>
      this.#session.retrieve(want, { kind: 'fetched', uidl: planned.uidl ?? '' }, (bytes) => {
        const stored = this.#fault === undefined ? arrival.add(bytes) : undefined
        this.#heldBytes += arrival.heldBytes - held
        held = arrival.heldBytes
        return this.#waitFor(stored, arrival)
      })
    const letGo = () => {
      this.#heldBytes -= held
      held = 0
      for (const go of this.#onRoom.splice(0)) go()
    }
    try {
      let isHeader = planned.how === 'header' || planned.how === 'first'
      this.#underWayBytes += bytesOf(planned)
      let answer = await bring(isHeader ? { verb: 'TOP', number } : retrievalOf(number, sizeBytes))
      this.#underWayBytes -= bytesOf(planned)
      this.#cameBytes += bytesOf(planned)
      this.#wake()
      // What should have come first comes later, in its turn.
      if (planned.how === 'header' && answer.kind === 'refused') {
        isHeader = false
        answer = await bring(retrievalOf(number, sizeBytes))
      }
      if (answer.kind !== 'granted') {
        if (planned.how !== 'first' || answer.kind === 'lost') this.#onNotGranted(answer)
        letGo()
        return await arrival.drop()
      }
      const uidl = planned.uidl ?? nameOfBytes(arrival.digest())
      if (planned.uidl === undefined && this.#isKnown(uidl, number)) {
        letGo()
        return await arrival.drop()
      }
      const { body, toRead } = await arrival.finish()
      const isReadTogether = this.#bulk !== undefined && planned.how !== 'rest'
      const pieces = toRead instanceof Uint8Array ? [toRead] : toRead
      this.#keeper.keep({
        number,
        uidl,
        body,
        read: isReadTogether ? pieces : await this.#read(pieces),
        ...(isHeader && { wholeBytes: sizeBytes ?? 0, isComing: planned.how === 'first' }),
        sizeBytes: arrival.sizeBytes,
        drop: () => arrival.drop(),
        letGo: () => {
          letGo()
          for (const piece of pieces) if (piece.byteLength === piece.buffer.byteLength) freeBytes(piece)
        },
      })
    } catch (error) {
      letGo()
      this.#fail(error)
      await arrival.drop().catch(() => {})
    }
  }

  async #read(pieces: readonly Uint8Array[]): Promise<Read> {
    const [head = new Uint8Array()] = pieces
    const fields = await this.#deps.readFields(pieces)
    return { fields, receivedMs: receivedTime(head) ?? this.#deps.clock.nowMs() }
  }

  /** A message that only its bytes tell from others is here already; by the rules it may have to go. */
  #isKnown(uidl: string, number: number): boolean {
    const seen = this.#seen.get(uidl)
    if (seen !== undefined && isToBeRemoved(seen, this.#rules, this.#deps.clock.nowMs())) this.#delete(number)
    return seen !== undefined
  }

  #onNotGranted(answer: Exclude<Answer, { kind: 'granted' }>): void {
    if (answer.kind === 'lost') this.#lost ??= answer.trouble
    else this.#missing++
  }

  #fail(error: unknown): void {
    this.#fault ??= error
    for (const go of this.#onRoom.splice(0)) go()
    this.#session.abandon({ kind: 'given-up' })
  }

  /** What is to be waited for before the server is read on. */
  #waitFor(stored: Promise<void> | undefined, arrival: Arrival): void | Promise<void> {
    if (stored !== undefined)
      return stored.then(
        () => this.#room(arrival),
        (error: unknown) => this.#fail(error),
      )
    if (this.#heldBytes > HELD_BYTES) return this.#room(arrival)
    // Many messages come in one read of the socket; the window wants its turn in between.
    const { clock } = this.#deps
    if (clock.monotonicMs() - this.#turnAt < TURN_MS) return
    return turn().then(() => void (this.#turnAt = clock.monotonicMs()))
  }

  /** Resolves when the others have left room for this one. */
  async #room(arrival: Arrival): Promise<void> {
    while (this.#fault === undefined && this.#heldBytes > HELD_BYTES && this.#heldBytes > arrival.heldBytes)
      await new Promise<void>((resolve) => this.#onRoom.push(resolve))
  }

  #onKept(item: Item, messageId: number | null): void {
    const { uidl, wholeBytes } = item
    if (messageId !== null && !this.#headed.has(uidl)) {
      this.fetched++
      this.#session.transcript.link({ messageId })
      if (item.isComing === true) this.#headed.add(uidl)
    }
    // Only now: it is durably here, and whole.
    if (!this.#rules.keep && wholeBytes === undefined && !this.#doubled.has(uidl)) this.#delete(item.number)
  }

  #delete(number: number): void {
    const answered = this.#session.ask({ verb: 'DELE', number }).then((answer) => {
      if (answer.kind === 'granted') this.removed++
      else if (answer.kind === 'lost') this.#lost ??= answer.trouble
      return undefined
    })
    this.#deleting.push(answered)
  }
}

const retrievalOf = (number: number, sizeBytes: number | undefined): Retrieval => ({
  verb: 'RETR',
  number,
  ...(sizeBytes !== undefined && { sizeBytes }),
})
