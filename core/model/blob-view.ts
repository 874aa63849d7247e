/**
 * One reader's view of a stored blob: header lines of ours before it, and ranges of it left out (a Bcc line). The received
 * octets stay whole, so a signature can always be checked.
 */
export interface BlobView {
  readonly blobId: number
  /** Header lines, CRLF-ended, that come first; latin1 text, one character a byte. */
  readonly prefix: string
  /** Half-open byte ranges [from, to) of the blob left out, ascending and disjoint. */
  readonly removed: readonly (readonly [number, number])[]
  /** Bytes of the whole view. */
  readonly sizeBytes: number
}

/** Opens a view for reading in chunks; ends early with `blob.damaged` when the stored bytes fail their checksum. */
export type OpenBody = (view: BlobView) => AsyncIterable<Uint8Array>
