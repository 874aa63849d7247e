import { parsePath, splitPath, type ForwardPath, type ReversePath } from '../../model/address.ts'
import type { RecipientOptions } from '../../model/envelope-options.ts'
import type { Reply } from '../../model/reply.ts'
import { parseParameters, readMailParameters, readRecipientParameters, type MailRequest } from './mail-parameters.ts'
import { reply } from './server-reply.ts'

/** One command of a client, read once and by its grammar (RFC 5321 §4.1). */
export type Command =
  | { readonly verb: 'EHLO' | 'HELO'; readonly name: string }
  | { readonly verb: 'AUTH'; readonly mechanism: string; readonly initial: string | undefined }
  | {
      readonly verb: 'MAIL'
      readonly from: ReversePath
      readonly request: MailRequest
      /** Had parameters, which HELO does not know. */
      readonly extended: boolean
    }
  | {
      readonly verb: 'RCPT'
      /** `postmaster` alone is the one address without a domain (RFC 5321 §4.1.1.3). */
      readonly to: ForwardPath | 'postmaster'
      /** Written with characters beyond ASCII, be it only in the domain. */
      readonly isUtf8: boolean
      readonly options: RecipientOptions | undefined
    }
  /** RFC 3030 §2: so many octets follow; undefined when nobody can tell how many. */
  | { readonly verb: 'BDAT'; readonly sizeBytes: number | undefined; readonly isLast: boolean }
  | { readonly verb: 'EXPN'; readonly list: string }
  | { readonly verb: 'HELP'; readonly topic: string }
  | { readonly verb: 'VERB'; readonly isOn: boolean }
  | { readonly verb: 'DATA' | 'RSET' | 'NOOP' | 'QUIT' | 'VRFY' | 'STARTTLS' }
  /** What is no command: the reply says why. */
  | { readonly verb: 'malformed'; readonly reply: Reply }
  /** The first words of another protocol, or bytes that are none: nothing after them is worth reading. */
  | { readonly verb: 'foreign' }

/** Bytes of a command line with its CRLF: RFC 5321 §4.5.3.1.4 says 512 and lets extensions add to it. */
export const LONGEST_COMMAND = 2048

/**
 * Verbs of HTTP. A web page can make a browser send them to any port of this machine, followed by lines of its own
 * choosing, so the first one ends the session.
 */
const HTTP = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI)$/
// eslint-disable-next-line no-control-regex -- the whole of ASCII is what is asked for
const ASCII = /^[\x00-\x7f]*$/
const malformed = (code: number, enhanced: string, text: string): Command => ({
  verb: 'malformed',
  reply: reply(code, enhanced, text),
})

/** Reads one command line without its CRLF. Never throws; what does not fit its grammar is `malformed`. */
export function parseCommand(line: Uint8Array): Command {
  const text = textOf(line)
  if (text === undefined) return malformed(500, '5.5.2', 'only UTF-8 without control characters is a command')
  const space = text.indexOf(' ')
  const verb = (space < 0 ? text : text.slice(0, space)).toUpperCase()
  // RFC 5321 §4.1.1: trailing blanks are to be tolerated.
  const rest = space < 0 ? '' : text.slice(space + 1).trim()
  switch (verb) {
    case 'MAIL':
      return parseMail(rest)
    case 'RCPT':
      return parseRcpt(rest)
    case 'DATA':
    case 'RSET':
    case 'QUIT':
    case 'STARTTLS':
      return rest === '' ? { verb } : malformed(501, '5.5.4', `${verb} has no arguments`)
    case 'EHLO':
    case 'HELO':
      // RFC 5321 §4.1.4 forbids refusing a name for what it is, so any single word will do.
      if (rest === '' || rest.includes(' ') || rest.length > 255)
        return malformed(501, '5.5.4', `${verb} needs one name of the client`)
      return { verb, name: rest }
    case 'AUTH':
      return parseAuth(rest)
    case 'BDAT':
      return parseBdat(rest)
    case 'NOOP':
      return { verb }
    case 'HELP':
      return { verb, topic: rest.toUpperCase() }
    case 'VERB':
      return /^(?:|ON|OFF)$/i.test(rest)
        ? { verb, isOn: rest.toUpperCase() !== 'OFF' }
        : malformed(501, '5.5.4', 'VERB is ON or OFF')
    case 'EXPN': {
      const list = rest.replace(/ +SMTPUTF8$/i, '') // RFC 6531 §3.7.4.2
      return list === '' ? malformed(501, '5.5.4', 'EXPN needs the name of a list') : { verb, list }
    }
    case 'VRFY':
      return rest === '' ? malformed(501, '5.5.4', 'VRFY needs an address') : { verb }
    default:
      return HTTP.test(verb) ? { verb: 'foreign' } : malformed(500, '5.5.2', 'command not recognized')
  }
}

