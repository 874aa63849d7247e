import { parseAddresses } from '../message/addresses.ts'
import { fieldsNamed, valueOf, type Header } from '../message/headers.ts'
import { parseDomain, type ReversePath } from '../model/address.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { Signing } from '../store/dkim-key.ts'
import type { Body, Store } from '../store/types.ts'

/** A message whose bytes are final, but for its signature. */
export interface ToSign {
  /** The header as it leaves, latin1, with its blank line. */
  readonly head: string
  readonly body: AsyncIterable<Uint8Array>
  /** Until when it may be on its way, Unix ms: the signature must last as long. */
  readonly leavesByMs: number
}
/** Fields that stand before the header, CRLF-ended, and what is to be written down. */
export interface SignatureMade {
  readonly prefix: string
  readonly signing: Signing
}
/**
 * Joint: queue ← DKIM. How mail of authors in a domain is signed; undefined where it goes unsigned, which is most mail and must cost
 * nothing. Signing never throws for a signature that is not good: then the message is held and says so.
 */
export type SignerFor = (domain: string) => ((message: ToSign) => Promise<SignatureMade>) | undefined

/** Bytes that are hashed in one turn of the main thread. */
const SLICE_BYTES = 128 * 1024

/**
 * The domain that signs for a message: the one all of its authors have, when the reverse-path has it, too. A login may write as
 * whom it likes in From, and must not get a signature of somebody else's domain for it.
 */
export function signingDomain(from: ReversePath, head: Uint8Array, header: Header): string | undefined {
  if (from === null) return undefined
  const [author, ...others] = fieldsNamed(header, 'from')
  // Without a From of its own it gets one of the reverse-path.
  if (author === undefined) return from.domain
  if (others.length > 0) return undefined
  // RFC 6532 §3.2: beyond ASCII a header is UTF-8.
  const written = parseAddresses(Buffer.from(valueOf(head, author), 'latin1').toString('utf8'))
  const domains = written.map(({ address }) => parseDomain(address?.slice(address.lastIndexOf('@') + 1) ?? ''))
  return domains.length > 0 && domains.every((domain) => domain === from.domain) ? from.domain : undefined
}

/** The header as it leaves: what is put before it, and what is left of it. */
export function finalHead(prefix: string, head: Uint8Array, header: Header, removed: BlobView['removed']): string {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  let kept = ''
  let at = 0
  for (const [from, to] of removed) {
    kept += text.toString('latin1', at, from)
    at = to
  }
  kept += text.toString('latin1', at, Math.max(header.end, at))
  return `${prefix}${kept}\r\n`
}

/** The body behind its header, in slices that leave others their turn. */
export async function* bodyOf(
  body: Body,
  raw: Uint8Array | undefined,
  bodyAt: number,
  { openBody }: Pick<Store, 'openBody'>,
): AsyncGenerator<Uint8Array, void, void> {
  if (raw !== undefined || 'raw' in body) {
    const bytes = raw ?? ('raw' in body ? body.raw : new Uint8Array())
    for (let at = bodyAt; at < bytes.length; at += SLICE_BYTES) {
      if (at > bodyAt) await new Promise((resolve) => setImmediate(resolve))
      yield bytes.subarray(at, at + SLICE_BYTES)
    }
    return
  }
  let skip = bodyAt
  const view = { blobId: body.stagedBlobId, prefix: '', removed: [], sizeBytes: body.sizeBytes }
  for await (const chunk of openBody(view)) {
    for (let at = Math.min(skip, chunk.length); at < chunk.length; at += SLICE_BYTES)
      yield chunk.subarray(at, at + SLICE_BYTES)
    skip = Math.max(0, skip - chunk.length)
  }
}
