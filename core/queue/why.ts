import { never } from '../base/never.ts'
import type { Cause } from '../model/outcome.ts'
import type { Reply } from '../model/reply.ts'

/** A cause in the terms of a report. */
export interface Explanation {
  /** What happened, and what a person can do about it. */
  readonly words: string
  /** RFC 3463 code. */
  readonly status: string
  readonly remoteMta?: string
  readonly reply?: Reply
}

/** A reply on one line, as it stood on the wire. */
export function formatReply(reply: Reply): string {
  return `${reply.code} ${reply.enhanced === undefined ? '' : `${reply.enhanced} `}${reply.lines.join(' ')}`.trimEnd()
}

/** Says why a recipient was not reached. `isFinal`: it is not tried again. */
export function explain(cause: Cause, isFinal: boolean): Explanation {
  const major = isFinal ? '5' : '4'
  switch (cause.at) {
    case 'dns':
      return explainDns(cause, major)
    case 'connect':
      return { words: connectWords(cause.mx, cause.errno), status: `${major}.4.1`, remoteMta: cause.mx }
    case 'greeting':
      return at(cause.mx, `${cause.mx} takes no mail at the moment: ${cause.reason}.`, `${major}.3.2`)
    case 'tls':
      return at(cause.mx, `No secure connection to ${cause.mx} could be made: ${cause.reason}.`, `${major}.7.5`)
    case 'protocol':
      return at(cause.mx, `${cause.mx} answered in a way that makes no sense: ${cause.reason}.`, `${major}.5.0`)
    case 'lost':
      return at(cause.mx, `The connection to ${cause.mx || 'the server'} broke off: ${cause.reason}.`, `${major}.4.2`)
    case 'reply':
      return { ...at(cause.mx, replyWords(cause), statusOf(cause.reply, cause.verb)), reply: cause.reply }
    case 'feature':
      return explainFeature(cause)
    case 'login': {
      const told = at(
        cause.mx,
        `${cause.mx} did not accept the login for this route: ${cause.reason}. The mail waits until the login works.`,
        `${major}.7.8`,
      )
      return cause.reply === undefined ? told : { ...told, reply: cause.reply }
    }
    case 'policy':
      return at(
        cause.mx,
        `${cause.mx} could not be reached as securely as asked for: ${cause.reason}.`,
        cause.policy === 'requiretls' ? `${major}.7.30` : `${major}.7.5`, // RFC 8689 §8.4
      )
    case 'rule':
      return { words: `A rule of yours holds it: ${cause.reason}.`, status: `${major}.7.1` }
    case 'local': {
      const { reply } = cause
      const hint = reply.enhanced === '5.1.1' ? ' Check the address.' : ''
      return { words: `${sentence(cause.reason)}${hint}`, status: statusOf(reply), reply }
    }
    case 'expired':
      return explainExpired(cause)
    default:
      return never(cause, 'cause')
  }
}