/** A line as text; undefined when it holds a control character or is no UTF-8. */
function textOf(line: Uint8Array): string | undefined {
  let isAscii = true
  for (let i = 0; i < line.length; i++) {
    const byte = line[i] as number
    if (byte < 0x20 || byte === 0x7f) return undefined
    if (byte > 0x7f) isAscii = false
  }
  // Applied, not spread: a spread makes an array of them first.
  if (isAscii) return String.fromCharCode.apply(null, line as Uint8Array & number[])
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line)
  } catch {
    return undefined
  }
}

/** RFC 4954 §4: `AUTH mechanism [initial-response]`. */
function parseAuth(rest: string): Command {
  const match = /^([A-Za-z0-9_-]{1,20})(?: +([A-Za-z0-9+/]+={0,2}|=))?$/.exec(rest)
  if (match?.[1] === undefined) return malformed(501, '5.5.4', 'AUTH needs a mechanism and at most one base64 response')
  return { verb: 'AUTH', mechanism: match[1].toUpperCase(), initial: match[2] }
}

/**
 * `FROM:<path> parameters`. RFC 5321 §3.3 allows no space after the colon; people who type a session by hand put one,
 * and it can mean nothing else.
 */
function parseArgument(rest: string, word: 'FROM:' | 'TO:') {
  if (rest.slice(0, word.length).toUpperCase() !== word) return undefined
  return splitPath(rest.slice(word.length).trimStart())
}

function parseMail(rest: string): Command {
  const argument = parseArgument(rest, 'FROM:')
  if (argument === undefined) return malformed(501, '5.5.4', 'the form is MAIL FROM:<address>')
  const parameters = parseParameters(argument.rest)
  if (parameters === undefined) return malformed(501, '5.5.4', 'the parameters of MAIL cannot be read')
  const request = readMailParameters(parameters)
  // Which fault is named does not matter; that none is overlooked does.
  if ('code' in request) return { verb: 'malformed', reply: request }
  const from = parsePath(argument.path, request.utf8 === true)
  if (from === undefined)
    return parsePath(argument.path) === undefined
      ? malformed(501, '5.1.7', 'that is no address')
      : malformed(553, '5.6.7', 'such an address needs SMTPUTF8')
  return { verb: 'MAIL', from, request, extended: parameters.size > 0 }
}

function parseRcpt(rest: string): Command {
  const argument = parseArgument(rest, 'TO:')
  if (argument === undefined) return malformed(501, '5.5.4', 'the form is RCPT TO:<address>')
  const parameters = parseParameters(argument.rest)
  if (parameters === undefined) return malformed(501, '5.5.4', 'the parameters of RCPT cannot be read')
  const options = readRecipientParameters(parameters)
  if (options !== undefined && 'code' in options) return { verb: 'malformed', reply: options }
  const isUtf8 = !ASCII.test(rest)
  if (argument.path.toLowerCase() === '<postmaster>') return { verb: 'RCPT', to: 'postmaster', isUtf8, options }
  const to = parsePath(argument.path)
  if (to === undefined || to === null) return malformed(501, '5.1.3', 'that is no address')
  return { verb: 'RCPT', to, isUtf8, options }
}

/** `size` or `size LAST`. A size beyond what a number holds exactly is no size: its octets could not be told from commands. */
function parseBdat(rest: string): Command {
  const match = /^([0-9]{1,15})(?: +(LAST))?$/i.exec(rest)
  if (match === null) return { verb: 'BDAT', sizeBytes: undefined, isLast: false }
  return { verb: 'BDAT', sizeBytes: Number(match[1]), isLast: match[2] !== undefined }
}
