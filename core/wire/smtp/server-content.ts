import type { Reply } from '../../model/reply.ts'
import { ChunkReader } from './chunk-reader.ts'
import { DataReader, type ContentFacts, type DataLimits } from './data-reader.ts'
import { reply } from './server-reply.ts'

/** A message refused for its size is read to its end for this many times the limit, then the session is ended. */
const OVERRUN = 4

const REFUSALS = {
  bare: reply(550, '5.5.2', 'a CR or LF stands alone in the message'),
  size: reply(552, '5.3.4', 'message too big'),
  header: reply(552, '5.3.4', 'header too big'),
  line: reply(554, '5.6.0', 'a line is too long'), // RFC 5321 §4.5.3.1.6
  nul: reply(554, '5.6.0', 'the message holds a NUL'), // RFC 6152 §2 leaves it out
} as const
const SMUGGLED = reply(521, '5.5.2', 'a dot stands beside a CR or LF of its own: no more is read')
const FAR_TOO_BIG = reply(421, '4.3.4', 'message far too big')
const NOTHING = new Uint8Array(0)

/** What a piece of content has led to. */
export type Reading =
  | { readonly is: 'more' }
  /** The message is whole and sound. */
  | { readonly is: 'whole'; readonly facts: ContentFacts }
  /** A chunk is in, and others follow. */
  | { readonly is: 'chunk' }
  /** It is refused, and the session goes on. */
  | { readonly is: 'refused'; readonly reply: Reply }
  /** It is refused, and nothing behind it may be read. */
  | { readonly is: 'broken'; readonly reply: Reply }

const MORE: Reading = { is: 'more' }
const CHUNK: Reading = { is: 'chunk' }

/** The content of one message while it comes, by DATA or in chunks, and what it turns out to be. */
export class ServerContent {
  readonly #limits: DataLimits
  readonly #reader: DataReader | ChunkReader
  #isLast = false
  #refusal: Reply | undefined
  /** What the piece that was read last holds of the message. */
  content: Uint8Array = NOTHING

  constructor(limits: DataLimits, by: 'data' | 'chunks') {
    this.#limits = limits
    this.#reader = by === 'data' ? new DataReader(limits) : new ChunkReader(limits)
  }

  /** A chunk follows. `refusal`: it is read past and then answered so. */
  beginChunk(sizeBytes: number, isLast: boolean, refusal: Reply | undefined): void {
    this.#isLast = isLast
    this.#refusal = refusal
    if (this.#reader instanceof ChunkReader) this.#reader.begin(sizeBytes)
  }

  /** It will be refused, so nothing more of it need be kept. */
  get isSpoiled(): boolean {
    return this.#refusal !== undefined || this.#reader.flaw !== undefined
  }

  /** Reads on from `from` and returns where it stopped. */
  read(input: Uint8Array, from: number): number {
    const { next, content } = this.#reader.read(input, from)
    this.content = content
    return next
  }

  /** What that has led to. At the end of the last chunk, `content` is what its last line lacks. */
  settle(): Reading {
    const reader = this.#reader
    this.content = NOTHING
    return reader instanceof DataReader ? this.#settleData(reader) : this.#settleChunk(reader)
  }

  #settleData(reader: DataReader): Reading {
    if (reader.state === 'smuggled') return { is: 'broken', reply: SMUGGLED }
    if (reader.state === 'ended') return this.#end(reader)
    return reader.bytes > this.#limits.messageBytes * OVERRUN ? { is: 'broken', reply: FAR_TOO_BIG } : MORE
  }

  #settleChunk(reader: ChunkReader): Reading {
    if (reader.left > this.#limits.messageBytes * OVERRUN) return { is: 'broken', reply: FAR_TOO_BIG }
    if (reader.left > 0) return MORE
    if (this.#refusal !== undefined) return { is: 'refused', reply: this.#refusal }
    if (this.#isLast) this.content = reader.finish()
    if (this.#isLast || reader.flaw !== undefined) return this.#end(reader)
    return CHUNK
  }

  #end(facts: ContentFacts): Reading {
    return facts.flaw === undefined ? { is: 'whole', facts } : { is: 'refused', reply: REFUSALS[facts.flaw] }
  }
}
