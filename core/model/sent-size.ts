/** A file of a message as far as its size matters. */
export interface SizedFile {
  readonly sizeBytes: number
  /** A whole stored message, which goes along as it is. */
  readonly isMessage?: boolean | undefined
}

/** Lines of base64 hold 57 bytes each as 76 characters and a line end (RFC 2045 §6.8). */
const LINE_BYTES = 57
const LINE_AS_SENT = 78
/** Header and boundary of one part, and those of the message with its text's own. */
const PART_BYTES = 300
const MESSAGE_BYTES = 1500

/**
 * How large a message is on its way: files become a good third larger, for mail is text. `textBytes` is what is written, with and
 * without looks. It is an estimate from above by less than one in a hundred, for signatures and trace fields come on top.
 */
export function sentSize(textBytes: number, files: readonly SizedFile[]): number {
  const text = MESSAGE_BYTES + Math.ceil(textBytes / LINE_BYTES) * LINE_AS_SENT
  return files.reduce(
    (sum, { sizeBytes, isMessage }) =>
      sum + PART_BYTES + (isMessage === true ? sizeBytes : Math.ceil(sizeBytes / LINE_BYTES) * LINE_AS_SENT),
    text,
  )
}

/** The largest message that is written here, in bytes as sent. */
export const LARGEST_WRITTEN_BYTES = 50 * 1024 * 1024
