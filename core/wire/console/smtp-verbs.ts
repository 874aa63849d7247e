import type { ConsoleVerb } from '../../model/console-state.ts'
import { argument, command, ENCRYPTED, NOT_GREETED, NOT_OFFERED, parameter, SIGNED_IN } from './commands.ts'

/** Where an SMTP session stands, as far as commands go. */
export interface SmtpFacts {
  /** `refused`: the server greeted with something else than 220. */
  readonly phase: 'greeting' | 'refused' | 'connected' | 'ready' | 'mail' | 'data' | 'auth' | 'chunks' | 'handshake'
  readonly isSecure: boolean
  readonly isSignedIn: boolean
  /** What the server offers, by keyword in capitals, with what stands behind it. */
  readonly features: ReadonlyMap<string, string>
  /** Recipients that were taken in this transaction. */
  readonly recipients: number
  /** The name this computer gives itself. */
  readonly ownName: string
}

const REFUSED = 'The server does not want to talk: only QUIT is left.'
const HELLO_FIRST = 'Say EHLO first.'
const UNDER_WAY = 'A message is under way: end it, or say RSET first.'
const SENDER_FIRST = 'Name the sender first, with MAIL.'
const RECIPIENT_FIRST = 'Name a recipient first, with RCPT, one that the server takes.'

const path = (name: string, label: string, hint: string) => argument(name, label, { after: '>', hint })

function mailArguments({ features }: SmtpFacts) {
  const has = (name: string) => features.has(name)
  return [
    path('from', 'Reverse-path', 'The address that reports go to. Left empty, the message is a report itself.'),
    ...(has('SIZE') ? [parameter('SIZE', { hint: 'How many bytes the message has.' })] : []),
    ...(has('8BITMIME') ? [parameter('BODY', { options: ['7BIT', '8BITMIME'] })] : []),
    ...(has('SMTPUTF8')
      ? [argument('utf8', 'SMTPUTF8', { before: ' ', options: ['SMTPUTF8'], isOptional: true })]
      : []),
    ...(has('DSN')
      ? [parameter('RET', { options: ['HDRS', 'FULL'] }), parameter('ENVID', { hint: 'A name for this message.' })]
      : []),
    ...(has('REQUIRETLS')
      ? [argument('requiretls', 'REQUIRETLS', { before: ' ', options: ['REQUIRETLS'], isOptional: true })]
      : []),
  ]
}

function rcptArguments({ features }: SmtpFacts) {
  const to = path('to', 'Forward-path', 'Who is to get it: one address.')
  if (!features.has('DSN')) return [to]
  const options = ['NEVER', 'SUCCESS', 'FAILURE', 'DELAY', 'SUCCESS,FAILURE,DELAY']
  return [to, parameter('NOTIFY', { options }), parameter('ORCPT', { hint: 'rfc822;address' })]
}

/** All commands of SMTP with why each may not be said now (RFC 5321 §4.1.4, RFC 3207 §4.2, RFC 4954 §4, RFC 3030 §2). */
export function smtpVerbs(facts: SmtpFacts): ConsoleVerb[] {
  const { phase, isSecure, isSignedIn, features, recipients, ownName } = facts
  const before = phase === 'greeting' || phase === 'handshake' ? NOT_GREETED : phase === 'refused' ? REFUSED : ''
  const idle = before || (phase === 'connected' ? HELLO_FIRST : phase === 'ready' ? '' : UNDER_WAY)
  const offered = (name: string, why: string) => why || (features.has(name) ? '' : NOT_OFFERED)
  const envelope = before || (phase === 'mail' ? '' : phase === 'chunks' ? UNDER_WAY : SENDER_FIRST)
  const content = before || (phase === 'chunks' ? '' : envelope || (recipients === 0 ? RECIPIENT_FIRST : ''))
  const name = argument('name', 'Name', {
    value: ownName,
    hint: 'How this computer is called, or its address in brackets.',
  })
  return [
    command('EHLO', before, { begin: 'EHLO ', args: [name] }),
    command('STARTTLS', isSecure ? ENCRYPTED : offered('STARTTLS', idle)),
    command('AUTH', isSignedIn ? SIGNED_IN : offered('AUTH', idle), { begin: 'AUTH ', isSignIn: true }),
    command('MAIL', idle, { begin: 'MAIL FROM:<', args: mailArguments(facts) }),
    command('RCPT', envelope, { begin: 'RCPT TO:<', args: rcptArguments(facts) }),
    command('DATA', phase === 'chunks' ? UNDER_WAY : content),
    command('BDAT', offered('CHUNKING', content), {
      begin: 'BDAT ',
      args: [
        argument('size', 'Bytes', { hint: 'How many follow.' }),
        argument('last', 'LAST', { before: ' ', options: ['LAST'], isOptional: true }),
      ],
    }),
    command('RSET', before),
    command('VRFY', before, { begin: 'VRFY ', args: [argument('name', 'Address')] }),
    command('EXPN', before, { begin: 'EXPN ', args: [argument('name', 'List')] }),
    command('HELP', before, { args: [argument('topic', 'Command', { before: ' ', isOptional: true })] }),
    command('NOOP', before),
    command('HELO', before, { begin: 'HELO ', args: [name] }),
    command('QUIT', phase === 'greeting' || phase === 'handshake' ? NOT_GREETED : ''),
  ]
}
