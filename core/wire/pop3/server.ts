import { never } from '../../base/never.ts'
import { err, mechanisms, ok, onAuth, onPass, onUser, takesLogins } from './server-auth.ts'
import type { Command } from './server-command.ts'
import type { Effect, MessageAnswer, RemoveAnswer, State, Status, Step, Terms } from './server-terms.ts'

/** Our first words. No timestamp: APOP needs the password itself (RFC 1939 §7), which is not kept. */
export const GREETING: Effect = ok('Posthorn ready')

const OUT_OF_ORDER = err('not in this state')
const NO_MESSAGE = err('there is no such message')
const REVOKED = err('the password of this session has been revoked', 'AUTH')

/** What CAPA says (RFC 2449 §5). What is announced before a login is announced after it, too. */
export function capabilities(terms: Terms): string[] {
  const sasl = mechanisms(terms)
  return [
    'TOP',
    'UIDL',
    'RESP-CODES',
    'AUTH-RESP-CODE',
    'PIPELINING',
    'EXPIRE NEVER',
    'UTF8 USER',
    'LANG',
    ...(takesLogins(terms) ? ['USER'] : []),
    ...(sasl.length > 0 ? [`SASL ${sasl.join(' ')}`] : []),
    ...(terms.offersTls && !terms.isSecure ? ['STLS'] : []),
    'IMPLEMENTATION Posthorn',
  ]
}

/** Answers one command. Which is allowed in which state: RFC 1939 §4 to §6. */
export function onCommand(state: State, command: Command, terms: Terms): Step {
  switch (command.verb) {
    case 'foreign':
      return [{ at: 'over' }, err('this is a POP3 server'), { do: 'hang-up' }]
    case 'malformed':
      return [state, err(command.reply)]
    case 'CAPA':
      return [state, ok('capabilities follow'), { do: 'lines', lines: capabilities(terms) }]
    case 'LANG':
      return onLang(state, command.tag)
    case 'USER':
      return state.at === 'authorization' ? onUser(state, command.user, terms) : [state, OUT_OF_ORDER]
    case 'PASS':
      return state.at === 'authorization' ? onPass(state, command.password, terms) : [state, OUT_OF_ORDER]
    case 'AUTH':
      return state.at === 'authorization' ? onAuth(state, command, terms) : [state, OUT_OF_ORDER]
    case 'APOP':
      return [state, err('APOP is not offered: our greeting has no timestamp')]
    case 'UTF8':
      // RFC 6856 §2: before the login. Names are UTF-8 anyhow, and messages go out as they came in.
      return state.at === 'authorization' ? [state, ok('UTF-8 it is')] : [state, OUT_OF_ORDER]
    case 'STLS':
      if (state.at !== 'authorization') return [state, OUT_OF_ORDER] // RFC 2595 §4
      if (terms.isSecure) return [state, err('TLS is on already')]
      if (!terms.offersTls) return [state, err('there is no TLS here')]
      return [state, ok('begin TLS now'), { do: 'secure' }]
    case 'QUIT':
      return onQuit(state)
    case 'STAT':
    case 'NOOP':
    case 'RSET':
    case 'LIST':
    case 'UIDL':
    case 'RETR':
    case 'TOP':
    case 'DELE':
      return state.at === 'transaction' ? inTransaction(state, command) : [state, OUT_OF_ORDER]
    default:
      return never(command, 'POP3 command')
  }
}

type Transaction = State & { at: 'transaction' }
type InTransaction = Extract<Command, { verb: 'STAT' | 'NOOP' | 'RSET' | 'LIST' | 'UIDL' | 'RETR' | 'TOP' | 'DELE' }>

