import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { parseDomain, sameMailbox, type Domain, type ForwardPath, type Mailbox } from '../model/address.ts'
import type { Reply } from '../model/reply.ts'
import type { Accept } from '../model/submission.ts'
import type { Staging } from '../net/smtp-content.ts'
import { serverTls } from '../net/server-tls.ts'
import { peerOf, serveSmtp } from '../net/smtp-server-driver.ts'
import type { ServedSession, SmtpPolicy } from '../net/smtp-server-terms.ts'
import type { Settings } from '../settings.ts'
import type { Recorder } from '../transcript/sink.ts'
import type { Incoming } from '../wire/smtp/server-session.ts'
import { reply, replyLines } from '../wire/smtp/server-reply.ts'
import { listen } from './listen.ts'
import { networkTest } from './trusted.ts'

/** Who has signed in. */
export interface Login {
  readonly userId: number
  readonly address: string
}
/** Joint: serve ← vault and store. Undefined when user or password is wrong; both take the same time. */
export type CheckLogin = (user: string, password: string) => Promise<Login | undefined>
/** Joint: serve ← mailbox. Whether mail for this address of a local domain has somewhere to go. */
export type ResolveLocal = (to: Mailbox) => boolean | Promise<boolean>

export interface SubmissionOptions {
  readonly settings: Pick<
    Settings,
    | 'submission.host'
    | 'submission.port'
    | 'submission.trustedAddresses'
    | 'submission.maxConnections'
    | 'submission.maxPerClient'
    | 'relay.ehloName'
    | 'local.domains'
  >
  readonly recorder: Recorder
  readonly clock: Clock
  readonly accept: Accept
  readonly stage: () => Promise<Staging>
  readonly login: CheckLogin
  /** Key and certificate as PEM. */
  readonly certificate: { readonly key: string; readonly cert: string }
  /** Addresses this user may send as. */
  readonly ownAddresses: (userId: number) => readonly Mailbox[]
  /** Without it every address of a local domain is taken. */
  readonly resolveLocal?: ResolveLocal
  /** Whether the disk has room for a message of that size. Without it the store finds out. */
  readonly hasRoom?: (sizeBytes: number) => boolean | Promise<boolean>
}
/** The submission server while it listens. */
export interface SubmissionServer {
  readonly host: string
  readonly port: number
  /** Takes no more clients, says goodbye to those there at their next command, and waits for them, but not for ever. */
  close(): Promise<void>
}

/** 50 MiB: about twice what the large providers take. */
export const MOST_MESSAGE_BYTES = 52_428_800
const MOST_RECIPIENTS = 1000
const LIMITS = { messageBytes: MOST_MESSAGE_BYTES, headBytes: 102_400, lineBytes: 998 }
/** After this a session that is not done when we close is cut. */
const CLOSE_MS = 10_000
const ROOM_REMEMBERED_MS = 1000
const ROOM_ASKED_BYTES = 16 * 1024 * 1024
/** What a message counts for that does not say its size, or a small one. */
const COUNTED_BYTES = 64 * 1024

const NOT_YOURS = reply(550, '5.7.1', 'MAIL FROM is not an address of this login')
const NOT_LOCAL = reply(550, '5.7.1', 'without a login, MAIL FROM has an address in a local domain')
const NULL_PATH = reply(550, '5.7.1', 'the null reverse-path is for reports, and these are made here')
const NO_ROOM = reply(452, '4.3.1', 'no room for the message now')
const UNKNOWN_USER = reply(550, '5.1.1', 'no such user here')
const TOO_MANY = reply(421, '4.3.2', 'too many connections, try again later')

/**
 * Opens the submission server (RFC 6409). Throws `listen.taken` when the port cannot be had, and whatever OpenSSL says when
 * key or certificate are none.
 */
export async function startSubmission(options: SubmissionOptions): Promise<SubmissionServer> {
  const { settings, clock, recorder } = options
  const isTrusted = networkTest(settings['submission.trustedAddresses'])
  const serving = {
    terms: {
      name: ownName(settings['relay.ehloName']) ?? 'posthorn',
      messageBytes: MOST_MESSAGE_BYTES,
      recipients: MOST_RECIPIENTS,
    },
    limits: LIMITS,
    tls: serverTls(options.certificate),
    policy: submissionPolicy(options),
    recorder,
    clock,
  }
  const sessions = new Set<ServedSession>()
  const perClient = new Map<string, number>()
  const turnedAway = new Set<Socket>()
  let isClosing = false

  const onSocket = (socket: Socket) => {
    const peer = socket.remoteAddress ?? ''
    const fromPeer = perClient.get(peer) ?? 0
    const isFull =
      sessions.size >= settings['submission.maxConnections'] || fromPeer >= settings['submission.maxPerClient']
    if (isFull || isClosing) {
      turnedAway.add(socket)
      socket.once('close', () => turnedAway.delete(socket))
      return turnAway(socket, clock, recorder)
    }
    perClient.set(peer, fromPeer + 1)
    const session = serveSmtp(socket, isTrusted(peer), serving, () => {
      sessions.delete(session)
      const left = (perClient.get(peer) ?? 1) - 1
      if (left > 0) perClient.set(peer, left)
      else perClient.delete(peer)
    })
    sessions.add(session)
  }

  const { server, host, port } = await listen(settings['submission.host'], settings['submission.port'] ?? 0, onSocket)
  return {
    host,
    port,
    async close() {
      if (isClosing) return
      isClosing = true
      const closed = once(server, 'close')
      server.close()
      for (const session of sessions) session.drain()
      for (const socket of turnedAway) socket.destroySoon()
      const cancel = clock.after(CLOSE_MS, () => {
        for (const session of sessions) session.destroy('shutting down')
      })
      await closed
      cancel()
    },
  }
}

