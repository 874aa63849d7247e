interface Words {
  /** As a list shows it. */
  readonly short: string
  /** What follows "no connection: ". */
  readonly long: string
}
const UNREACHABLE = { short: 'unreachable', long: 'this computer has no way there' }
const FORBIDDEN = { short: 'not allowed', long: 'this computer or its firewall does not allow it' }
const TOO_MANY = { short: 'too many', long: 'this computer has too many connections open' }

/** What the system calls a connection that was not made or did not last, and what that means. */
const ERRNO: Readonly<Record<string, Words>> = {
  ECONNREFUSED: { short: 'refused', long: 'nothing listens there' },
  ETIMEDOUT: { short: 'timeout', long: 'no answer came' },
  ECONNRESET: { short: 'reset', long: 'the other side broke it off' },
  ECONNABORTED: { short: 'reset', long: 'it was broken off' },
  EPIPE: { short: 'reset', long: 'the other side broke it off' },
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENETDOWN: { short: 'offline', long: 'this computer is offline' },
  EHOSTDOWN: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
  ENOBUFS: TOO_MANY,
  EAFNOSUPPORT: { short: 'no address', long: 'it has no address of a family that may be used' },
  EPRIVATE: { short: 'private', long: 'its address is one of a private network' },
  ABORTED: { short: 'given up', long: 'it was given up' },
}

/** A word or two for why there is no connection, for lists. */
export function shortErrno(errno: string): string {
  return ERRNO[errno]?.short ?? 'no connection'
}

/** Why there is no connection, with the system's own name for it where that helps to look it up: `nothing listens there (ECONNREFUSED)`. */
export function errnoWords(errno: string): string {
  const words = ERRNO[errno]?.long
  return words === undefined ? `the system says ${errno}` : `${words} (${errno})`
}
