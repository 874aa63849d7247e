import { createHash, type Hash } from 'node:crypto'
import type { Transcript } from '../transcript/sink.ts'

/** A listing of more lines is kept as its beginning and end: a large maildrop is listed at every fetch. */
const KEPT_LINES = 100
const KEPT_BYTES = 4096

/** Records the listings of a session: line by line, and what is long as content with its first and last bytes. */
export class ListingRecord {
  readonly #transcript: Transcript
  #lines = 0
  #rest: { bytes: number; first: string; last: string; readonly hash: Hash } | undefined

  constructor(transcript: Transcript) {
    this.#transcript = transcript
  }

  /** A piece of a listing as it goes out: whole lines with their CRLFs. */
  add(text: string, isLast: boolean): void {
    let from = 0
    for (; from < text.length && this.#lines < KEPT_LINES; this.#lines++) {
      const end = text.indexOf('\r\n', from)
      this.#transcript.line('S', text.slice(from, end < 0 ? text.length : end))
      from = end < 0 ? text.length : end + 2
    }
    if (from < text.length) this.#addRest(text.slice(from))
    if (isLast) this.end()
  }

  /** The listing ends here, be it because the connection does. */
  end(): void {
    const rest = this.#rest
    this.#lines = 0
    this.#rest = undefined
    if (rest === undefined) return
    const { bytes, first, last, hash } = rest
    this.#transcript.content('S', bytes, { kind: 'kept', first, last, sha256: hash.digest('hex') })
  }

  #addRest(text: string): void {
    const rest = (this.#rest ??= { bytes: 0, first: '', last: '', hash: createHash('sha256') })
    rest.bytes += text.length
    rest.hash.update(text, 'latin1')
    if (rest.first.length < KEPT_BYTES) rest.first += text.slice(0, KEPT_BYTES - rest.first.length)
    rest.last = `${rest.last}${text}`.slice(-KEPT_BYTES)
  }
}
