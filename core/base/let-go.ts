/**
 * Frees the memory under these bytes now, which the collector would do when it next comes by: it does not hurry for memory that is
 * not its own, and a stream of large messages leaves hundreds of megabytes behind meanwhile. Nobody may use them again.
 */
export function letGo(bytes: Uint8Array | ArrayBuffer): void {
  const buffer = bytes instanceof Uint8Array ? bytes.buffer : bytes
  // Moved into a buffer without length: what it had is given back. An empty one may be everybody's.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) buffer.transfer(0)
}
