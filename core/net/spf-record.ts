import { isIPv4, isIPv6 } from 'node:net'

/** A mechanism of an SPF record (RFC 7208 §5), with everything that is left out filled in. */
export interface SpfTerm {
  readonly kind: 'all' | 'include' | 'a' | 'mx' | 'ptr' | 'ip4' | 'ip6' | 'exists'
  readonly qualifier: '+' | '-' | '~' | '?'
  /** A network, or a name that may hold macros; '' is the domain itself. */
  readonly value: string
  readonly bits4: number
  readonly bits6: number
  /** As it stands in the record, or how it begins there. */
  readonly text: string
}
/** What an SPF record says, in its order. */
export interface SpfRecord {
  readonly terms: readonly SpfTerm[]
  readonly redirect?: string
}

const MECHANISM = /^([+\-~?]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?:([:/])(.*))?$/is
const MODIFIER = /^([a-z][a-z0-9_.-]*)=(.*)$/is
/** §7.1: text of visible characters in which each % begins a macro. */
const MACRO_STRING = /^(?:[\x21-\x24\x26-\x7e]|%[%_-]|%\{[slodiphcrtv]\d{0,3}r?[.\-+,/_=]*\})*$/i
/** A name ends in a label that can be a top-level domain, or in a macro. */
const ENDS_WELL = /(?:\.(?=[a-z0-9-]*[a-z-])[a-z0-9-]+\.?|%\{[slodiphv]\d{0,3}r?[.\-+,/_=]*\})$/i
/** Of a word of a record so much is told. */
const MOST_TOLD = 200

const isDomainSpec = (text: string) =>
  MACRO_STRING.test(text) &&
  !/%\{[crt]/i.test(text) &&
  ENDS_WELL.test(text) &&
  !/(?:-|[^-a-z0-9%{}._+,/=])\.?$/i.test(text)

const toldOf = (word: string) => (word.length > MOST_TOLD ? `${word.slice(0, MOST_TOLD)}…` : word)
const wrong = (word: string) => ({ wrong: toldOf(word) })

/** The record's terms; `wrong` is the first that can't be read, and then nothing of the record counts (§4.6). */
export function parseSpf(text: string): SpfRecord | { readonly wrong: string } {
  const terms: SpfTerm[] = []
  let redirect: string | undefined
  let hasExplanation = false
  for (const word of text
    .slice('v=spf1'.length)
    .split(/ +/)
    .filter((one) => one !== '')) {
    const mechanism = MECHANISM.exec(word)
    const term = mechanism && termOf(mechanism)
    if (term) {
      terms.push(term)
      continue
    }
    const modifier = MODIFIER.exec(word)
    if (!modifier) return wrong(word)
    const [, name = '', value = ''] = modifier
    if (name.toLowerCase() === 'redirect') {
      if (redirect !== undefined || !isDomainSpec(value)) return wrong(word)
      redirect = value
    } else if (name.toLowerCase() === 'exp') {
      if (hasExplanation || !isDomainSpec(value)) return wrong(word)
      hasExplanation = true
    } else if (!MACRO_STRING.test(value)) return wrong(word)
  }
  // §6.1: where something always matches, nothing leads further.
  const isWhole = terms.some(({ kind }) => kind === 'all')
  return { terms, ...(redirect === undefined || isWhole ? {} : { redirect }) }
}

function termOf(found: RegExpExecArray): SpfTerm | undefined {
  const [text, sign = '', name = '', mark, rest = ''] = found
  const kind = name.toLowerCase() as SpfTerm['kind']
  const qualifier = (sign === '' ? '+' : sign) as SpfTerm['qualifier']
  const term = (value: string, bits4 = 32, bits6 = 128): SpfTerm => ({
    kind,
    qualifier,
    value,
    bits4,
    bits6,
    text: toldOf(text),
  })
  if (kind === 'all') return mark === undefined ? term('') : undefined
  if (kind === 'ip4' || kind === 'ip6') {
    const [, network = '', bits] = (mark === ':' && /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(rest)) || []
    const most = kind === 'ip4' ? 32 : 128
    const isOne = kind === 'ip4' ? isIPv4(network) : isIPv6(network) && !network.includes('%')
    if (!isOne || Number(bits ?? most) > most) return undefined
    return kind === 'ip4' ? term(network, Number(bits ?? most)) : term(network, 32, Number(bits ?? most))
  }
  if (kind === 'include' || kind === 'exists') return mark === ':' && isDomainSpec(rest) ? term(rest) : undefined
  if (kind === 'ptr') return mark === undefined ? term('') : mark === ':' && isDomainSpec(rest) ? term(rest) : undefined
  // `a` and `mx`: [":" domain-spec] ["/" bits] ["//" bits], and a slash may stand in a macro.
  const tail = mark === '/' ? `/${rest}` : rest
  const cut = /^(.*?)(?:\/(0|[1-9]\d?))?(?:\/\/(0|[1-9]\d{0,2}))?$/s.exec(tail)
  const [, name_ = '', four = '32', six = '128'] = cut ?? []
  if (cut === null || Number(four) > 32 || Number(six) > 128) return undefined
  if (mark === ':' ? !isDomainSpec(name_) : name_ !== '') return undefined
  return term(name_, Number(four), Number(six))
}
