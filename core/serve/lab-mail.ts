import { createHash } from 'node:crypto'
import { formatMailbox, formatPath } from '../model/address.ts'
import type { Submission } from '../model/submission.ts'
import type { Staging } from '../net/smtp-content.ts'
import type { Incoming } from '../wire/smtp/server-terms.ts'

/** A message that came to the lab. */
export interface LabMessage {
  readonly id: number
  readonly atMs: number
  /** As the envelope has them. */
  readonly from: string
  readonly to: readonly string[]
  readonly hello: string
  readonly isSecure: boolean
  readonly sizeBytes: number
  /** Its beginning, as much as is kept. */
  readonly raw: Uint8Array
}

/** Messages that are remembered, and bytes of each. */
const MOST_MESSAGES = 50
const KEPT_BYTES = 256 * 1024

/** What came, in memory only. */
export class LabMail {
  #messages: LabMessage[] = []
  #lastId = 0
  /** Beginnings of messages that came in pieces and are not taken yet. */
  readonly #staged = new Map<number, Uint8Array>()
  #lastStaged = 0

  /** Where content goes that is too long to wait whole: its beginning is kept, the rest is counted. */
  stage(): Staging {
    const hash = createHash('sha256')
    const id = ++this.#lastStaged
    let kept: Buffer = Buffer.alloc(0)
    let sizeBytes = 0
    return {
      append: async (chunk) => {
        hash.update(chunk)
        sizeBytes += chunk.length
        if (kept.length < KEPT_BYTES) kept = Buffer.concat([kept, chunk.subarray(0, KEPT_BYTES - kept.length)])
      },
      finish: async () => {
        this.#staged.set(id, kept)
        return { stagedBlobId: id, sizeBytes, sha256: hash.digest() }
      },
      drop: async () => void this.#staged.delete(id),
    }
  }

  /** Newest first. */
  list(): readonly LabMessage[] {
    return this.#messages
  }
  get(id: number): LabMessage | undefined {
    return this.#messages.find((one) => one.id === id)
  }
  clear(): void {
    this.#messages = []
  }
  add(message: Incoming, body: Submission['body'], head: Uint8Array, atMs: number): void {
    const raw = 'raw' in body ? body.raw : (this.#staged.get(body.stagedBlobId) ?? head)
    if ('stagedBlobId' in body) this.#staged.delete(body.stagedBlobId)
    const one: LabMessage = {
      id: ++this.#lastId,
      atMs,
      from: formatPath(message.from),
      to: message.to.map(formatMailbox),
      hello: message.hello,
      isSecure: message.isSecure,
      sizeBytes: message.sizeBytes,
      // Copied: the buffers of a socket hold much more than one message.
      raw: Uint8Array.from(raw.subarray(0, KEPT_BYTES)),
    }
    this.#messages = [one, ...this.#messages].slice(0, MOST_MESSAGES)
  }
}
