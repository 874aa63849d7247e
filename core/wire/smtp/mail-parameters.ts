import type { MailOptions, Notify, RecipientOptions } from '../../model/envelope-options.ts'
import type { Reply } from '../../model/reply.ts'
import { reply } from './server-reply.ts'
import { decodeUtf8Address, decodeXtext } from './xtext.ts'

/** What MAIL asked for beyond its path. Moments are as the client gave them; the machine knows what time it is. */
export interface MailRequest {
  readonly sizeBytes?: number
  /** Said SMTPUTF8 (RFC 6531 §3.4). */
  readonly utf8?: true
  readonly ret?: NonNullable<MailOptions['ret']>
  readonly envid?: string
  /** RFC 4865 §4: not before so many seconds from now, or not before that moment. */
  readonly hold?: { readonly seconds: number } | { readonly untilMs: number }
  /** RFC 2852 §4. */
  readonly deliverBy?: { readonly seconds: number; readonly mode: 'return' | 'notify'; readonly trace: boolean }
  readonly requireTls?: true
}
type Mutable<T> = { -readonly [K in keyof T]: T[K] }
/** Keyword and value of each parameter; undefined where there is no value. */
export type Parameters = ReadonlyMap<string, string | undefined>

const NONE: Parameters = new Map()
/** RFC 3461 §4.4 and §4.2: as they are written. */
const LONGEST_ENVID = 100
const LONGEST_ORCPT = 500

const wrong = (text: string) => reply(501, '5.5.4', text)

/** ` KEYWORD=value KEYWORD` (RFC 5321 §4.1.2, RFC 6531 §3.3); undefined when malformed or said twice. */
export function parseParameters(rest: string): Parameters | undefined {
  if (rest === '') return NONE
  if (!rest.startsWith(' ')) return undefined
  const parameters = new Map<string, string | undefined>()
  for (const word of rest.split(' ')) {
    if (word === '') continue
    const match = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u0080-\u{10ffff}]+))?$/u.exec(word)
    const keyword = match?.[1]?.toUpperCase()
    if (keyword === undefined || parameters.has(keyword)) return undefined
    parameters.set(keyword, match?.[2])
  }
  return parameters
}

/** What the parameters of MAIL ask for, or the reply that says which of them is wrong. */
export function readMailParameters(parameters: Parameters): MailRequest | Reply {
  const request: Mutable<MailRequest> = {}
  for (const [keyword, value] of parameters) {
    const refusal = readOne(request, keyword, value)
    if (refusal !== undefined) return refusal
  }
  return request
}

function readOne(request: Mutable<MailRequest>, keyword: string, value: string | undefined): Reply | undefined {
  switch (keyword) {
    case 'SIZE':
      if (!/^[0-9]{1,20}$/.test(value ?? '')) return wrong('SIZE is a number of bytes')
      request.sizeBytes = Number(value)
      return undefined
    case 'BODY':
      // RFC 3030 §3: BINARYMIME is not offered, for it lets CR and LF stand alone.
      return /^(?:7BIT|8BITMIME)$/i.test(value ?? '') ? undefined : wrong('BODY is 7BIT or 8BITMIME')
    case 'SMTPUTF8':
      if (value !== undefined) return wrong('SMTPUTF8 has no value')
      request.utf8 = true
      return undefined
    case 'AUTH':
      // RFC 4954 §5: who handed it to the client. Checked, then taken as <>, for no client here is trusted to say so.
      return value === '<>' || (value !== undefined && decodeXtext(value) !== undefined)
        ? undefined
        : wrong('AUTH is an address in xtext, or <>')
    case 'RET':
      if (!/^(?:FULL|HDRS)$/i.test(value ?? '')) return wrong('RET is FULL or HDRS')
      request.ret = value?.toUpperCase() === 'FULL' ? 'full' : 'headers'
      return undefined
    case 'ENVID': {
      const envid = value === undefined || value.length > LONGEST_ENVID ? undefined : decodeXtext(value)
      if (envid === undefined) return wrong('ENVID is at most 100 characters of xtext')
      request.envid = envid
      return undefined
    }
    case 'HOLDFOR':
    case 'HOLDUNTIL':
      return readHold(request, keyword, value)
    case 'BY':
      return readDeliverBy(request, value)
    case 'REQUIRETLS':
      if (value !== undefined) return wrong('REQUIRETLS has no value')
      request.requireTls = true
      return undefined
    default:
      return reply(555, '5.5.4', 'unknown parameter of MAIL')
  }
}

