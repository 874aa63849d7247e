import type { LoggedSession } from '../model/log-file.ts'
import type { Protocol, TranscriptEvent } from '../model/transcript.ts'
import { textOf } from './export.ts'
import { frame, ipBytes, type End, type Flags } from './packets.ts'

/** Ports at which a dissector knows a protocol without TLS; the first stands for any other. */
const PORTS: Readonly<Record<Protocol, readonly number[]>> = { smtp: [25, 587], pop3: [110], imap: [143] }
/** Our end of sessions, whose own address nobody noted. */
const OURS = { v4: '10.0.0.1', v6: 'fd00::1' } as const
const FIRST_EPHEMERAL = 40_000
const EPHEMERALS = 20_000
/** Of one packet, and of made-up content where a size was announced. */
const MOST_BYTES = 16_384
const MOST_CONTENT = 262_144
/** Where sequence numbers begin; zero would do, too, but looks like nothing was said. */
const FIRST_SEQ = 1000

interface Packet {
  readonly atMs: number
  readonly bytes: Buffer
  readonly comment: string
}

/** One made-up TCP connection, of which every packet is noted. */
class Stream {
  readonly packets: Packet[] = []
  readonly #ends: Readonly<Record<'C' | 'S', End>>
  readonly #seq = { C: FIRST_SEQ, S: FIRST_SEQ }
  readonly #comments: string[] = []
  #isClosed = false

  constructor(ends: Readonly<Record<'C' | 'S', End>>, atMs: number, comment: string) {
    this.#ends = ends
    this.comment(comment)
    this.#put('C', { syn: true }, undefined, atMs)
    this.#put('S', { syn: true }, true, atMs)
    this.#put('C', {}, true, atMs)
  }

  /** A note that the next packet bears. */
  comment(text: string): void {
    this.#comments.push(text)
  }
  say(from: 'C' | 'S', bytes: Buffer, atMs: number): void {
    for (let at = 0; at < bytes.length; at += MOST_BYTES)
      this.#put(from, { psh: true }, true, atMs, bytes.subarray(at, at + MOST_BYTES))
  }
  close(by: 'C' | 'S', atMs: number): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const other = by === 'C' ? 'S' : 'C'
    this.#put(by, { fin: true }, true, atMs)
    this.#put(other, { fin: true }, true, atMs)
    this.#put(by, {}, true, atMs)
  }

  #put(
    from: 'C' | 'S',
    flags: Flags,
    acks: true | undefined,
    atMs: number,
    bytes: Uint8Array = new Uint8Array(),
  ): void {
    const to = from === 'C' ? 'S' : 'C'
    const ack = acks && this.#seq[to]
    const made = frame(this.#ends[from], this.#ends[to], { seq: this.#seq[from], ack, flags, bytes })
    this.packets.push({ atMs, bytes: made, comment: this.#comments.splice(0).join('\n') })
    this.#seq[from] += bytes.length + (flags.syn || flags.fin ? 1 : 0)
  }
}

/** Address and port as they stand in a head. */
function splitAddress(address: string): { readonly ip: Uint8Array | undefined; readonly port: number } {
  const [, host = '', port = '0'] = /^\[?([^\]]*?)\]?:(\d{1,5})$/.exec(address) ?? []
  return { ip: ipBytes(host), port: Math.min(Number(port), 65_535) }
}

/** The ends of a session: the other one as it was where a dissector knows its port, ours made up. */
function endsOf({ head }: LoggedSession, nth: number): Readonly<Record<'C' | 'S', End>> {
  const other = splitAddress(head.address)
  const ip = other.ip ?? (ipBytes('192.0.2.1') as Uint8Array)
  const ours = ipBytes(ip.length === 4 ? OURS.v4 : OURS.v6) as Uint8Array
  const known = PORTS[head.protocol]
  const port = head.side === 'client' && known.includes(other.port) ? other.port : (known[0] as number)
  const ephemeral = FIRST_EPHEMERAL + (nth % EPHEMERALS)
  return head.side === 'client'
    ? { C: { ip: ours, port: ephemeral }, S: { ip, port } }
    : { C: { ip, port: ephemeral }, S: { ip: ours, port } }
}

const SECRET = 'something secret was cut out of this line'

/** Bytes that stand for content of which only the size is known. */
function contentBytes(event: Extract<TranscriptEvent, { kind: 'content' }>, isCounted: boolean): Buffer {
  const words = `[${event.bytes} bytes of a message, which are not in this file]\r\n`
  if (!isCounted) return Buffer.from(words, 'latin1')
  // Whoever was told a size counts; of very much some is left out, as a capture that was cut would have it.
  const size = Math.min(event.bytes, MOST_CONTENT)
  return Buffer.from(words.repeat(Math.ceil(size / words.length)).slice(0, size), 'latin1')
}

/** A session as TCP connections: a second one from where it is inside TLS, so that a dissector reads on. */
function packetsOf(session: LoggedSession, nth: () => number): Packet[] {
  const { head, events } = session
  const where = `${head.protocol.toUpperCase()} ${head.side === 'client' ? 'to' : 'from'} ${head.peer} (${head.address})`
  const at = (event: TranscriptEvent) => head.startedMs + event.sinceMs
  let stream = new Stream(
    endsOf(session, nth()),
    head.startedMs,
    `Session ${head.id} of Posthorn's protocol log: ${where}. Packets are made up around what was said; lines are as they were.`,
  )
  const packets: Packet[] = []
  let verb = ''
  events.forEach((event, n) => {
    switch (event.kind) {
      case 'line': {
        if (event.from === 'C') verb = textOf(event.spans).split(' ')[0]?.toUpperCase() ?? ''
        const secret = event.spans.find((span) => typeof span !== 'string')
        if (secret !== undefined)
          stream.comment(secret.user === undefined ? SECRET : `${SECRET} (of the user ${secret.user})`)
        const kept = event.spans.reduce((sum, span) => sum + (typeof span === 'string' ? span.length : 0), 0)
        if (kept < event.bytes) stream.comment(`the line had ${event.bytes} bytes; this is how it began`)
        stream.say(event.from, Buffer.from(textOf(event.spans) + (event.odd ? '' : '\r\n'), 'latin1'), at(event))
        break
      }
      case 'content': {
        const isCounted = head.protocol === 'imap' || verb === 'BDAT'
        stream.comment(`${event.bytes} bytes of a message, which are not in this file`)
        stream.say(event.from, contentBytes(event, isCounted), at(event))
        const next = events[n + 1]
        const hasDot = next?.kind === 'line' && next.from === event.from && textOf(next.spans) === '.'
        if (!isCounted && !hasDot) stream.say(event.from, Buffer.from('.\r\n'), at(event))
        break
      }
      case 'tls': {
        stream.close('C', at(event))
        packets.push(...stream.packets)
        const { version, cipher, subject, trusted } = event.facts
        const trust = trusted ? 'trusted' : 'not trusted'
        const words = `Session ${head.id}, from here on inside TLS: ${version}, ${cipher}, ${subject} (${trust}). What was said within stands here in the clear; on the wire it was the same connection.`
        stream = new Stream(endsOf(session, nth()), at(event), words)
        break
      }
      case 'note':
        stream.comment(event.text)
        break
      case 'closed':
        if (event.why !== undefined) stream.comment(event.why)
        stream.close(event.by === 'us' ? (head.side === 'client' ? 'C' : 'S') : event.by, at(event))
    }
  })
  return [...packets, ...stream.packets]
}

const BLOCK = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const
const ETHERNET = 1
const OPTION = { comment: 1, application: 4, end: 0 } as const
const LONGEST_COMMENT = 4096

/** A block of pcapng: type, length, body, length. */
function block(type: number, body: Buffer): Buffer {
  const length = 12 + body.length
  const head = Buffer.alloc(8)
  head.writeUInt32LE(type, 0)
  head.writeUInt32LE(length, 4)
  const tail = Buffer.alloc(4)
  tail.writeUInt32LE(length, 0)
  return Buffer.concat([head, body, tail])
}
const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])

