import { formatMailbox, parseDomain, parseMailbox, type ReversePath } from './address.ts'

/** One rule for where mail goes. `sender` and `recipient` are patterns, '' for everybody. */
export interface RouteRule {
  readonly id: number
  readonly sender: string
  readonly recipient: string
  /** Only after so many tries have failed. */
  readonly afterTries: number
  readonly action: 'direct' | 'smarthost' | 'hold'
  /** With `smarthost`, and only then. */
  readonly routeId: number | null
}

/** A domain, or `*.` and a domain for all below it, in the one form; undefined when it is neither. */
export function parseDomainPattern(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === '*') return ''
  const below = trimmed.startsWith('*.')
  const domain = parseDomain(below ? trimmed.slice(2) : trimmed)
  return domain === undefined || (below && domain.startsWith('[')) ? undefined : `${below ? '*.' : ''}${domain}`
}

/** What `parseDomainPattern` takes, an address, or `<>` for reports, which have no sender. */
export function parseSenderPattern(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '<>') return trimmed
  if (!trimmed.includes('@')) return parseDomainPattern(trimmed)
  const mailbox = parseMailbox(trimmed)
  return mailbox && formatMailbox(mailbox)
}

/** Whether a domain fits a pattern of `parseDomainPattern`. */
export function fitsDomain(pattern: string, domain: string): boolean {
  if (pattern === '') return true
  return pattern.startsWith('*.') ? domain.endsWith(pattern.slice(1)) : domain === pattern
}

/** Whether a reverse-path fits a pattern of `parseSenderPattern`. The case of a local part makes no other sender. */
export function fitsSender(pattern: string, from: ReversePath): boolean {
  if (pattern === '' || pattern === '<>') return pattern === '' || from === null
  if (from === null) return false
  if (!pattern.includes('@')) return fitsDomain(pattern, from.domain)
  return formatMailbox(from).toLowerCase() === pattern.toLowerCase()
}

/** A rule as a sentence; `server` names the smarthost. */
export function describeRule(rule: RouteRule, server: string): string {
  const who = rule.sender === '' ? 'Mail' : rule.sender === '<>' ? 'A report' : `Mail from ${rule.sender}`
  const whom = rule.recipient === '' ? '' : ` to ${rule.recipient}`
  const tries = rule.afterTries === 1 ? 'one failed try' : `${rule.afterTries} failed tries`
  const what = {
    direct: "goes straight to the recipient's server",
    smarthost: `goes by ${server}`,
    hold: 'is held',
  }[rule.action]
  return `${who}${whom} ${what}${rule.afterTries === 0 ? '' : ` after ${tries}`}`
}