/** RFC 4865 §4: one of the two, a number of seconds or an Internet date (RFC 3339). */
function readHold(request: Mutable<MailRequest>, keyword: string, value = ''): Reply | undefined {
  if (request.hold !== undefined) return wrong('HOLDFOR and HOLDUNTIL exclude each other')
  if (keyword === 'HOLDFOR') {
    if (!/^[1-9][0-9]{0,8}$/.test(value)) return wrong('HOLDFOR is a number of seconds')
    request.hold = { seconds: Number(value) }
    return undefined
  }
  const isDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i.test(value)
  const untilMs = isDate ? Date.parse(value) : NaN
  if (Number.isNaN(untilMs)) return wrong('HOLDUNTIL is a date and time with its offset')
  request.hold = { untilMs }
  return undefined
}

/** RFC 2852 §4: `BY=120;R`, seconds that may be negative with N, and a T that asks for a trace. */
function readDeliverBy(request: Mutable<MailRequest>, value = ''): Reply | undefined {
  const match = /^([+-]?[0-9]{1,9});([NR])(T?)$/i.exec(value)
  if (match === null) return wrong('BY is a number of seconds, then ;N or ;R')
  const seconds = Number(match[1])
  const mode = match[2]?.toUpperCase() === 'R' ? 'return' : 'notify'
  if (mode === 'return' && seconds <= 0) return wrong('BY with R has a time that is yet to come')
  request.deliverBy = { seconds, mode, trace: match[3] !== '' }
  return undefined
}

/** What the parameters of RCPT ask for, undefined for nothing, or the reply that says which of them is wrong (RFC 3461 §4). */
export function readRecipientParameters(parameters: Parameters): RecipientOptions | undefined | Reply {
  if (parameters.size === 0) return undefined
  const options: Mutable<RecipientOptions> = {}
  for (const [keyword, value = ''] of parameters) {
    switch (keyword) {
      case 'NOTIFY': {
        const notify = readNotify(value)
        if (notify === undefined) return wrong('NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY')
        options.notify = notify
        break
      }
      case 'ORCPT': {
        const orcpt = readOriginal(value)
        if (orcpt === undefined) return wrong('ORCPT is a type of address, a semicolon and an address in xtext')
        options.orcpt = orcpt
        break
      }
      default:
        return reply(555, '5.5.4', 'unknown parameter of RCPT')
    }
  }
  return options
}

const NOTIFY = { SUCCESS: 'success', FAILURE: 'failure', DELAY: 'delay' } as const

function readNotify(value: string): Notify | undefined {
  const words = value.toUpperCase().split(',')
  if (words.length === 1 && words[0] === 'NEVER') return 'never'
  const asked = words.map((word) => (Object.hasOwn(NOTIFY, word) ? NOTIFY[word as keyof typeof NOTIFY] : undefined))
  const known = asked.filter((one) => one !== undefined)
  return known.length === words.length && new Set(known).size === known.length ? known : undefined
}

function readOriginal(value: string): RecipientOptions['orcpt'] {
  if (value.length > LONGEST_ORCPT) return undefined
  const match = /^([A-Za-z0-9-]{1,63});(.+)$/s.exec(value)
  if (match === null) return undefined
  const [, written = '', text = ''] = match
  const type = written.toLowerCase()
  const address = type === 'utf-8' ? decodeUtf8Address(text, true) : decodeXtext(text)
  return address === undefined || address === '' ? undefined : { type, address }
}
