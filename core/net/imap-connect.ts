import type { Socket } from 'node:net'
import { Ear } from '../wire/imap/ear.ts'
import { formatEndpoint } from './address.ts'
import { CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_SHORT_MS } from './dial.ts'
import type { FoundHost } from './find-host.ts'
import { closeImapWith, type ImapPeers, type ImapStep, type ImapTarget, type ImapTrouble } from './imap-words.ts'
import { ImapWire } from './imap-wire.ts'
import { secure } from './tls.ts'

const GREETING_MS = 60_000
/** A greeting or an answer to STARTTLS longer than this is none. */
const LONGEST_LINE = 8192
/** What the library is shown after STARTTLS, where a server does not greet again. What the clear text said counts no more (RFC 9051 §6.2.1). */
const GREETING_WITHIN_TLS = Buffer.from('* OK ready\r\n')

/** A secured stream on which the server has greeted and nobody is signed in; or why there is none. */
export type OpenedWire =
  | { readonly ok: true; readonly wire: ImapWire; readonly sessionId: number | undefined }
  | { readonly ok: false; readonly trouble: ImapTrouble; readonly sessionId: number | undefined }

/** Connects and secures as the account's settings have it. `onStep` hears of each part before it begins. */
export async function connectImap(
  target: ImapTarget,
  peers: ImapPeers,
  signal?: AbortSignal,
  onStep: (step: ImapStep, sessionId: number | undefined) => void = () => {},
): Promise<OpenedWire> {
  const { recorder, clock, dial, findHost, caFile } = peers
  const found = await orGivenUp(findHost(target.host), signal)
  const transcript = recorder.open({
    protocol: 'imap',
    side: 'client',
    peer: target.host,
    address: found.ok ? formatEndpoint(found.addresses[0]!, target.port) : '',
    ...(target.accountId === undefined ? {} : { accountId: target.accountId }),
  })
  const { sessionId } = transcript
  let socket: Socket | undefined
  const failed = (trouble: ImapTrouble): OpenedWire => {
    const why: ImapTrouble = signal?.aborted ? { kind: 'given-up' } : trouble
    socket?.destroy()
    closeImapWith(transcript, why)
    return { ok: false, trouble: why, sessionId }
  }
  onStep('connect', sessionId)
  for (const line of found.trace) transcript.note(line)
  if (!found.ok) return failed({ kind: 'host', host: target.host, reason: found.reason })

  let trouble: ImapTrouble = { kind: 'given-up' }
  for (const [index, address] of found.addresses.entries()) {
    if (signal?.aborted) break
    const endpoint = formatEndpoint(address, target.port)
    const timeoutMs = index === found.addresses.length - 1 ? CONNECT_TIMEOUT_MS : CONNECT_TIMEOUT_SHORT_MS
    const dialled = await dial({ address, port: target.port, timeoutMs }, signal)
    if (dialled.ok) {
      transcript.note(`connected to ${endpoint}`)
      socket = dialled.socket
      socket.on('error', () => {}) // Whoever reads hears of the end.
      break
    }
    transcript.note(`dial ${endpoint}: ${dialled.reason}`)
    trouble = { kind: 'connect', address: endpoint, errno: dialled.errno }
  }
  if (socket === undefined) return failed(trouble)

  const cut = () => socket?.destroy()
  signal?.addEventListener('abort', cut, { once: true })
  try {
    const ear = new Ear([target.secret], target.user)
    const tell = (from: 'C' | 'S', bytes: Uint8Array) => {
      const said = from === 'C' ? ear.said(bytes) : ear.heard(bytes)
      for (const noted of said)
        if (noted.kind === 'line') {
          const { bytes: said, secrets, odd, user } = noted
          transcript.line(from, said, { secrets, ...(odd && { odd }), ...(user !== undefined && { user }) })
        }
    }
    const upgrade = async (raw: Socket): Promise<ImapTrouble | undefined> => {
      const secured = await secure(raw, { host: target.host, caFile: caFile(), verify: 'strict' }, clock)
      if (!secured.ok) return { kind: 'handshake', host: target.host, reason: secured.reason }
      transcript.secured(secured.facts)
      socket = secured.socket
      socket.on('error', () => {})
      return undefined
    }
    /** The next line; what came after it waits in the socket. */
    const line = (of: Socket): Promise<Uint8Array | ImapTrouble> =>
      new Promise((resolve) => {
        let held = Buffer.alloc(0)
        const settle = (result: Uint8Array | ImapTrouble) => {
          cancel()
          of.pause()
          of.off('data', onData).off('close', onClose).off('end', onClose)
          resolve(result)
        }
        const onClose = () => settle({ kind: 'lost' })
        const onData = (chunk: Buffer) => {
          held = Buffer.concat([held, chunk])
          const end = held.indexOf('\r\n')
          if (end < 0 && held.length > LONGEST_LINE) settle({ kind: 'protocol', reason: 'its greeting has no end' })
          if (end < 0) return
          const first = held.subarray(0, end + 2)
          const rest = held.subarray(end + 2)
          tell('S', first)
          settle(first)
          if (rest.length > 0) of.unshift(rest)
        }
        const cancel = clock.after(GREETING_MS, () => settle({ kind: 'silent', seconds: GREETING_MS / 1000 }))
        of.on('data', onData).on('close', onClose).on('end', onClose)
        of.resume()
      })

    if (target.tls === 'implicit') {
      onStep('tls', sessionId)
      const why = await upgrade(socket)
      if (why !== undefined) return failed(why)
    }
    let greeting = await line(socket)
    if ('kind' in greeting) return failed(greeting)
    const words = Buffer.from(greeting).toString('latin1').trimEnd()
    if (/^\* PREAUTH\b/i.test(words)) return failed({ kind: 'preauth' })
    if (/^\* BYE\b/i.test(words)) return failed({ kind: 'refused', at: 'greeting', reply: words })
    if (!/^\* OK\b/i.test(words)) return failed({ kind: 'protocol', reason: 'it does not greet' })
    if (target.tls === 'starttls') {
      onStep('tls', sessionId)
      const command = Buffer.from('A1 STARTTLS\r\n')
      tell('C', command)
      socket.write(command)
      // Capabilities may be told meanwhile; only what is tagged answers.
      let answer = ''
      for (let lines = 0; !answer.startsWith('A1 '); lines++) {
        const next = await line(socket)
        if ('kind' in next) return failed(next)
        answer = Buffer.from(next).toString('latin1').trimEnd()
        if (lines > 20) return failed({ kind: 'protocol', reason: 'it does not answer STARTTLS' })
      }
      if (/^A1 BAD\b/i.test(answer)) return failed({ kind: 'no-starttls' })
      if (!/^A1 OK\b/i.test(answer)) return failed({ kind: 'refused', at: 'tls', reply: answer })
      // Said in clear text, to be taken for said within TLS (CVE-2011-0411 and its kin).
      if (socket.readableLength > 0)
        return failed({ kind: 'protocol', reason: 'more than an answer to STARTTLS came in clear text' })
      const why = await upgrade(socket)
      if (why !== undefined) return failed(why)
      greeting = GREETING_WITHIN_TLS
    }
    if (signal?.aborted) return failed({ kind: 'given-up' })
    onStep('login', sessionId)
    return { ok: true, wire: new ImapWire({ socket, transcript, clock, ear, greeting }), sessionId }
  } finally {
    signal?.removeEventListener('abort', cut)
  }
}

/** What is found, or nothing once it is given up: a look-up goes on by itself, and nobody waits for it. */
function orGivenUp(finding: Promise<FoundHost>, signal: AbortSignal | undefined): Promise<FoundHost> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve({ ok: false, reason: 'given up', trace: [] })
    if (signal?.aborted) giveUp()
    signal?.addEventListener('abort', giveUp, { once: true })
    finding.then(resolve, reject).finally(() => signal?.removeEventListener('abort', giveUp))
  })
}
