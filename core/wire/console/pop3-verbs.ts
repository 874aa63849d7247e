import type { ConsoleVerb } from '../../model/console-state.ts'
import { argument, command, ENCRYPTED, NOT_GREETED, NOT_OFFERED, SIGNED_IN } from './commands.ts'

/** Where a POP3 session stands, as far as commands go. */
export interface Pop3Facts {
  /** `user`: a name was given and the password is to follow. `refused`: the greeting was `-ERR`. */
  readonly phase: 'greeting' | 'refused' | 'authorization' | 'user' | 'auth' | 'transaction' | 'handshake'
  readonly isSecure: boolean
  /** What CAPA has said; undefined before it was asked. */
  readonly capabilities: ReadonlyMap<string, string> | undefined
  /** The greeting has one, so APOP can be said (RFC 1939 §7). */
  readonly hasTimestamp: boolean
}

const SIGN_IN_FIRST = 'Sign in first.'
const NAME_FIRST = 'Say the name first, with USER.'
const REFUSED = 'The server does not want to talk: only QUIT is left.'

const number = argument('number', 'Message', { before: ' ', hint: 'Its number, from 1.' })
const optional = { ...number, isOptional: true }

/** All commands of POP3 with why each may not be said now (RFC 1939 §3, RFC 2449, RFC 2595 §4, RFC 5034). */
export function pop3Verbs({ phase, isSecure, capabilities, hasTimestamp }: Pop3Facts): ConsoleVerb[] {
  const before = phase === 'greeting' || phase === 'handshake' ? NOT_GREETED : phase === 'refused' ? REFUSED : ''
  const isIn = phase === 'transaction'
  const out = before || (isIn ? SIGNED_IN : '')
  const inside = before || (isIn ? '' : SIGN_IN_FIRST)
  // Before CAPA was asked nobody knows.
  const offered = (name: string) => (capabilities === undefined || capabilities.has(name) ? '' : NOT_OFFERED)
  return [
    command('CAPA', before),
    command('STLS', isSecure ? ENCRYPTED : out || offered('STLS')),
    command('USER', out, { begin: 'USER ', args: [argument('name', 'User')] }),
    command('PASS', out || (phase === 'user' ? '' : NAME_FIRST), {
      begin: 'PASS ',
      args: [argument('password', 'Password')],
    }),
    command('AUTH', out || offered('SASL'), { begin: 'AUTH ', isSignIn: true }),
    command('APOP', out || (hasTimestamp ? '' : NOT_OFFERED), { begin: 'APOP ', isSignIn: true }),
    command('STAT', inside),
    command('LIST', inside, { args: [optional] }),
    command('RETR', inside, { args: [{ ...number, value: '1' }] }),
    command('TOP', inside || offered('TOP'), {
      args: [
        { ...number, value: '1' },
        argument('lines', 'Lines', { before: ' ', value: '10', hint: 'How many lines of the text.' }),
      ],
    }),
    command('UIDL', inside || offered('UIDL'), { args: [optional] }),
    command('DELE', inside, { args: [number] }),
    command('RSET', inside),
    command('NOOP', inside),
    command('QUIT', phase === 'greeting' || phase === 'handshake' ? NOT_GREETED : ''),
  ]
}
