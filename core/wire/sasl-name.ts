import { decodeText } from './smtp/sasl.ts'

/** Of a name so much is shown; what is longer is none. */
const LONGEST_NAME = 320
/** No text of a sign-in that is worth a look is longer: tokens are some thousand octets. */
const LONGEST_STEP = 16_384

/**
 * Whom a step of SASL, a line of base64, says it signs in: of PLAIN (RFC 4616 §2), SCRAM (RFC 5802 §7), CRAM-MD5,
 * OAUTHBEARER (RFC 7628 §3.1) and XOAUTH2 by their own grammar, and the whole text where `isName`: the first step of LOGIN. Undefined
 * where it is none of them to the last octet, or the name has anything of the secret beside it: what is malformed may hold a password
 * anywhere.
 */
export function nameInStep(step: string, isName: boolean): string | undefined {
  if (step.length > LONGEST_STEP) return undefined
  const text = decodeText(step)
  if (text === undefined) return undefined
  const name = isName ? text : nameIn(text)
  return name !== undefined && isSayable(name) ? name : undefined
}

/** Whether a name can stand in a log: it is not empty, not endless, and nothing in it acts on a terminal. */
export function isSayable(name: string): boolean {
  return name.length > 0 && name.length <= LONGEST_NAME && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)
}

/** The name that a step of ours has in it, where it has: as the person gave it, and never where it tells of the secret. */
export function ownNameIn(
  step: string,
  { user, secret }: { readonly user: string; readonly secret: string },
): string | undefined {
  if (!isApart(user, secret)) return undefined
  return nameInStep(step, false) === user || nameInStep(step, true) === user ? user : undefined
}

/** The same of a line of ours, whose first secret is the step. */
export function ownNameOf(
  line: Uint8Array,
  [first]: readonly (readonly [number, number])[],
  login: { readonly user: string; readonly secret: string } | undefined,
): { readonly user?: string } {
  if (first === undefined || login === undefined || first[1] - first[0] > LONGEST_STEP) return {}
  const step = String.fromCharCode(...line.subarray(...first))
  const user = step === login.secret ? undefined : ownNameIn(step, login)
  return user === undefined ? {} : { user }
}

/** Neither holds the other, in large letters or small. */
export function isApart(name: string, secret: string): boolean {
  const [a, b] = [name.toLowerCase(), secret.toLowerCase()]
  return a !== '' && b !== '' && !a.includes(b) && !b.includes(a)
}

function nameIn(text: string): string | undefined {
  const parts = text.split('\0')
  if (parts.length === 3) {
    const [, user = '', password = ''] = parts
    return password !== '' && isApart(user, password) ? user : undefined
  }
  if (parts.length > 1) return undefined
  const scram = /^(?:n|y|p=[A-Za-z0-9.-]{1,40}),(?:a=[^,]*)?,n=([^,]+),r=[!-+\--~]+(?:,.*)?$/.exec(text)
  if (scram !== null) return saslName(scram[1] ?? '')
  const bearer = /^n,a=([^,]+),\x01(?:[a-z]+=[^\x01]*\x01)+\x01$/i.exec(text) // oxlint-disable-line no-control-regex -- RFC 7628 §3.1
  if (bearer !== null) return saslName(bearer[1] ?? '')
  const token = /^user=([^\x01]+)\x01auth=Bearer [^\x01]+\x01\x01$/i.exec(text) // oxlint-disable-line no-control-regex -- Google's form of it
  if (token !== null) return token[1]
  return /^(\S+) [0-9a-f]{32}$/.exec(text)?.[1]
}

/** RFC 5802 §5.1: comma and equals sign have names of their own, and nothing else has. */
function saslName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}
