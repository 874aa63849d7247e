import { errnoWords } from '../base/errno.ts'
import type { Domain, ForwardPath } from '../model/address.ts'
import type { Cause } from '../model/outcome.ts'
import { isIpAddress, isPrivate } from '../net/address.ts'
import type { Resolver } from '../net/dns.ts'
import { leadsTo, reverseQuery } from '../net/reverse.ts'
import { checkSpf, hasSpf } from '../net/spf.ts'
import { describeReply } from '../wire/smtp/reply.ts'
import type { RelayDeps } from './deps.ts'
import { openOnce } from './open-once.ts'
import { ownNameOf } from './route-plan.ts'

export const PREFLIGHT_CHECKS = ['port', 'name', 'spf', 'blocklist'] as const
export type PreflightCheck = (typeof PREFLIGHT_CHECKS)[number]
/** What one check says, as it begins and as it ends. `unknown`: it can't be found out from here. */
export interface PreflightFinding {
  readonly check: PreflightCheck
  readonly state: 'trying' | 'ok' | 'warning' | 'failed' | 'unknown'
  readonly text: string
  /** The session that was held for it. */
  readonly sessionId: number | null
}
interface Deps extends Pick<RelayDeps, 'resolver' | 'settings' | 'clock' | 'dial' | 'recorder' | 'openBody'> {
  /** Joint: whether mail of a domain comes to this computer. */
  readonly isLocal: (domain: Domain) => boolean
}

/** A network that drops what it does not want says nothing: nobody waits longer for that. */
const LONGEST_DIAL_MS = 20_000

/**
 * Looks whether mail can go straight to the recipients' servers from this network: whether port 25 is open, whether the address has
 * a name that leads back, whether SPF lets it send for the domain, and whether a blocklist has it. The address's own domain is
 * dialled, and no mail is sent.
 */
