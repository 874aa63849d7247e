/** One end of a made-up TCP connection. */
export interface End {
  /** 4 or 16 bytes. */
  readonly ip: Uint8Array
  readonly port: number
}
/** What a TCP segment says beside its bytes. */
export interface Flags {
  readonly syn?: boolean
  readonly fin?: boolean
  readonly psh?: boolean
}

const ETHERTYPE = { v4: 0x0800, v6: 0x86dd } as const
/** Locally administered addresses of no card. */
const MACS = [Buffer.from('020000000001', 'hex'), Buffer.from('020000000002', 'hex')] as const
const TCP = 6
const HOP_LIMIT = 64
const WINDOW = 65_535

/** The internet checksum (RFC 1071): the complement of the sum of 16-bit words. */
export function checksum(...pieces: readonly Uint8Array[]): number {
  let sum = 0
  let isLow = false
  for (const piece of pieces)
    for (const byte of piece) {
      sum += isLow ? byte : byte << 8
      isLow = !isLow
      if (sum > 0xffff_ffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000)
    }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000)
  return ~sum & 0xffff
}

/** A TCP segment in IP in Ethernet (RFC 9293, RFC 791, RFC 8200), as a card would have seen it. `ack` undefined: none yet. */
export function frame(
  from: End,
  to: End,
  segment: {
    readonly seq: number
    readonly ack: number | undefined
    readonly flags: Flags
    readonly bytes: Uint8Array
  },
): Buffer {
  const { seq, ack, flags, bytes } = segment
  const tcp = Buffer.alloc(20)
  tcp.writeUInt16BE(from.port, 0)
  tcp.writeUInt16BE(to.port, 2)
  tcp.writeUInt32BE(seq >>> 0, 4)
  tcp.writeUInt32BE((ack ?? 0) >>> 0, 8)
  tcp[12] = 5 << 4
  tcp[13] = (flags.fin ? 1 : 0) | (flags.syn ? 2 : 0) | (flags.psh ? 8 : 0) | (ack === undefined ? 0 : 16)
  tcp.writeUInt16BE(WINDOW, 14)
  const length = tcp.length + bytes.length
  const isV4 = from.ip.length === 4
  const pseudo = Buffer.alloc(isV4 ? 12 : 40)
  pseudo.set(from.ip, 0)
  pseudo.set(to.ip, from.ip.length)
  if (isV4) {
    pseudo[9] = TCP
    pseudo.writeUInt16BE(length, 10)
  } else {
    pseudo.writeUInt32BE(length, 32)
    pseudo[39] = TCP
  }
  tcp.writeUInt16BE(checksum(pseudo, tcp, bytes), 16)
  const isForward = from.port > to.port
  const ethernet = Buffer.alloc(14)
  MACS[isForward ? 1 : 0].copy(ethernet, 0)
  MACS[isForward ? 0 : 1].copy(ethernet, 6)
  ethernet.writeUInt16BE(isV4 ? ETHERTYPE.v4 : ETHERTYPE.v6, 12)
  return Buffer.concat([ethernet, isV4 ? v4(from, to, length) : v6(from, to, length), tcp, bytes])
}

function v4(from: End, to: End, length: number): Buffer {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + length, 2)
  header.writeUInt16BE(0x4000, 6) // don't fragment
  header[8] = HOP_LIMIT
  header[9] = TCP
  header.set(from.ip, 12)
  header.set(to.ip, 16)
  header.writeUInt16BE(checksum(header), 10)
  return header
}

function v6(from: End, to: End, length: number): Buffer {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header.writeUInt16BE(length, 4)
  header[6] = TCP
  header[7] = HOP_LIMIT
  header.set(from.ip, 8)
  header.set(to.ip, 24)
  return header
}

/** The bytes of an IP address as it is written; undefined for what is none. */
export function ipBytes(text: string): Uint8Array | undefined {
  const dotted = /^(?:::ffff:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/i.exec(text)
  if (dotted !== null) {
    const bytes = dotted.slice(1).map(Number)
    return bytes.every((byte) => byte < 256) ? Uint8Array.from(bytes) : undefined
  }
  const bare = text.replace(/%.*$/, '').toLowerCase()
  if (!/^[0-9a-f:]*:[0-9a-f:]*$/.test(bare)) return undefined
  const [before = '', after, more] = bare.split('::')
  if (more !== undefined) return undefined
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)))
  const [head, tail] = [words(before), words(after ?? '')]
  const gap = 8 - head.length - tail.length
  if (after === undefined ? gap !== 0 : gap < 1) return undefined
  const all = [...head, ...Array.from({ length: gap }, () => 0), ...tail]
  if (!all.every((word) => word >= 0 && word <= 0xffff)) return undefined
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 0xff]))
}
