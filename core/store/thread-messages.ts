import { Fault } from '../base/fault.ts'
import type { FaultDetails } from '../base/fault.ts'

/** What goes between the main thread and the store's threads. Always many at a time: a message costs more than an operation. */
export interface WriteRequest {
  readonly id: number
  readonly name: string
  readonly args: unknown
  readonly nowMs: number
  /** Bytes it carries, so that groups stay small. */
  readonly bytes: number
  /** Buffers that hold bytes of this request only: given back once it is done. */
  readonly large?: readonly ArrayBuffer[]
}
export type WriterMessage = { readonly requests: readonly WriteRequest[] } | { readonly close: true }

export interface QueryRequest {
  readonly id: number
  readonly name: string
  readonly args: unknown
}
export type ReaderMessage =
  { readonly requests: readonly QueryRequest[]; readonly cancelled: readonly number[] } | { readonly close: true }

export interface SentFault {
  readonly code: keyof FaultDetails
  readonly message: string
  readonly details: FaultDetails[keyof FaultDetails]
}
/** How one request ended. */
export type Answer =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly fault: SentFault }
/** What a thread says: first that it is ready or can't be, then answers. */
export type ThreadMessage =
  { readonly ready: true } | { readonly failed: SentFault } | { readonly answers: readonly Answer[] }

/** A fault as it crosses threads: a class does not survive a structured clone. */
export function sendFault(fault: Fault): SentFault {
  return fault.toJSON()
}

/** The fault on the other side. */
export function receiveFault({ code, message, details }: SentFault): Fault {
  return new Fault(code, message, details)
}

/** The buffers of a value that can be handed over instead of copied: those nobody else has a view of. */
export function ownBuffers(value: unknown, found: ArrayBuffer[] = []): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return found
  if (value instanceof Uint8Array) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength && value.byteLength > 0)
      if (!found.includes(value.buffer)) found.push(value.buffer)
  } else if (Array.isArray(value)) for (const item of value) ownBuffers(item, found)
  else for (const name in value) ownBuffers((value as Record<string, unknown>)[name], found)
  return found
}

/**
 * A copy of `value` in which `copy` has copied all bytes: a clone of a slice would take all of the buffer under it along. What holds
 * no bytes is not copied.
 */
export function withOwnBytes(value: unknown, copy: (bytes: Uint8Array) => Uint8Array): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return copy(value)
  if (ArrayBuffer.isView(value)) return value // numbers: a clone takes no more of them than there are
  if (Array.isArray(value)) {
    let items: unknown[] | undefined
    for (let i = 0; i < value.length; i++) {
      const item = withOwnBytes(value[i], copy)
      if (item !== value[i]) (items ??= [...(value as unknown[])])[i] = item
    }
    return items ?? value
  }
  let own: Record<string, unknown> | undefined
  for (const name in value) {
    const before = (value as Record<string, unknown>)[name]
    const item = withOwnBytes(before, copy)
    if (item !== before) (own ??= { ...value })[name] = item
  }
  return own ?? value
}

/** Small pieces of bytes lie side by side in buffers of this size: one is handed over in place of dozens. */
const SHARED_BYTES = 64 * 1024
const SMALL_BYTES = SHARED_BYTES / 4

/** Copies of bytes on their way to another thread, in few buffers. */
export class BytesToHandOver {
  #shared: Uint8Array<ArrayBuffer> | undefined
  #at = 0
  #buffers: ArrayBuffer[] = []

  /** A copy, which stays readable here until it is handed over. `large` gets its buffer where it has one of its own. */
  copy(bytes: Uint8Array, large: ArrayBuffer[]): Uint8Array {
    if (bytes.length > SMALL_BYTES) {
      const own = new Uint8Array(bytes)
      large.push(own.buffer)
      this.#buffers.push(own.buffer)
      return own
    }
    if (this.#shared === undefined || this.#at + bytes.length > SHARED_BYTES) {
      this.#shared = Buffer.allocUnsafeSlow(SHARED_BYTES)
      this.#buffers.push(this.#shared.buffer)
      this.#at = 0
    }
    const own = new Uint8Array(this.#shared.buffer, this.#at, bytes.length)
    own.set(bytes)
    this.#at += bytes.length
    return own
  }

  /** The buffers of all copies there are; the next copy begins another. */
  take(): ArrayBuffer[] {
    const taken = this.#buffers
    this.#buffers = []
    this.#shared = undefined
    return taken
  }
}
