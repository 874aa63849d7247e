import { api } from '../../bridge/client.ts'

/**
 * An attachment of a message that is passed on. A draft names it by its place, for the handles of the engine end after
 * minutes and a draft may lie for days; only when the message is sent it gets one.
 */
export interface Part {
  readonly messageId: number
  readonly index: number
}

/** The name of a part in a draft. */
export function formatPart({ messageId, index }: Part): string {
  return `message/${messageId}/${index}`
}

/** The part a name stands for; undefined for a handle of the engine. */
export function parsePart(handle: string): Part | undefined {
  const [, messageId, index] = /^message\/(\d{1,16})\/(\d{1,6})$/.exec(handle) ?? []
  return index === undefined ? undefined : { messageId: Number(messageId), index: Number(index) }
}

/** Attachments as they are sent: each named part with a fresh handle. Fails when its message is gone. */
export async function withHandles<A extends { readonly handle: string }>(attachments: readonly A[]): Promise<A[]> {
  return Promise.all(
    attachments.map(async (one) => {
      const part = parsePart(one.handle)
      if (part === undefined) return one
      const { handle } = await api.mail.attachment({ id: part.messageId, index: part.index })
      return { ...one, handle }
    }),
  )
}
