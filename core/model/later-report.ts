/** What a delivery report from elsewhere can say of a recipient (RFC 3464 §2.3.3); `expanded` counts as `relayed`. */
export const LATER_ACTIONS = ['failed', 'delayed', 'delivered', 'relayed'] as const

/**
 * What another server reported of a recipient after it, or one before it, had taken the message. Everybody the message went to
 * knows enough to make one up, so it stands beside what we know ourselves and never in its place.
 */
export interface LaterReport {
  readonly action: (typeof LATER_ACTIONS)[number]
  /** RFC 3463 code. */
  readonly status: string
  /** The host that reported, by its own words. */
  readonly reporter: string
  /** What it says of the reason; '' when it gives none. */
  readonly diagnostic: string
  /** Where the mail had gone by then, when that is another address; null otherwise. */
  readonly finalAddress: string | null
  readonly atMs: number
  /** The report itself, in a folder; it may be gone by now. */
  readonly messageId: number
}