/** The name a user gave, in A-labels. */
const ownName = (setting: string) => (setting === '' ? undefined : parseDomain(setting))

/** RFC 5321 §3.8: a server that cannot serve says so before it closes. */
function turnAway(socket: Socket, clock: Clock, recorder: Recorder): void {
  const transcript = recorder.open({ protocol: 'smtp', side: 'server', ...peerOf(socket) })
  for (const line of replyLines(TOO_MANY)) transcript.line('S', Buffer.from(line, 'latin1'))
  transcript.worst(String(TOO_MANY.code))
  transcript.close('deferred', 'us', 'too many connections')
  socket.on('error', () => {})
  socket.resume()
  socket.end(`${replyLines(TOO_MANY).join('\r\n')}\r\n`, 'latin1')
  clock.after(2000, () => socket.destroy())
}

/** Who may submit what: RFC 6409 §4.3, §6.1, and the house's rule that MAIL FROM is one's own address. */
function submissionPolicy(options: SubmissionOptions): SmtpPolicy {
  const { settings, resolveLocal, clock } = options
  const hasRoom = options.hasRoom && remembered(options.hasRoom, clock)
  const localDomains = settings['local.domains'].map(parseDomain).filter((domain) => domain !== undefined)
  const local: ReadonlySet<Domain> = new Set(localDomains)
  const byName = ownName(settings['relay.ehloName'])

  const whyNotFrom = (from: Mailbox | null, userId: number | undefined): Reply | undefined => {
    if (from === null) return NULL_PATH
    if (userId === undefined) return local.has(from.domain) ? undefined : NOT_LOCAL
    return options.ownAddresses(userId).some((own) => sameMailbox(own, from)) ? undefined : NOT_YOURS
  }
  const received = (message: Incoming): string => {
    const protocol = `${message.utf8 ? 'UTF8' : message.isExtended ? 'E' : ''}SMTP${message.isSecure ? 'S' : ''}`
    const by = byName ?? message.from?.domain ?? 'posthorn'
    return receivedField(by, `${protocol}${message.userId === undefined ? '' : 'A'}`, clock.nowMs())
  }

  return {
    login: options.login,
    stage: options.stage,
    sender(from, userId, sizeBytes) {
      const refusal = whyNotFrom(from, userId)
      if (refusal !== undefined || hasRoom === undefined) return refusal
      const room = hasRoom(sizeBytes ?? 0)
      if (typeof room === 'boolean') return room ? undefined : NO_ROOM
      return room.then((there) => (there ? undefined : NO_ROOM))
    },
    recipient(to, from) {
      if (to === 'postmaster') {
        // RFC 5321 §4.5.1: there is a postmaster wherever mail is handled.
        const domain = localDomains[0] ?? from?.domain
        return domain === undefined ? UNKNOWN_USER : resolve({ local: 'postmaster', domain })
      }
      return resolve(to)
    },
    accept: (message, body, head) =>
      options.accept({
        origin: 'submission',
        from: message.from,
        to: message.to,
        userId: message.userId ?? null,
        body,
        head,
        has8bit: message.has8bit,
        utf8: message.utf8,
        received: received(message),
      }),
  }

  function resolve(to: ForwardPath): ForwardPath | Reply | Promise<ForwardPath | Reply> {
    if (resolveLocal === undefined || !local.has(to.domain)) return to
    const known = resolveLocal(to)
    if (typeof known === 'boolean') return known ? to : UNKNOWN_USER
    return known.then((there) => (there ? to : UNKNOWN_USER))
  }
}

/** Asks the disk once a second or for so many bytes, and not once a message; where there is little room, each time. */
function remembered(hasRoom: NonNullable<SubmissionOptions['hasRoom']>, clock: Clock): typeof hasRoom {
  let askedAt = -Infinity
  let leftBytes = 0
  const ask = async (sizeBytes: number, nowMs: number) => {
    if (!(await hasRoom(sizeBytes + ROOM_ASKED_BYTES))) return hasRoom(sizeBytes)
    askedAt = nowMs
    leftBytes = ROOM_ASKED_BYTES
    return true
  }
  return (sizeBytes) => {
    const nowMs = clock.monotonicMs()
    leftBytes -= Math.max(sizeBytes, COUNTED_BYTES)
    const isKnown = nowMs - askedAt < ROOM_REMEMBERED_MS && leftBytes >= 0
    return isKnown || ask(sizeBytes, nowMs)
  }
}

/**
 * Our Received field (RFC 5321 §4.4). It leaves out the FROM clause, which would tell everyone the name and address of the
 * sender's computer at home, and gives the time in UTC.
 */
function receivedField(by: string, protocol: string, nowMs: number): string {
  const date = new Date(nowMs).toUTCString().replace('GMT', '+0000')
  return `Received: by ${by} with ${protocol} id ${randomUUID()};\r\n\t${date}\r\n`
}