export async function* preflight(
  from: ForwardPath,
  deps: Deps,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<PreflightFinding, void, void> {
  const finding = (check: PreflightCheck, said: Said, sessionId: number | null = null): PreflightFinding => ({
    check,
    state: said[0],
    text: said[1],
    sessionId,
  })
  yield finding('port', ['trying', 'Looking for the mail servers of the domain.'])
  const port = await tryPort(from.domain, deps, signal)
  yield finding('port', port.said, port.sessionId)
  if (signal.aborted) return
  const { seen } = port
  if (seen === undefined) {
    const why = 'No server has said under which address it sees this network.'
    yield finding('name', ['unknown', why])
    yield finding('spf', await recordOnly(from.domain, deps.resolver))
    yield finding('blocklist', ['unknown', why])
    return
  }
  yield finding('name', ['trying', `Asking for the name of ${seen}.`])
  yield finding('name', await nameOf(seen, ownNameOf(deps.settings()), deps.resolver))
  if (signal.aborted) return
  yield finding('spf', ['trying', `Reading the SPF record of ${from.domain}.`])
  yield finding('spf', await spfOf(from, seen, deps))
  if (signal.aborted) return
  const zone = deps.settings()['preflight.blocklist']
  if (zone === '') return
  yield finding('blocklist', ['trying', `Asking ${zone}.`])
  yield finding('blocklist', await listed(seen, zone, deps.resolver))
}
type Said = readonly [PreflightFinding['state'], string]

interface Port {
  readonly said: Said
  readonly sessionId: number | null
  /** The address others see. */
  readonly seen: string | undefined
}

async function tryPort(domain: Domain, deps: Deps, signal: AbortSignal): Promise<Port> {
  let sessionId: number | null = null
  const is = (said: Said, seen?: string): Port => ({ said, sessionId, seen })
  if (deps.isLocal(domain))
    return is(['unknown', `Mail for ${domain} comes to this computer: there is no other server to try it with.`])
  const late = new AbortController()
  const cancel = deps.clock.after(LONGEST_DIAL_MS, () => late.abort())
  try {
    const opened = await openOnce(
      { kind: 'direct', domain },
      deps,
      { signal: AbortSignal.any([signal, late.signal]), note: 'a look at the network: no mail is sent' },
      (id) => (sessionId = id ?? null),
    )
    if ('why' in opened) return is(wordsOf(opened.why, domain, deps.settings()['relay.port']))
    const { connection, host } = opened
    const seen = seenIn(connection.hello) ?? ownPublic(connection.localAddress)
    await connection.quit()
    return is(['ok', `${host} answers on port ${deps.settings()['relay.port']}.`], seen)
  } finally {
    cancel()
  }
}

/** The address a server sees us under, where its reply to EHLO names one: `mx.example at your service, [203.0.113.7]`. */
export function seenIn(hello: string): string | undefined {
  for (const [, text = ''] of hello.matchAll(/[[(](?:IPv6:)?([0-9a-f.:]{3,45})[\])]/gi))
    if (isIpAddress(text) && !isPrivate(text, new Set())) return text
  return undefined
}
const ownPublic = (address: string) => (isIpAddress(address) && !isPrivate(address, new Set()) ? address : undefined)

function wordsOf(why: Cause, domain: string, port: number): Said {
  switch (why.at) {
    case 'dns':
      return why.rcode === 'NXDOMAIN' || why.rcode === 'NODATA' || why.rcode === 'NULLMX'
        ? ['unknown', `${domain} has no mail server to try it with.`]
        : ['unknown', `The mail servers of ${domain} cannot be looked up now.`]
    case 'connect':
      return ['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'].includes(why.errno)
        ? ['unknown', 'This computer has no way to the Internet now.']
        : [
            'failed',
            `Port ${port} of ${why.mx} does not answer (${errnoWords(why.errno)}). Many networks close it: mail has to go through a provider from here.`,
          ]
    case 'reply':
      return ['failed', `${why.mx} does not take mail from this network: ${describeReply(why.reply)}`]
    case 'greeting':
    case 'tls':
    case 'protocol':
    case 'lost':
      return ['warning', `${why.mx} was reached, and the conversation broke off: ${why.reason}.`]
    default:
      return ['unknown', `The mail servers of ${domain} cannot be tried now.`]
  }
}

/** Names that networks give to homes and not to servers. */
const HOME_NAME =
  /(?:^|[.-])(?:dyn|dynamic|dhcp|dsl|adsl|vdsl|ppp|pppoe|dial|dialup|dialin|pool|cable|fiber|ftth|broadband|customer|cust|client|home|res|residential|static-ip|cpe|hsd\d*|lte|mobile)\d*(?:[.-]|$)/i

async function nameOf(address: string, ehloName: string, resolver: Resolver): Promise<Said> {
  const found = await resolver.lookup(reverseQuery(address), 'PTR')
  const name = found.kind === 'found' ? found.records[0] : undefined
  if (found.kind === 'SERVFAIL' || found.kind === 'TIMEOUT')
    return ['unknown', `The name of ${address} cannot be looked up now.`]
  if (name === undefined)
    return [
      'failed',
      `${address} has no name in the DNS (PTR). Many servers refuse such mail; who gives you the address can give it one.`,
    ]
  if (!(await leadsTo(name, address, resolver)))
    return ['failed', `${address} is called ${name}, which does not lead back to it. Many servers refuse such mail.`]
  const digits = address.split(/[.:]/).filter((part) => part !== '')
  const [host = ''] = name.split('.')
  if (HOME_NAME.test(name) || digits.filter((part) => host.includes(part)).length >= 3)
    return ['warning', `${address} is called ${name}, as addresses of homes are. Some servers refuse mail from those.`]
  if (ehloName !== '' && ehloName !== name)
    return ['warning', `${address} is called ${name}, and Posthorn greets as ${ehloName} (relay.ehloName).`]
  return ['ok', `${address} is called ${name}, and the name leads back to it.`]
}

async function spfOf(from: ForwardPath, address: string, { resolver, settings }: Deps): Promise<Said> {
  const { domain } = from
  const helo = ownNameOf(settings()) || domain
  const { result, term, reason } = await checkSpf({ address, sender: `${from.local}@${domain}`, helo }, resolver)
  switch (result) {
    case 'pass':
      return ['ok', `The SPF record of ${domain} lets ${address} send for it (${term}).`]
    case 'fail':
      return [
        'failed',
        `The SPF record of ${domain} does not let ${address} send for it (${term}): most servers refuse such mail.`,
      ]
    case 'softfail':
    case 'neutral':
      return [
        'warning',
        `The SPF record of ${domain} does not name ${address}: such mail often ends in the spam folder.`,
      ]
    case 'none':
      return ['warning', `${domain} has no SPF record that says who may send for it.`]
    case 'temperror':
      return ['unknown', `The SPF record of ${domain} cannot be read now: ${reason}.`]
    case 'permerror':
      return ['warning', `The SPF record of ${domain} is wrong: ${reason}.`]
    default:
      return result satisfies never
  }
}

/** Where nobody knows the address: at least whether there is a record. */
async function recordOnly(domain: string, resolver: Resolver): Promise<Said> {
  const has = await hasSpf(domain, resolver)
  if (has === undefined) return ['unknown', `The SPF record of ${domain} cannot be read now.`]
  return has
    ? ['unknown', `${domain} has an SPF record. Whether it lets this network send cannot be told from here.`]
    : ['warning', `${domain} has no SPF record that says who may send for it.`]
}

/** Asks a list that is kept in the DNS (RFC 5782). */
async function listed(address: string, zone: string, resolver: Resolver): Promise<Said> {
  const name = reverseQuery(address).replace(/\.(?:in-addr|ip6)\.arpa$/, `.${zone}`)
  const found = await resolver.lookup(name, 'A')
  if (found.kind === 'NXDOMAIN' || found.kind === 'NODATA') return ['ok', `${zone} does not list ${address}.`]
  // 127.255.255.0/24 is how lists say that they answer no questions that come this way.
  if (found.kind !== 'found' || found.records.every((one) => one.startsWith('127.255.255.')))
    return ['unknown', `${zone} does not answer questions of your name servers.`]
  const isHome = found.records.every((one) => one === '127.0.0.10' || one === '127.0.0.11')
  return isHome
    ? [
        'failed',
        `${zone} lists ${address} as an address of a home, from which no mail is expected. Many servers refuse it.`,
      ]
    : [
        'failed',
        `${zone} lists ${address} (${found.records.slice(0, 5).join(', ')}). Many servers refuse mail from it.`,
      ]
}
