/** One command of a client, read once and by its grammar (RFC 1939 §9, RFC 2449, RFC 2595, RFC 5034, RFC 6856). */
export type Command =
  | { readonly verb: 'USER'; readonly user: string }
  | { readonly verb: 'PASS'; readonly password: string }
  | { readonly verb: 'AUTH'; readonly mechanism: string; readonly initial: string | undefined }
  | { readonly verb: 'STAT' | 'NOOP' | 'RSET' }
  | { readonly verb: 'QUIT' | 'CAPA' | 'STLS' | 'UTF8' }
  /** `number` undefined: all messages. */
  | { readonly verb: 'LIST' | 'UIDL'; readonly number: number | undefined }
  | { readonly verb: 'RETR' | 'DELE'; readonly number: number }
  | { readonly verb: 'TOP'; readonly number: number; readonly lines: number }
  /** '' asks for the list of languages. */
  | { readonly verb: 'LANG'; readonly tag: string }
  /** Not offered here: our greeting has no timestamp. */
  | { readonly verb: 'APOP' }
  /** What is no command: `reply` says why. */
  | { readonly verb: 'malformed'; readonly reply: string }
  /** The first words of another protocol, or bytes that are none: nothing after them is worth reading. */
  | { readonly verb: 'foreign' }

/** Bytes of a command line with its CRLF. RFC 2449 §4 has us take 255 at least; a long password needs more. */
export const LONGEST_COMMAND = 1024
/** Of a line within AUTH (RFC 5034 §4). */
export const LONGEST_AUTH_LINE = 12_288 + 2

/**
 * Words of HTTP and SMTP. A web page can make a browser send them to any port of this machine, followed by lines of its own
 * choosing, so the first one ends the session.
 */
const FOREIGN = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI|HOST|EHLO|HELO|MAIL)$/
const NUMBER = /^[0-9]{1,10}$/
const MECHANISM = /^[A-Za-z0-9_-]{1,20}$/
/** Lines of a body nobody asks for more than. */
const MOST_LINES = 2 ** 31

const malformed = (reply: string): Command => ({ verb: 'malformed', reply })
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads one command line without its CRLF. Never throws; what does not fit its grammar is `malformed`. */
export function parseCommand(line: Uint8Array): Command {
  const text = textOf(line)
  if (text === undefined) return malformed('only UTF-8 without control characters is a command')
  const space = text.indexOf(' ')
  const verb = (space < 0 ? text : text.slice(0, space)).toUpperCase()
  const rest = space < 0 ? '' : text.slice(space + 1)
  switch (verb) {
    case 'USER':
      return rest.trim() === '' ? malformed('USER needs a name') : { verb, user: rest.trim() }
    case 'PASS':
      // RFC 1939 §7: it has exactly one argument, so blanks are part of it.
      return rest === '' ? malformed('PASS needs a password') : { verb, password: rest }
    case 'AUTH':
      return parseAuth(rest)
    case 'STAT':
    case 'NOOP':
    case 'RSET':
    case 'QUIT':
    case 'CAPA':
    case 'STLS':
    case 'UTF8':
      return rest.trim() === '' ? { verb } : malformed(`${verb} has no arguments`)
    case 'LIST':
    case 'UIDL':
      if (rest.trim() === '') return { verb, number: undefined }
      return { verb, ...(numbers(rest, 1) ?? { number: 0 }) }
    case 'RETR':
    case 'DELE': {
      const found = numbers(rest, 1)
      return found === undefined ? malformed(`${verb} needs the number of a message`) : { verb, ...found }
    }
    case 'TOP': {
      const found = numbers(rest, 2)
      if (found === undefined) return malformed('TOP needs the number of a message and a number of lines')
      return { verb, number: found.number, lines: Math.min(found.second, MOST_LINES) }
    }
    case 'LANG':
      return /^[A-Za-z0-9*-]{0,40}$/.test(rest.trim()) ? { verb, tag: rest.trim() } : malformed('LANG needs a language')
    case 'APOP':
      return { verb }
    default:
      return FOREIGN.test(verb) ? { verb: 'foreign' } : malformed('there is no such command')
  }
}

function parseAuth(rest: string): Command {
  const [mechanism = '', initial, ...more] = rest.trim().split(' ')
  if (!MECHANISM.test(mechanism) || more.length > 0)
    return malformed('AUTH needs a mechanism; CAPA names those offered')
  return { verb: 'AUTH', mechanism: mechanism.toUpperCase(), initial }
}

/** One number or two; undefined where there is anything else. */
function numbers(rest: string, count: 1 | 2): { readonly number: number; readonly second: number } | undefined {
  const words = rest.trim().split(/ +/)
  if (words.length !== count || !words.every((word) => NUMBER.test(word))) return undefined
  return { number: Number(words[0]), second: Number(words[1] ?? 0) }
}

/** The text of a line; undefined where it is not UTF-8 or holds control characters. */
function textOf(line: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(line)
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    return /[\x00-\x1f\x7f]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}
