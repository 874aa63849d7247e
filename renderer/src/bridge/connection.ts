import type { ClientLink } from '@orpc/client'

/** How things stand between this window and the engine. */
export type Standing =
  | { readonly at: 'opening' }
  | { readonly at: 'open' }
  /** The line broke; it is dialled again by itself. `tries` counts the failed ones. */
  | { readonly at: 'away'; readonly sinceMs: number; readonly tries: number }
  /** The engine is there and does not let this window in: a fresh address is needed. */
  | { readonly at: 'refused'; readonly why: Refusal }

/** Why a window is not let in: its ticket is spent, it never had one, or the engine was started anew since. */
export type Refusal = 'ticket-spent' | 'no-ticket' | 'session-unknown'

/** One way to the engine, as each host gives it. */
export interface Host {
  readonly kind: 'browser' | 'desktop'
  /** Where a handle's bytes are read. */
  bytesUrl(handle: string): string
  /** Opens the way in and keeps it open; says each change of standing, with a link while there is one. */
  connect(say: (standing: Standing, link?: ClientLink<Record<never, never>>) => void): void
  /** Dials at once instead of waiting for the next try. */
  hurry(): void
}

/** Wait before dialling again: doubling from a quarter second up to eight seconds. */
export function backOffMs(tries: number): number {
  return Math.min(8000, 250 * 2 ** Math.min(tries, 10))
}

/** The one-time ticket a fresh address carries, or undefined. */
export function ticketOf(hash: string): string | undefined {
  return /^#ticket=([A-Za-z0-9_-]{8,200})$/.exec(hash)?.[1]
}
