/** Reads little-endian values one after the other; past the end it gives zeros and says so. Never throws. */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0
  #isShort = false

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Octets that are left. */
  get left(): number {
    return this.#bytes.length - this.#at
  }
  /** True once more was asked for than there is. */
  get isShort(): boolean {
    return this.#isShort
  }

  u8(): number {
    return this.bytes(1)[0] ?? 0
  }
  u16(): number {
    const two = this.bytes(2)
    return two.length < 2 ? 0 : two.readUInt16LE()
  }
  u32(): number {
    const four = this.bytes(4)
    return four.length < 4 ? 0 : four.readUInt32LE()
  }
  /** A view of the next octets, of fewer where there are no more. */
  bytes(count: number): Buffer {
    if (count > this.left) this.#isShort = true
    const found = this.#bytes.subarray(this.#at, this.#at + count)
    this.#at += found.length
    return found
  }
}
