import type { ConsoleGuide } from '../../model/console-state.ts'
import type { SmtpFacts } from './smtp-verbs.ts'

const STATIONS = ['Connected', 'Greeted', 'Encrypted', 'Sender', 'Recipients', 'Message', 'Taken', 'Goodbye']
const AT = {
  connected: 0,
  greeted: 1,
  encrypted: 2,
  sender: 3,
  recipients: 4,
  message: 5,
  taken: 6,
  goodbye: 7,
  over: 8,
} as const

/** What happened on the way so far. */
interface Way {
  readonly waits: boolean
  /** Recipients refused in this transaction, and messages taken in this session. */
  readonly refused: number
  readonly delivered: number
  /** Something else than goodbye was said after a message was taken: the person needs no guide any more. */
  readonly hasLeft: boolean
  /** Lines of the message were typed. */
  readonly isTyping: boolean
  /** Both said goodbye. */
  readonly isDone: boolean
}

/** What did not happen, as far as the way has come by it. */
function missedOf({ phase, isSecure }: SmtpFacts, { isDone, delivered }: Way): number[] {
  return [
    ...(isDone && phase === 'connected' ? [AT.greeted] : []),
    ...(isSecure ? [] : [AT.encrypted]),
    ...(isDone && delivered === 0 ? [AT.sender, AT.recipients, AT.message, AT.taken] : []),
  ]
}

/** Leads through the classic dialogue of RFC 5321 (appendix D.1): greeting, sender, recipient, message, goodbye. */
export function smtpGuide(facts: SmtpFacts, way: Way): ConsoleGuide {
  const { phase, isSecure, features, recipients } = facts
  const next = (at: number, text: string, verb = ''): ConsoleGuide => ({
    stations: STATIONS,
    at,
    missed: missedOf(facts, way).filter((station) => station < at),
    text,
    verb,
    isOver: way.hasLeft,
  })
  if (way.isDone) return next(AT.over, 'Both said goodbye.')
  switch (phase) {
    case 'greeting':
      return next(AT.connected, 'The server speaks first. Its greeting begins with 220 when it is ready.')
    case 'refused':
      return next(AT.greeted, 'The server does not want to talk with this computer now. Its words say why.', 'QUIT')
    case 'handshake':
      return next(AT.encrypted, 'Both sides agree on keys now.')
    case 'auth':
      return next(AT.encrypted, 'The server asks for the next step of the sign-in. A lone asterisk breaks it off.')
    case 'connected':
      return next(
        AT.greeted,
        isSecure
          ? 'Greet it with EHLO and the name of this computer. It answers with what it can do, one line each.'
          : 'Greet it with EHLO and the name of this computer. It answers with what it can do, perhaps STARTTLS.',
        'EHLO',
      )
    case 'ready':
      if (way.delivered > 0)
        return next(
          AT.goodbye,
          'The server took the message: from here on it answers for it. Say goodbye with QUIT.',
          'QUIT',
        )
      return !isSecure && features.has('STARTTLS')
        ? next(AT.encrypted, 'This server can encrypt. After STARTTLS nobody on the way can read along.', 'STARTTLS')
        : next(AT.sender, 'Begin a message: MAIL names the address that reports of a failure go to.', 'MAIL')
    case 'mail':
      if (recipients > 0)
        return next(
          AT.message,
          'The envelope is done. Begin the message with DATA, or name one more recipient.',
          'DATA',
        )
      return way.refused > 0
        ? next(AT.recipients, 'The server refused that recipient; its words say why. Name another one.', 'RCPT')
        : next(
            AT.recipients,
            'Name who is to get it with RCPT, once for each. The server answers for each alone.',
            'RCPT',
          )
    case 'data':
      return way.isTyping
        ? next(AT.message, 'Go on typing. A line that holds only a dot ends the message.')
        : next(
            AT.message,
            'Type the message: lines such as “Subject: Hello”, an empty line, the text, then a line with only a dot.',
          )
    case 'chunks':
      return next(AT.message, 'Send the next piece with BDAT; the last one says LAST.', 'BDAT')
  }
}
