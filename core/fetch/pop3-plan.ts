import type { Pop3Rules } from '../store/pop3-account.ts'
import type { SeenMessage } from '../store/pop3-seen.ts'
import type { Listed } from '../wire/pop3/listing.ts'

/** What an account's owner has said of its maildrop. */
export type DropRules = Pop3Rules & { readonly keep: boolean }

/** A message to be fetched. `uidl` is undefined where only its bytes can tell whether it is new. */
export interface Planned {
  readonly number: number
  readonly uidl: string | undefined
  readonly sizeBytes: number | undefined
  /** `first`: the header, and the whole of it later in this fetch. `rest`: the whole of what has its header here. */
  readonly how: 'whole' | 'header' | 'first' | 'rest'
}
/** What one session is to do. */
export interface Plan {
  readonly fetch: readonly Planned[]
  /** Numbers of messages that are here and to be deleted there. */
  readonly remove: readonly number[]
  /** Unique-ids of which no more has to be known. */
  readonly forget: readonly string[]
  /** Unique-ids that the server lists no more, though it may again; and those that it does. */
  readonly gone: readonly string[]
  readonly back: readonly string[]
  /** Unique-ids that stand for more than one message: none of these is deleted. */
  readonly doubled: ReadonlySet<string>
  /** How many are larger than the store can hold. */
  readonly tooLarge: number
}

/** The store's longest body. */
const LONGEST_BYTES = 1024 * 1024 * 1024
const MB = 1_000_000
const DAY_MS = 86_400_000
/** A maildrop that seems to have lost everything may be a server's fault of an hour: so long all of it is remembered. */
const REMEMBERED_MS = 7 * DAY_MS

/** Whether a message that is here, whole, is to go on the server. */
export function isToBeRemoved(seen: SeenMessage, rules: DropRules, nowMs: number): boolean {
  if (seen.isPartial) return false
  if (!rules.keep) return true
  if (rules.deleteWhenRemoved && seen.messageId === null) return true
  return rules.deleteAfterDays !== null && seen.fetchedMs + rules.deleteAfterDays * DAY_MS <= nowMs
}

/** Compares what the server lists with what is known, by the account's rules. */
export function planFetch(
  listed: readonly Listed<string | undefined>[],
  sizes: ReadonlyMap<number, number>,
  seen: ReadonlyMap<string, SeenMessage>,
  rules: DropRules,
  nowMs: number,
  /** Messages whose names are not known: then nothing is missing for sure. */
  nameless = 0,
): Plan {
  // Two messages of one unique-id can't be told apart (RFC 1939 §7 forbids it). The first comes; neither is deleted, or the
  // other one would be lost.
  const times = new Map<string, number>()
  for (const { value } of listed) if (value !== undefined) times.set(value, (times.get(value) ?? 0) + 1)
  const doubled = new Set([...times].flatMap(([uidl, count]) => (count > 1 ? [uidl] : [])))
  const first = new Set<string>()
  const fetch: Planned[] = []
  const remove: number[] = []
  const back: string[] = []
  let tooLarge = 0
  for (const { number, value: uidl } of listed) {
    const known = uidl === undefined ? undefined : seen.get(uidl)
    if (known !== undefined) {
      if (known.goneMs !== null) back.push(known.uidl)
      if (doubled.has(known.uidl)) continue
      if (isToBeRemoved(known, rules, nowMs)) remove.push(number)
      if (!known.isComing) continue
      const sizeBytes = sizes.get(number)
      if ((sizeBytes ?? 0) > LONGEST_BYTES) tooLarge++
      else fetch.push({ number, uidl: known.uidl, sizeBytes, how: 'rest' })
      continue
    }
    if (uidl !== undefined && first.has(uidl)) continue
    if (uidl !== undefined) first.add(uidl)
    const sizeBytes = sizes.get(number)
    const isLarge = rules.headersOnlyOverMb !== null && (sizeBytes ?? 0) > rules.headersOnlyOverMb * MB
    if (!isLarge && (sizeBytes ?? 0) > LONGEST_BYTES) tooLarge++
    else fetch.push({ number, uidl, sizeBytes, how: isLarge ? 'header' : 'whole' })
  }
  if (rules.newestFirst) fetch.reverse()
  // What is known by its bytes alone is not listed under a name.
  const isNamed = nameless === 0 && listed.every(({ value }) => value !== undefined)
  const missing = isNamed ? [...seen.values()].filter(({ uidl }) => !times.has(uidl)) : []
  const isWiped = rules.keep && missing.length > 0 && missing.length === seen.size
  const isOver = ({ goneMs }: SeenMessage) => goneMs !== null && goneMs + REMEMBERED_MS <= nowMs
  return {
    fetch,
    remove,
    forget: missing.filter((one) => !isWiped || isOver(one)).map(({ uidl }) => uidl),
    gone: isWiped ? missing.filter(({ goneMs }) => goneMs === null).map(({ uidl }) => uidl) : [],
    back,
    doubled,
    tooLarge,
  }
}
