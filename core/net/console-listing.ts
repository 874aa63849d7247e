import { createHash, type Hash } from 'node:crypto'
import type { Transcript } from '../transcript/sink.ts'
import type { Ranges } from '../transcript/kept-line.ts'

/** Lines of one long answer that are recorded as they are; of the rest both ends. */
const MOST_LINES = 400
const MOST_BYTES = 64 * 1024
const KEPT_BYTES = 4096

/** A long answer as a transcript has it: a screenful or some line by line, and what is more as one piece. */
export class ConsoleListing {
  readonly #transcript: Transcript
  #bytes = 0
  #rest: { readonly hash: Hash; first: string; last: string; bytes: number } | undefined

  constructor(transcript: Transcript) {
    this.#transcript = transcript
  }

  /** The n-th line of the answer, from 1. */
  line(line: Uint8Array, odd: boolean, secrets: Ranges, n: number): void {
    if (n === 1) this.#bytes = 0
    this.#bytes += line.length + 2
    const isEnd = line.length === 1 && line[0] === 46
    if (!isEnd && (n > MOST_LINES || this.#bytes > MOST_BYTES) && secrets.length === 0) return this.#fold(line)
    this.end()
    this.#transcript.line('S', line, { secrets, odd })
  }

  /** Says what was folded away. */
  end(): void {
    const rest = this.#rest
    this.#rest = undefined
    if (rest === undefined) return
    const { first, last, bytes, hash } = rest
    this.#transcript.content('S', bytes, { kind: 'kept', first, last, sha256: hash.digest('hex') })
  }

  #fold(line: Uint8Array): void {
    const text = `${Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('latin1')}\r\n`
    this.#rest ??= { hash: createHash('sha256'), first: '', last: '', bytes: 0 }
    const rest = this.#rest
    rest.hash.update(text, 'latin1')
    rest.bytes += text.length
    if (rest.first.length < KEPT_BYTES) rest.first += text.slice(0, KEPT_BYTES - rest.first.length)
    rest.last = (rest.last + text).slice(-KEPT_BYTES)
  }
}