/** RFC 1939 §5. */
function inTransaction(state: Transaction, command: InTransaction): Step {
  const { drop, marks } = state
  const left = () => `${drop.count - marks.count} messages (${drop.totalBytes - marks.bytes} octets)`
  switch (command.verb) {
    case 'STAT':
      return [state, ok(`${drop.count - marks.count} ${drop.totalBytes - marks.bytes}`)]
    case 'NOOP':
      return [state, ok('nothing done')]
    case 'RSET':
      marks.clear()
      return [state, ok(`maildrop has ${left()}`)]
    case 'LIST':
    case 'UIDL': {
      const { verb, number } = command
      const isSizes = verb === 'LIST'
      if (number === undefined)
        return [state, ok(isSizes ? left() : 'unique-ids follow'), { do: 'listing', of: isSizes ? 'sizes' : 'uidls' }]
      if (!marks.isLeft(number)) return [state, NO_MESSAGE]
      return [state, ok(`${number} ${isSizes ? drop.sizeOf(number) : drop.uidlOf(number)}`)]
    }
    case 'RETR':
    case 'TOP': {
      const { number } = command
      if (!marks.isLeft(number)) return [state, NO_MESSAGE]
      const lines = command.verb === 'TOP' ? command.lines : undefined
      return [
        { at: 'finding', drop, marks, number, lines },
        { do: 'find-message', number },
      ]
    }
    case 'DELE':
      if (!marks.isLeft(command.number)) return [state, NO_MESSAGE]
      marks.add(command.number)
      return [state, ok(`message ${command.number} goes at QUIT`)]
    default:
      return never(command, 'POP3 command')
  }
}

/** RFC 1939 §6: only QUIT leads to the UPDATE state, in which what is marked is removed. */
function onQuit(state: State): Step {
  if (state.at !== 'transaction') return [{ at: 'over' }, ok('bye'), { do: 'hang-up' }]
  const { marks } = state
  if (marks.count === 0) return [{ at: 'over' }, ok('bye, nothing was deleted'), { do: 'hang-up' }]
  return [
    { at: 'update', marks },
    { do: 'remove', numbers: marks.numbers() },
  ]
}

/** RFC 6856 §3: English is all we speak. */
function onLang(state: State, tag: string): Step {
  if (tag === '') return [state, ok('languages follow'), { do: 'lines', lines: ['en English'] }]
  if (/^(?:\*|i-default|en(?:-.*)?)$/i.test(tag)) return [state, ok('en English it is')]
  return [state, err('that language is not spoken here')]
}

/** The answer to `find-message`. */
export function onMessage(state: State & { at: 'finding' }, found: MessageAnswer): Step {
  const { drop, marks, number, lines } = state
  const back: State = { at: 'transaction', drop, marks }
  switch (found) {
    case 'found':
      return [
        { at: 'sending', drop, marks },
        ok(lines === undefined ? `${drop.sizeOf(number)} octets` : 'the beginning follows'),
        { do: 'send-message', number, lines },
      ]
    case 'gone':
      return [back, pardoned('the message was removed here meanwhile')]
    case 'damaged':
      return [back, pardoned('the message is damaged where it is stored', 'SYS/PERM')]
    case 'unknown':
      return [back, pardoned('the message cannot be read now', 'SYS/TEMP')]
    case 'revoked':
      return [{ at: 'over' }, REVOKED, { do: 'hang-up' }]
    default:
      return never(found, 'answer to a look for a message')
  }
}

/** The message was sent to its end. */
export function onSent({ drop, marks }: State & { at: 'sending' }): Step {
  return [{ at: 'transaction', drop, marks }]
}

/** The answer to `remove`. What a client hears as -ERR is RFC 1939 §6's own: it looks again the next time. */
export function onRemoved({ marks }: State & { at: 'update' }, answer: RemoveAnswer): Step {
  switch (answer) {
    case 'done':
      return [{ at: 'over' }, ok(`bye, ${marks.count} messages deleted`), { do: 'hang-up' }]
    case 'unknown':
      return [{ at: 'over' }, err('some deleted messages not removed', 'SYS/TEMP'), { do: 'hang-up' }]
    case 'revoked':
      return [{ at: 'over' }, REVOKED, { do: 'hang-up' }]
    default:
      return never(answer, 'answer to a removal')
  }
}

/** A refusal that is not the client's fault. */
const pardoned = (text: string, code?: Status['code']): Effect => ({
  do: 'status',
  status: { isOk: false, ...(code && { code }), text },
  isPardoned: true,
})
