import { api } from '../../bridge/client.ts'

/**
 * An attachment of a message that is passed on. A draft names it by its place, for the handles of the engine end after
 * minutes and a draft may lie for days; only when the message is sent it gets one.
 */
export interface Part {
  readonly messageId: number
  /** Null: the message itself. */
  readonly index: number | null
}

/** The name of a part in a draft. */
export function formatPart({ messageId, index }: { readonly messageId: number; readonly index: number }): string {
  return `message/${messageId}/${index}`
}

/** The name of a whole message in a draft. */
export const formatMessage = (messageId: number): string => `message/${messageId}`

/** The part a name stands for; undefined for a handle of the engine. */
export function parsePart(handle: string): Part | undefined {
  const [, messageId, index] = /^message\/(\d{1,16})(?:\/(\d{1,6}))?$/.exec(handle) ?? []
  if (messageId === undefined) return undefined
  return { messageId: Number(messageId), index: index === undefined ? null : Number(index) }
}

/** A fresh handle of a named part. Fails when its message is gone. */
export async function handleOf({ messageId, index }: Part): Promise<string> {
  if (index === null) return (await api.mail.source({ id: messageId })).handle
  return (await api.mail.attachment({ id: messageId, index })).handle
}

/** Attachments as they are sent: each named part with a fresh handle. Fails when its message is gone. */
export async function withHandles<A extends { readonly handle: string }>(attachments: readonly A[]): Promise<A[]> {
  return Promise.all(
    attachments.map(async (one) => {
      const part = parsePart(one.handle)
      return part === undefined ? one : { ...one, handle: await handleOf(part) }
    }),
  )
}