function options(...all: readonly (readonly [code: number, text: string])[]): Buffer {
  const some = all.filter(([, text]) => text !== '')
  if (some.length === 0) return Buffer.alloc(0)
  const each = some.map(([code, text]) => {
    // Cut where a character ends.
    const bytes = Buffer.from(
      Buffer.from(text)
        .subarray(0, LONGEST_COMMENT)
        .toString()
        .replace(/\ufffd+$/, ''),
    )
    const head = Buffer.alloc(4)
    head.writeUInt16LE(code, 0)
    head.writeUInt16LE(bytes.length, 2)
    return padded(Buffer.concat([head, bytes]))
  })
  return Buffer.concat([...each, Buffer.alloc(4)])
}

/**
 * Sessions as a capture file that Wireshark opens and follows: Ethernet, IP and TCP are made up around the lines that were said.
 * Secrets stand as `<secret>`, content as a line that says how much it was, each with a comment at its packet.
 */
export function toPcapng(sessions: readonly LoggedSession[], program: string): Buffer {
  let connections = 0
  const packets = sessions.flatMap((session) => packetsOf(session, () => connections++))
  const section = Buffer.alloc(16)
  section.writeUInt32LE(0x1a2b3c4d, 0)
  section.writeUInt16LE(1, 4)
  section.writeBigInt64LE(-1n, 8)
  const card = Buffer.alloc(8)
  card.writeUInt16LE(ETHERNET, 0)
  const blocks = [
    block(BLOCK.section, Buffer.concat([section, options([OPTION.application, program])])),
    block(BLOCK.interface, card),
  ]
  for (const { atMs, bytes, comment } of packets.toSorted((a, b) => a.atMs - b.atMs)) {
    const micros = BigInt(Math.round(Math.max(0, atMs) * 1000))
    const head = Buffer.alloc(20)
    head.writeUInt32LE(Number(micros >> 32n), 4)
    head.writeUInt32LE(Number(micros & 0xffff_ffffn), 8)
    head.writeUInt32LE(bytes.length, 12)
    head.writeUInt32LE(bytes.length, 16)
    blocks.push(block(BLOCK.packet, Buffer.concat([head, padded(bytes), options([OPTION.comment, comment])])))
  }
  return Buffer.concat(blocks)
}
