/** The grammar of MTA-STS: the TXT record and the policy file (RFC 8461 §3), and which hosts a policy lists. */

/** A policy as its file says it. */
export interface StsPolicy {
  readonly mode: 'enforce' | 'testing' | 'none'
  /** In lower case: host names, or `*.` and a domain. */
  readonly mx: readonly string[]
  readonly maxAgeSeconds: number
}
/** What the TXT records of a domain say: the policy's id, nothing at all, or something that is no MTA-STS. */
export type StsRecord =
  | { readonly kind: 'found'; readonly id: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly reason: string }

/** RFC 8461 §3.2: about a year. */
export const LONGEST_AGE_SECONDS = 31_557_600
/** Patterns of one policy; one with more is no policy of anybody. */
const MOST_PATTERNS = 500

const EXTENSION_NAME = /^[a-z0-9][a-z0-9_.-]{0,31}$/i
const EXTENSION_VALUE = /^[\x21-\x3a\x3c\x3e-\x7e]+$/
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const PATTERN = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`)

/**
 * Reads the TXT records at `_mta-sts.<domain>`. Records that don't begin with the version are somebody else's; two that do are none
 * (RFC 8461 §3.1).
 */
export function parseStsRecords(records: readonly string[]): StsRecord {
  const ours = records.filter((one) => /^v=STSv1[ \t]*;/.test(one))
  const [record, second] = ours
  if (record === undefined) return { kind: 'none' }
  if (second !== undefined) return { kind: 'invalid', reason: 'there are several MTA-STS records' }
  const fields = record.split(';').slice(1)
  if (fields.at(-1)?.trim() === '') fields.pop() // the semicolon at the end is optional
  let id: string | undefined
  for (const field of fields) {
    const [, name = '', value = ''] = /^[ \t]*([^=]*)=(.*?)[ \t]*$/.exec(field) ?? []
    if (name === 'id' && id === undefined) {
      if (!/^[a-z0-9]{1,32}$/i.test(value)) return { kind: 'invalid', reason: `the id "${shown(value)}" is none` }
      id = value
    } else if (!EXTENSION_NAME.test(name) || !EXTENSION_VALUE.test(value))
      return { kind: 'invalid', reason: `"${shown(field)}" is no field of an MTA-STS record` }
  }
  return id === undefined ? { kind: 'invalid', reason: 'the record names no id' } : { kind: 'found', id }
}

/**
 * Reads a policy file. Field names count exactly as written; the first of several counts, but for `mx`; unknown fields are left out.
 * What is no policy comes back as the reason why.
 */
export function parseStsPolicy(file: string): StsPolicy | string {
  const fields = new Map<string, string>()
  const mx: string[] = []
  for (const line of file.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    if (name === 'mx') {
      const pattern = value.toLowerCase()
      if (!PATTERN.test(pattern)) return `the mx pattern "${shown(value)}" is none`
      if (!mx.includes(pattern)) mx.push(pattern)
      if (mx.length > MOST_PATTERNS) return `it lists more than ${MOST_PATTERNS} hosts`
    } else if (!fields.has(name)) fields.set(name, value)
  }
  const mode = fields.get('mode')
  const age = fields.get('max_age') ?? ''
  if (fields.get('version') !== 'STSv1') return `its version is "${shown(fields.get('version') ?? '')}", not STSv1`
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') return `its mode is "${shown(mode ?? '')}"`
  if (!/^\d{1,10}$/.test(age)) return `its max_age is "${shown(age)}"`
  if (mode !== 'none' && mx.length === 0) return 'it lists no mx'
  // RFC 8461 §3.2 has a year as the most; a longer one is meant well and cut.
  return { mode, mx, maxAgeSeconds: Math.min(Number(age), LONGEST_AGE_SECONDS) }
}

/** Whether a policy lists a host (A-labels). `*` stands for exactly one label at the left (RFC 8461 §4.1). */
export function listsHost(policy: Pick<StsPolicy, 'mx'>, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  const dot = name.indexOf('.')
  return policy.mx.some((pattern) =>
    pattern.startsWith('*.') ? dot > 0 && name.slice(dot) === pattern.slice(1) : name === pattern,
  )
}

const shown = (text: string) => text.slice(0, 60).replace(/[^ -~]/g, '?')
