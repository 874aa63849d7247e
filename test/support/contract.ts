import PostalMime, { type Email } from 'postal-mime'

/** What a test of handlers needs: calls as a window makes them, checked in and out, and the words of the contract. */
export { call } from '@orpc/server'
export type { DraftContent } from '../../core/rpc/views.ts'

/** A message as a reader sees it that is not ours. */
export function readElsewhere(raw: Uint8Array): Promise<Email> {
  return PostalMime.parse(raw)
}
