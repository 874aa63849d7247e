import { AUTH_METHODS, type AuthMethod } from '../model/rule.ts'

/** Fields that are looked at: a server writes one, or one for each method. */
const MOST_FIELDS = 20
const LONGEST = 8192

/** A value without comments (RFC 5322 §3.2.2), what is quoted standing as it is without its quotes. */
function withoutComments(value: string): string {
  let out = ''
  let depth = 0
  let isQuoted = false
  for (let at = 0; at < value.length; at++) {
    const c = value[at] ?? ''
    if (c === '\\' && (isQuoted || depth > 0)) {
      at++
      // What is escaped parts nothing.
      if (depth === 0) out += /[;=\s"]/.test(value[at] ?? '') ? '_' : (value[at] ?? '')
    } else if (depth === 0 && c === '"') isQuoted = !isQuoted
    else if (isQuoted) out += /[;=\s]/.test(c) ? '_' : c
    else if (c === '(') depth++
    else if (c === ')' && depth > 0) depth--
    else if (depth === 0) out += c
  }
  return out
}

/**
 * What a trusted server has found out, by its Authentication-Results fields (RFC 8601 §2.2), topmost first: of each method what the
 * topmost field that names it says, for that is the one nobody before that server can have written. Fields of other servers say nothing.
 */
export function readAuth(fields: readonly string[], trusted: string | null): Map<AuthMethod, string[]> {
  const found = new Map<AuthMethod, string[]>()
  if (trusted === null) return found
  for (const field of fields.slice(0, MOST_FIELDS)) {
    const [who = '', ...results] = withoutComments(field.slice(0, LONGEST)).split(';')
    // authserv-id and, after a space, the version of the format.
    const [name = '', version = '1'] = who.trim().split(/\s+/)
    if (name.toLowerCase() !== trusted.toLowerCase() || version !== '1') continue
    const here = new Map<AuthMethod, string[]>()
    for (const result of results) {
      const [, method, said] = /^\s*([a-z0-9-]+)\s*(?:\/\s*\d+\s*)?=\s*([a-z]+)/i.exec(result) ?? []
      const known = AUTH_METHODS.find((one) => one === method?.toLowerCase())
      if (known === undefined || said === undefined) continue
      here.set(known, [...(here.get(known) ?? []), said.toLowerCase()])
    }
    for (const [method, said] of here) if (!found.has(method)) found.set(method, said)
  }
  return found
}
