import type { Socket } from 'node:net'
import { formatEndpoint } from './address.ts'
import { CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_SHORT_MS } from './dial.ts'
import type { FoundHost } from './find-host.ts'
import { DrivenSession } from './pop3-session.ts'
import {
  closeWith,
  type OpenedPop3,
  type Pop3Peers,
  type Pop3Step,
  type Pop3Target,
  type Pop3Trouble,
} from './pop3-words.ts'
import { secure } from './tls.ts'

/** Connects, secures and signs in. `onStep` hears of each part before it begins. */
export async function openPop3(
  target: Pop3Target,
  peers: Pop3Peers,
  signal?: AbortSignal,
  onStep: (step: Pop3Step, sessionId: number | undefined) => void = () => {},
): Promise<OpenedPop3> {
  const { recorder, clock, dial, findHost } = peers
  const found = await orGivenUp(findHost(target.host), signal)
  const transcript = recorder.open({
    protocol: 'pop3',
    side: 'client',
    peer: target.host,
    address: found.ok ? formatEndpoint(found.addresses[0]!, target.port) : '',
    ...(target.accountId === undefined ? {} : { accountId: target.accountId }),
  })
  const { sessionId } = transcript
  const failed = (trouble: Pop3Trouble): OpenedPop3 => {
    closeWith(transcript, trouble)
    return { ok: false, trouble, sessionId }
  }
  onStep('connect', sessionId)
  for (const line of found.trace) transcript.note(line)
  if (signal?.aborted) return failed({ kind: 'given-up' })
  if (!found.ok) return failed({ kind: 'host', host: target.host, reason: found.reason })

  let socket: Socket | undefined
  let trouble: Pop3Trouble = { kind: 'given-up' }
  for (const [index, address] of found.addresses.entries()) {
    const endpoint = formatEndpoint(address, target.port)
    const isLast = index === found.addresses.length - 1
    const timeoutMs = isLast ? CONNECT_TIMEOUT_MS : CONNECT_TIMEOUT_SHORT_MS
    const dialled = await dial({ address, port: target.port, timeoutMs }, signal)
    if (dialled.ok) {
      transcript.note(`connected to ${endpoint}`)
      socket = dialled.socket
      break
    }
    transcript.note(`dial ${endpoint}: ${dialled.reason}`)
    trouble = signal?.aborted ? { kind: 'given-up' } : { kind: 'connect', address: endpoint, errno: dialled.errno }
    if (signal?.aborted) break
  }
  if (socket === undefined) return failed(trouble)

  if (target.tls === 'implicit') {
    onStep('tls', sessionId)
    const raw = socket
    const cut = () => raw.destroy()
    signal?.addEventListener('abort', cut, { once: true })
    const secured = await secure(raw, { host: target.host, caFile: peers.caFile(), verify: 'strict' }, clock)
    signal?.removeEventListener('abort', cut)
    if (!secured.ok) {
      raw.destroy()
      if (signal?.aborted) return failed({ kind: 'given-up' })
      return failed({ kind: 'handshake', host: target.host, reason: secured.reason })
    }
    transcript.secured(secured.facts)
    socket = secured.socket
  } else if (target.tls === 'starttls') onStep('tls', sessionId)
  const session = new DrivenSession(target, peers, transcript, socket, () => onStep('login', sessionId))
  const onAbort = () => session.abandon({ kind: 'given-up' })
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  session.over.then(() => signal?.removeEventListener('abort', onAbort)).catch(() => {})
  const why = await session.ready
  return why === undefined ? { ok: true, session } : { ok: false, trouble: why, sessionId }
}

/** What is found, or nothing once the fetch is given up: a look-up goes on by itself, and nobody waits for it. */
function orGivenUp(finding: Promise<FoundHost>, signal: AbortSignal | undefined): Promise<FoundHost> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve({ ok: false, reason: 'given up', trace: [] })
    if (signal?.aborted) giveUp()
    signal?.addEventListener('abort', giveUp, { once: true })
    finding.then(resolve, reject).finally(() => signal?.removeEventListener('abort', giveUp))
  })
}
