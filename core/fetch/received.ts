import { parseDate } from '../message/date.ts'

/**
 * When a message arrived: the time in its topmost Received field (RFC 5321 §4.4), which the server we fetch from has written.
 * Undefined where there is none that can be read.
 */
export function receivedTime(head: Uint8Array): number | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 16_384)).toString('latin1')
  // Only fields at the very top count: what stands below may come from anywhere.
  const field = /^(?:(?!Received:)[!-9;-~]+:.*(?:\r?\n[ \t].*)*\r?\n){0,20}?Received:(.*(?:\r?\n[ \t].*)*)/i.exec(
    text,
  )?.[1]
  const date = field?.slice(field.lastIndexOf(';') + 1).replaceAll(/\s+/g, ' ')
  return field?.includes(';') && date !== undefined ? (parseDate(date) ?? undefined) : undefined
}
