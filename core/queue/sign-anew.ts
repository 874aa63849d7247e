import type { Clock } from '../base/clock.ts'
import { readHeader } from '../message/headers.ts'
import type { Cause } from '../model/outcome.ts'
import type { QueueEntry } from '../store/queue.ts'
import type { Store } from '../store/types.ts'
import type { SignerFor } from './sign.ts'

/** A signature that ends within this is over before most servers have looked at it. */
const MARGIN_MS = 3_600_000
/** A header with all we put before it is shorter than this. */
const LONGEST_HEAD_BYTES = 256 * 1024
const END_OF_HEAD = Buffer.from('\r\n\r\n')

/** What signing anew needs. */
export interface SignAnewContext {
  readonly store: Pick<Store, 'write' | 'openBody'>
  readonly clock: Clock
  /** How mail is signed now; left out where nobody signs. */
  readonly signerFor?: SignerFor
}

/** Where the signatures end that stand before an entry's header, and when the first of them is over (Unix ms). */
function signaturesOf({ signedBy, view }: QueueEntry): { readonly end: number; readonly untilMs: number } {
  const { fields } = readHeader(Buffer.from(view.prefix, 'latin1'))
  const other = fields.findIndex(({ name }, n) => n >= signedBy.length || name !== 'dkim-signature')
  const signatures = other < 0 ? fields : fields.slice(0, other)
  const ends = signatures.map(({ at, end }) => Number(/;\s*x=(\d+)/.exec(view.prefix.slice(at, end))?.[1] ?? Infinity))
  return { end: signatures.at(-1)?.end ?? 0, untilMs: Math.min(...ends, Infinity) * 1000 }
}

/** Whether a signature that the entry was given is over: a receiver takes such mail for forged, or for nobody's. */
export function isSignatureOver(entry: QueueEntry, nowMs: number): boolean {
  return entry.signedBy.length > 0 && signaturesOf(entry).untilMs <= nowMs + MARGIN_MS
}

/**
 * Gives a message that waited for longer than its signatures last new ones in their place; nothing else of its bytes changes.
 * `held`: a signature would be good for nothing now; let go after that, it leaves without one.
 */
export async function signAnew(
  entry: QueueEntry,
  { store, clock, signerFor }: SignAnewContext,
): Promise<{ readonly entry: QueueEntry; readonly held?: Cause }> {
  const { view, from } = entry
  const unsigned = view.prefix.slice(signaturesOf(entry).end)
  const bare = { ...view, prefix: unsigned, sizeBytes: view.sizeBytes - view.prefix.length + unsigned.length }
  const sign = from === null ? undefined : signerFor?.(from.domain)
  const parts = sign && (await partsOf(store.openBody(bare)))
  const made = sign && parts && (await sign({ ...parts, leavesByMs: clock.nowMs() }))
  const prefix = `${made?.prefix ?? ''}${unsigned}`
  const signedBy = made && 'signedBy' in made.signing ? made.signing.signedBy : []
  const sizeBytes = bare.sizeBytes + prefix.length - unsigned.length
  await store.write('queue.signAnew', { entryId: entry.id, prefix, sizeBytes, signedBy })
  const signed = { ...entry, signedBy, view: { ...view, prefix, sizeBytes } }
  return made && 'held' in made.signing ? { entry: signed, held: made.signing.held } : { entry: signed }
}

/** The header with its blank line, and what is behind it; undefined where it has no end. */
async function partsOf(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: string; readonly body: AsyncIterable<Uint8Array> } | undefined> {
  const iterator = chunks[Symbol.asyncIterator]()
  let read = Buffer.alloc(0)
  for (;;) {
    const { done, value } = await iterator.next()
    if (done) return undefined
    read = Buffer.concat([read, value])
    const end = read.indexOf(END_OF_HEAD)
    if (end < 0 && read.length > LONGEST_HEAD_BYTES) return undefined
    if (end < 0) continue
    const bodyAt = end + END_OF_HEAD.length
    const rest = async function* () {
      yield read.subarray(bodyAt)
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
    }
    return { head: read.toString('latin1', 0, bodyAt), body: rest() }
  }
}
