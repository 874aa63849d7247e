import { isIPv6 } from 'node:net'
import { groupsOf } from './address.ts'

/** What macros stand for (RFC 7208 §7.2). */
export interface MacroFacts {
  readonly address: string
  readonly sender: string
  readonly helo: string
  readonly domain: string
  /** Names of the address that lead back to it. */
  readonly validated: readonly string[]
}

/** The longest name that is asked for (§7.3). */
const LONGEST_NAME = 253
const MACRO = /%(?:([%_-])|\{([slodiphv])(\d{0,3})(r?)([.\-+,/_=]*)\})/gi
const LITERAL: Readonly<Record<string, string>> = { '%': '%', '_': ' ', '-': '%20' }

/** The name that a domain-spec comes to, in lower case; labels go from its left where it is longer than a name can be. */
export function expandMacros(spec: string, facts: MacroFacts): string {
  const whole = spec
    .replace(
      MACRO,
      (_, literal: string | undefined, letter: string, digits: string, reverse: string, marks: string) => {
        if (literal !== undefined) return LITERAL[literal] ?? ''
        const parts = valueOf(letter.toLowerCase(), facts).split(
          marks === '' ? '.' : new RegExp(`[${marks.replace(/[-/]/g, '\\$&')}]`),
        )
        if (reverse !== '') parts.reverse()
        const kept = digits === '' || Number(digits) === 0 ? parts : parts.slice(-Number(digits))
        const text = kept.join('.')
        return letter === letter.toUpperCase() ? encodeURIComponent(text) : text
      },
    )
    .replace(/\.$/, '')
    .toLowerCase()
  let name = whole
  while (name.length > LONGEST_NAME && name.includes('.')) name = name.slice(name.indexOf('.') + 1)
  return name
}

function valueOf(letter: string, { address, sender, helo, domain, validated }: MacroFacts): string {
  const at = sender.lastIndexOf('@')
  const local = at < 1 ? 'postmaster' : sender.slice(0, at)
  const senderDomain = sender.slice(at + 1)
  switch (letter) {
    case 's':
      return `${local}@${senderDomain}`
    case 'l':
      return local
    case 'o':
      return senderDomain
    case 'd':
      return domain
    case 'i':
      return isIPv6(address) ? nibblesOf(address).join('.') : address
    case 'p':
      // §7.3: the domain's own name first, then one below it, then any.
      return (
        validated.find((name) => name === domain) ??
        validated.find((name) => name.endsWith(`.${domain}`)) ??
        validated[0] ??
        'unknown'
      )
    case 'v':
      return isIPv6(address) ? 'ip6' : 'in-addr'
    default:
      return helo
  }
}

const nibblesOf = (address: string) => groupsOf(address).flatMap((group) => [...group.toString(16).padStart(4, '0')])
