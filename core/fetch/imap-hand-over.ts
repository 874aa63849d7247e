import type { ImapFlow } from 'imapflow'
import type { ImapWire } from '../net/imap-wire.ts'
import { parseUidSet, type UidRange } from './imap-uid-set.ts'

interface Untagged {
  readonly attributes?: readonly (readonly unknown[] | { readonly value?: unknown } | null)[]
}

/**
 * What the library's `connect` does once it has a socket, for a stream that is connected, secured and greeted already: it has no
 * public way to be handed one. Its version is pinned, and the tests against Dovecot fail if this stops being true.
 */
interface Inside {
  socket: ImapWire
  writeSocket: ImapWire
  readonly streamer: NodeJS.WritableStream
  readonly untaggedHandlers: Record<string, (untagged: never) => unknown>
  readonly sectionHandlers: Record<string, (section: never) => unknown>
  initialResolve: () => void
  initialReject: (error: unknown) => void
  initialOK(message: never): unknown
  serverBye(message: never): unknown
  untaggedCapability(untagged: never): unknown
  sectionCapability(section: never): unknown
  untaggedExists(untagged: never): unknown
  untaggedExpunge(untagged: never): unknown
  untaggedFetch(untagged: never): unknown
  untaggedVanished: (untagged: Untagged) => unknown
  setSocketHandlers(): void
  setEventHandlers(): void
}

/** What the server says of messages that are gone, by their numbers. */
export type HeardVanished = (ranges: readonly UidRange[], isEarlier: boolean) => void

/** Has the library talk over a wire that is connected; it resolves once somebody is signed in. */
export function handOver(client: ImapFlow, wire: ImapWire, onVanished: HeardVanished): Promise<void> {
  const inside = client as unknown as Inside
  inside.untaggedHandlers['OK'] = (message) => inside.initialOK(message)
  inside.untaggedHandlers['BYE'] = (message) => inside.serverBye(message)
  inside.untaggedHandlers['CAPABILITY'] = (untagged) => inside.untaggedCapability(untagged)
  inside.sectionHandlers['CAPABILITY'] = (section) => inside.sectionCapability(section)
  inside.untaggedHandlers['EXISTS'] = (untagged) => inside.untaggedExists(untagged)
  inside.untaggedHandlers['EXPUNGE'] = (untagged) => inside.untaggedExpunge(untagged)
  inside.untaggedHandlers['FETCH'] = (untagged) => inside.untaggedFetch(untagged)
  // The library counts each range out, and a server may name four thousand million numbers. Its SELECT calls this as well.
  inside.untaggedVanished = ({ attributes = [] }) => {
    const isEarlier = Array.isArray(attributes[0])
    const set = attributes[isEarlier ? 1 : 0]
    const ranges = parseUidSet(set && 'value' in set && typeof set.value === 'string' ? set.value : '')
    if (ranges !== undefined) onVanished(ranges, isEarlier)
  }
  inside.untaggedHandlers['VANISHED'] = (untagged) => inside.untaggedVanished(untagged)
  inside.socket = wire
  inside.writeSocket = wire
  return new Promise<void>((resolve, reject) => {
    inside.initialResolve = resolve
    inside.initialReject = reject
    inside.setSocketHandlers()
    inside.setEventHandlers()
    wire.pipe(inside.streamer)
  })
}
