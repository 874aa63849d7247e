import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIP } from 'node:net'
import { decode, encode, RECURSION_DESIRED, type DecodedPacket } from 'dns-packet'
import type { Clock } from '../base/clock.ts'
import type { DnsServer } from './dns-servers.ts'

/** Record types this program asks for. */
export type DnsType = 'A' | 'AAAA' | 'MX' | 'TXT' | 'PTR' | 'SRV'
/** One question put to one server: its answer, or why there is none. */
export type Exchange =
  | { readonly ok: true; readonly packet: DecodedPacket; readonly rcode: string }
  | { readonly ok: false; readonly why: 'timeout' | 'refused'; readonly reason: string }

/** Larger answers over TCP than this are not mail's. */
const LONGEST_ANSWER_BYTES = 65_535

/**
 * Asks one server one question over UDP from a port and with an id nobody can guess (RFC 5452), and again over TCP when the
 * answer says it was cut short.
 */
export async function exchange(
  server: DnsServer,
  name: string,
  type: DnsType,
  timeoutMs: number,
  clock: Clock,
): Promise<Exchange> {
  const id = randomInt(0x1_0000)
  const query = encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type, name, class: 'IN' }] })
  const match = (bytes: Buffer) => readAnswer(bytes, id, name, type)
  const overUdp = await askUdp(server, query, match, timeoutMs, clock)
  return overUdp.ok && overUdp.packet.flag_tc ? askTcp(server, query, match, timeoutMs, clock) : overUdp
}

type Match = (bytes: Buffer) => (Exchange & { ok: true }) | undefined

/** The packet when it answers this very question; undefined for anything else, which is somebody's forgery or an echo. */
function readAnswer(bytes: Buffer, id: number, name: string, type: DnsType): ReturnType<Match> {
  try {
    if (bytes.length < 12 || bytes.readUInt16BE(0) !== id) return undefined
    const packet = decode(bytes)
    const [question, ...more] = packet.questions ?? []
    if (!packet.flag_qr || question === undefined || more.length > 0) return undefined
    if (question.type !== type || (question.class ?? 'IN') !== 'IN') return undefined
    if (question.name.toLowerCase() !== name.toLowerCase()) return undefined
    return { ok: true, packet, rcode: (packet as { rcode?: string }).rcode ?? 'NOERROR' }
  } catch {
    return undefined // not DNS at all
  }
}

function askUdp(server: DnsServer, query: Buffer, match: Match, timeoutMs: number, clock: Clock): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(server.address.split('%')[0] ?? '') === 6 ? 'udp6' : 'udp4')
    let settled = false
    const settle = (result: Exchange) => {
      if (settled) return
      settled = true
      cancel()
      socket.close()
      resolve(result)
    }
    const refused = (error: Error) => settle({ ok: false, why: 'refused', reason: error.message })
    const cancel = clock.after(timeoutMs, () => settle({ ok: false, why: 'timeout', reason: 'no answer' }))
    socket.on('error', refused)
    socket.on('message', (bytes) => {
      const answer = match(bytes)
      if (answer) settle(answer)
    })
    // Connected: the system drops what comes from any other address or port.
    // Without a network there is no way to any server: the callback then gets the error that would else be an event.
    const onConnected = (error?: Error) => {
      if (error !== undefined) refused(error)
      else if (!settled) socket.send(query, (failure) => failure && refused(failure))
    }
    socket.connect(server.port, server.address, onConnected)
  })
}

function askTcp(server: DnsServer, query: Buffer, match: Match, timeoutMs: number, clock: Clock): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.address, port: server.port })
    const settle = (result: Exchange) => {
      cancel()
      socket.destroy()
      resolve(result)
    }
    const cancel = clock.after(timeoutMs, () => settle({ ok: false, why: 'timeout', reason: 'no answer over TCP' }))
    let received = Buffer.alloc(0)
    socket.on('error', (error) => settle({ ok: false, why: 'refused', reason: error.message }))
    socket.on('close', () => settle({ ok: false, why: 'refused', reason: 'the server closed the connection' }))
    socket.on('connect', () => {
      const framed = Buffer.alloc(2 + query.length)
      framed.writeUInt16BE(query.length, 0)
      query.copy(framed, 2)
      socket.write(framed)
    })
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2) return
      const length = received.readUInt16BE(0)
      if (received.length < 2 + length && received.length <= 2 + LONGEST_ANSWER_BYTES) return
      const answer = match(received.subarray(2, 2 + length))
      settle(answer ?? { ok: false, why: 'refused', reason: 'the answer over TCP was not to our question' })
    })
  })
}
