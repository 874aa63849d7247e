import type { ConsoleGuide } from '../../model/console-state.ts'
import type { Pop3Facts } from './pop3-verbs.ts'

/** What a beginner does once he is in. */
export type Pop3Step = 'STAT' | 'LIST' | 'RETR'

const STATIONS = ['Connected', 'Encrypted', 'User', 'Password', 'How much', 'List', 'Message', 'Goodbye']

interface Way {
  readonly done: ReadonlySet<Pop3Step>
  /** Messages that STAT has told of; undefined before it was asked. */
  readonly messages: number | undefined
  /** Something else than goodbye was said after a message had come. */
  readonly hasLeft: boolean
  /** Both said goodbye. */
  readonly isDone: boolean
}

/** Leads through the session of RFC 1939 §10: name, password, what there is, a message, goodbye. */
export function pop3Guide(
  { phase, isSecure, capabilities }: Pop3Facts,
  { done, messages, hasLeft, isDone }: Way,
): ConsoleGuide {
  const isIn = phase === 'transaction'
  const missed = [
    ...(isSecure ? [] : [1]),
    ...(isDone && !isIn && phase !== 'user' ? [2] : []),
    ...(isDone && !isIn ? [3] : []),
    ...(done.has('STAT') ? [] : [4]),
    ...(done.has('LIST') ? [] : [5]),
    ...(done.has('RETR') ? [] : [6]),
  ]
  const next = (at: number, text: string, verb = ''): ConsoleGuide => ({
    stations: STATIONS,
    at,
    missed: missed.filter((station) => station < at),
    text,
    verb,
    isOver: hasLeft,
  })
  if (isDone) return next(STATIONS.length, 'Both said goodbye.')
  switch (phase) {
    case 'greeting':
      return next(0, 'The server speaks first. Its greeting begins with +OK when it is ready.')
    case 'refused':
      return next(0, 'The server does not want to talk with this computer now. Its words say why.', 'QUIT')
    case 'handshake':
      return next(1, 'Both sides agree on keys now.')
    case 'auth':
      return next(3, 'The server asks for the next step of the sign-in. A lone asterisk breaks it off.')
    case 'authorization':
      if (!isSecure && capabilities === undefined)
        return next(1, 'Ask what the server can do with CAPA: it may know how to encrypt.', 'CAPA')
      if (!isSecure && capabilities?.has('STLS') === true)
        return next(1, 'This server can encrypt. After STLS nobody on the way can read your password.', 'STLS')
      return next(2, 'Say who you are with USER.', 'USER')
    case 'user':
      return next(3, 'Say the password with PASS. It goes to the server and is stored nowhere here.', 'PASS')
    case 'transaction':
      if (!done.has('STAT'))
        return next(4, 'You are in. STAT tells how many messages there are, and how many bytes.', 'STAT')
      if (!done.has('LIST')) return next(5, 'LIST tells the size of each message, a line each.', 'LIST')
      if (!done.has('RETR') && messages !== 0)
        return next(6, 'RETR and a number fetch that message. It stays on the server.', 'RETR')
      return next(7, 'Say goodbye with QUIT. Only then is removed what you marked with DELE.', 'QUIT')
  }
}