const at = (mx: string, words: string, status: string): Explanation => ({
  words,
  status,
  ...(mx === '' ? {} : { remoteMta: mx }),
})
const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`

/** The code the server gave, or the one RFC 3463 has for want of it: a host that takes no mail now is X.3.2 (§3.4). */
function statusOf(reply: Reply, verb = ''): string {
  const isHost = reply.code === 421 || ['CONNECT', 'EHLO', 'HELO'].includes(verb)
  return reply.enhanced ?? `${Math.trunc(reply.code / 100)}.${isHost ? '3.2' : '0.0'}`
}

function explainDns(cause: Extract<Cause, { at: 'dns' }>, major: string): Explanation {
  const name = `"${cause.name}"`
  switch (cause.rcode) {
    case 'NXDOMAIN':
      return { words: `The domain ${name} does not exist. Check the address for a typing mistake.`, status: '5.1.2' }
    case 'NODATA':
      return { words: `The domain ${name} has no mail server. Check the address.`, status: '5.1.2' }
    case 'NULLMX': // RFC 7505 §4.2
      return {
        words: `The domain ${name} says that it takes no mail at all. Ask for another address.`,
        status: '5.1.10',
      }
    case 'SERVFAIL':
      return { words: `The name servers of ${name} fail at the moment.`, status: `${major}.4.3` }
    case 'TIMEOUT':
      return { words: `The name servers of ${name} do not answer. Is this computer online?`, status: `${major}.4.3` }
    case 'LOOP': // RFC 5321 §5.1
      return {
        words: `The domain ${name} names this computer, or itself in a circle, as its mail server.`,
        status: '5.4.6',
      }
    default:
      return never(cause.rcode, 'DNS answer')
  }
}

const BLOCKED = 'If every server does this, your network blocks port 25: send through a smarthost instead.'
/** How a blocked port looks: silence, or a router that answers in the server's place. */
const LOOKS_BLOCKED = new Set(['ETIMEDOUT', 'ECONNREFUSED', 'EHOSTUNREACH', 'EACCES', 'EPERM'])
const ERRNO: Readonly<Record<string, string>> = {
  EPRIVATE: 'its address is one of a private network, where mail goes only if relay.allowPrivateAddresses says so',
  ELABOFF: 'the rehearsal lab is switched off',
  EAFNOSUPPORT: 'it has no address of the family that relay.family allows',
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'it broke the connection off',
  EHOSTUNREACH: 'it cannot be reached',
  EACCES: 'this computer or its firewall does not allow it',
  EPERM: 'this computer or its firewall does not allow it',
  ENETUNREACH: 'this computer has no way there; is it online?',
  ENETDOWN: 'this computer is offline',
  ECONNABORTED: 'it broke the connection off',
  EPIPE: 'it broke the connection off',
  EHOSTDOWN: 'it cannot be reached',
  EADDRNOTAVAIL: 'this computer has no way there; is it online?',
  EMFILE: 'this computer has too many connections open',
  ENFILE: 'this computer has too many connections open',
  ENOBUFS: 'this computer has too many connections open',
}
function connectWords(mx: string, errno: string): string {
  const host = mx === '' ? 'the server' : mx
  const reason = ERRNO[errno] ?? errno
  const what =
    errno === 'ETIMEDOUT'
      ? `There is no answer from ${host}.`
      : `There is no connection to ${host}: ${reason}${reason.endsWith('?') ? '' : '.'}`
  return LOOKS_BLOCKED.has(errno) ? `${what} ${BLOCKED}` : what
}

function replyWords({ mx, verb, reply }: Extract<Cause, { at: 'reply' }>): string {
  const isRead = ['.', 'DATA', 'BDAT'].includes(verb.toUpperCase())
  return `${mx} ${reply.code < 500 ? 'asks to try again later' : 'refused it'}${isRead ? ' after reading the message' : ''}: "${formatReply(reply)}".`
}

function explainFeature({ mx, missing }: Extract<Cause, { at: 'feature' }>): Explanation {
  switch (missing) {
    case 'SMTPUTF8': // RFC 6531 §3.7.4.2
      return at(
        mx,
        `${mx} does not take addresses or headers with letters beyond ASCII. Use an ASCII address.`,
        '5.6.7',
      )
    case '8BITMIME': // RFC 6152 §3
      return at(
        mx,
        `${mx} takes no 8-bit mail, and this message is signed or encrypted, so it can't be changed.`,
        '5.6.3',
      )
    case 'DELIVERBY': // RFC 2852 §4.1.4
      return at(mx, `${mx} does not promise to deliver in time, and this message is to be returned otherwise.`, '5.3.3')
    case 'SIZE': // RFC 1870 §6.1
      return at(mx, `The message is larger than ${mx} takes. Send a link or a smaller attachment.`, '5.3.4')
    default:
      return never(missing, 'missing feature')
  }
}

function explainExpired({ queuedMs, last }: Extract<Cause, { at: 'expired' }>): Explanation {
  const tried = `It was tried for ${duration(queuedMs)} without success.`
  if (!last)
    return {
      words: `It was sent, and the connection broke off before the server confirmed it, more than once. It may have arrived; ask before you send it again.`,
      status: '5.4.7',
    }
  const { words, remoteMta, reply } = explain(last, false)
  return {
    words: `${tried} The last time: ${words}`,
    status: '5.4.7', // RFC 3463 §3.5: delivery time expired
    ...(remoteMta === undefined ? {} : { remoteMta }),
    ...(reply === undefined ? {} : { reply }),
  }
}

/** A span of time in its largest fitting unit. */
export function duration(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const
  const [name, unit] = units.find(([, size]) => ms >= size) ?? ['second', 1000]
  const n = Math.max(1, Math.round(ms / unit))
  return `${n} ${name}${n === 1 ? '' : 's'}`
}
