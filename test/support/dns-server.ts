import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { AUTHORITATIVE_ANSWER, TRUNCATED_RESPONSE, decode, encode, type Answer, type Question } from 'dns-packet'

/** The records of a name. One that is not in the zone is NXDOMAIN. */
export interface ZoneEntry {
  readonly MX?: readonly { readonly preference: number; readonly exchange: string }[]
  readonly A?: readonly string[]
  readonly AAAA?: readonly string[]
  readonly TXT?: readonly string[]
  readonly PTR?: readonly string[]
  readonly SRV?: readonly {
    readonly priority?: number
    readonly weight?: number
    readonly port: number
    readonly target: string
  }[]
  readonly CNAME?: string
  readonly ttl?: number
  /**
   * How the server misbehaves for this name: no answer, SERVFAIL, an answer cut short over UDP, a forged answer (wrong id,
   * then wrong question) before the true one, or only the forged ones.
   */
  readonly trouble?: 'silence' | 'servfail' | 'truncate' | 'forge-first' | 'forge-only'
}
/** Names in lower case without the final dot. */
export type Zone = Readonly<Record<string, ZoneEntry>>

/** A name server of the tests. */
export interface DnsStub {
  readonly port: number
  /** For the setting `dns.servers`. */
  readonly server: string
  /** Questions asked so far, as `udp MX example.test`. */
  readonly asked: readonly string[]
  /** Source ports and ids of the UDP questions. */
  readonly origins: readonly { readonly port: number; readonly id: number }[]
  setZone(zone: Zone): void
  /** Called when a question gets no true answer, for a clock of the tests. */
  onSilence: () => void
  close(): Promise<void>
}

/** Starts a name server on a free loopback port, UDP and TCP alike. */
export async function startDnsServer(zone: Zone, host = '127.0.0.1'): Promise<DnsStub> {
  let current = zone
  const asked: string[] = []
  const stub: DnsStub = {
    port: 0,
    server: '',
    asked,
    get origins() {
      return origins
    },
    onSilence() {},
    setZone: (next) => (current = next),
    async close() {
      for (const socket of sockets) socket.destroy()
      udp.close()
      tcp.close()
      await once(tcp, 'close')
    },
  }
  const origins: { port: number; id: number }[] = []
  const sockets = new Set<Socket>()

  /** The messages to send for one query, in order. */
  const answer = (bytes: Buffer, via: 'udp' | 'tcp'): Buffer[] => {
    const query = decode(bytes)
    const [question] = query.questions ?? []
    if (!question || query.id === undefined) return []
    asked.push(`${via} ${question.type} ${question.name}`)
    const entry = current[question.name.toLowerCase()]
    const respond = (flags: number, answers: Answer[], id = query.id ?? 0, asks: Question = question) =>
      encode({ type: 'response', id, flags: AUTHORITATIVE_ANSWER | flags, questions: [asks], answers })
    const good = () => respond(rcodeOf(question, current), answersTo(question, current))
    const lie: Answer[] = [{ type: 'A', name: question.name, ttl: 300, data: '192.0.2.66' }]
    const forged = [
      respond(0, lie, (query.id + 1) & 0xffff),
      respond(0, lie, query.id, { ...question, name: `x${question.name}` }),
      Buffer.from('not dns'),
    ]
    const trouble = entry?.trouble
    switch (trouble) {
      case 'silence':
        stub.onSilence()
        return []
      case 'servfail':
        return [respond(2, [])]
      case 'truncate':
        return via === 'udp' ? [respond(TRUNCATED_RESPONSE, [])] : [good()]
      case 'forge-first':
        return [...forged, good()]
      case 'forge-only':
        // After the forged answers have arrived.
        setTimeout(() => stub.onSilence(), 20)
        return forged
      case undefined:
        return [good()]
      default:
        return trouble satisfies never
    }
  }

  const tcp = createServer((socket) => {
    sockets.add(socket)
    let received = Buffer.alloc(0)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      for (const message of answer(received.subarray(2), 'tcp')) {
        const head = Buffer.alloc(2)
        head.writeUInt16BE(message.length)
        socket.write(Buffer.concat([head, message]))
      }
      received = Buffer.alloc(0)
    })
  })
  // The same port for both: found by asking TCP first and trying again where UDP has it taken.
  let udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  for (;;) {
    tcp.listen(0, host)
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    try {
      udp.bind(port, host)
      await once(udp, 'listening')
      break
    } catch {
      tcp.close()
      udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    }
  }
  udp.on('message', (bytes, from) => {
    origins.push({ port: from.port, id: bytes.readUInt16BE(0) })
    for (const message of answer(bytes, 'udp')) udp.send(message, from.port, from.address)
  })
  const { port } = tcp.address() as AddressInfo
  Object.assign(stub, { port, server: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` })
  return stub
}

const NXDOMAIN = 3

/** The code counts for the name the CNAMEs end at (RFC 2308 §2.1). */
function rcodeOf(question: Question, zone: Zone): number {
  let name = question.name.toLowerCase()
  for (let n = 0; n < 20; n += 1) {
    const cname = zone[name]?.CNAME
    if (cname === undefined) break
    name = cname
  }
  return zone[name] === undefined ? NXDOMAIN : 0
}

function answersTo(question: Question, zone: Zone): Answer[] {
  const answers: Answer[] = []
  let name = question.name.toLowerCase()
  for (let n = 0; n < 20; n += 1) {
    const entry = zone[name]
    if (!entry) break
    const ttl = entry.ttl ?? 300
    if (entry.CNAME !== undefined) {
      answers.push({ type: 'CNAME', name, ttl, data: entry.CNAME })
      name = entry.CNAME
      continue
    }
    if (question.type === 'A') for (const data of entry.A ?? []) answers.push({ type: 'A', name, ttl, data })
    if (question.type === 'AAAA') for (const data of entry.AAAA ?? []) answers.push({ type: 'AAAA', name, ttl, data })
    if (question.type === 'PTR') for (const data of entry.PTR ?? []) answers.push({ type: 'PTR', name, ttl, data })
    // One string of a record holds at most 255 bytes.
    for (const text of question.type === 'TXT' ? (entry.TXT ?? []) : [])
      answers.push({ type: 'TXT', name, ttl, data: text.match(/[^]{1,255}/g) ?? [''] })
    for (const data of question.type === 'SRV' ? (entry.SRV ?? []) : [])
      answers.push({ type: 'SRV', name, ttl, data: { ...data } })
    if (question.type === 'MX')
      for (const data of entry.MX ?? []) answers.push({ type: 'MX', name, ttl, data: { ...data } })
    break
  }
  return answers
}
