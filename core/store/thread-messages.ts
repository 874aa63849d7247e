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
  if (value instanceof Uint8Array) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength && value.byteLength > 0)
      if (!found.includes(value.buffer)) found.push(value.buffer)
  } else if (Array.isArray(value)) for (const item of value) ownBuffers(item, found)
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) ownBuffers(item, found)
  return found
}

/**
 * A copy of `value` whose bytes are its own, as buffers to hand over: a clone of a slice would take all of the buffer under
 * it along. What holds no bytes is not copied.
 */
export function withOwnBytes(value: unknown, buffers: ArrayBuffer[]): unknown {
  if (value instanceof Uint8Array) {
    const own = new Uint8Array(value)
    buffers.push(own.buffer)
    return own
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => withOwnBytes(item, buffers))
    return items.some((item, i) => item !== value[i]) ? items : value
  }
  if (typeof value !== 'object' || value === null) return value
  let copy: Record<string, unknown> | undefined
  for (const [name, item] of Object.entries(value)) {
    const own = withOwnBytes(item, buffers)
    if (own !== item) (copy ??= { ...value })[name] = own
  }
  return copy ?? value
}
