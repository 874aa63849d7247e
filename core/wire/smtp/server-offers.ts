import type { Terms } from './server-terms.ts'

/** The mechanisms of AUTH this connection is offered, best first: some clients take the first they know. */
export function mechanisms(terms: Terms): string[] {
  // RFC 4954 §4: no mechanism that shows the password is offered where others can listen.
  if (!terms.offersLogin || (!terms.isSecure && !terms.allowsClearLogin)) return []
  const scram = terms.offersScram ? ['SCRAM-SHA-256'] : []
  const plus = terms.offersScram && terms.bindings.length > 0 ? ['SCRAM-SHA-256-PLUS'] : []
  return [...plus, ...scram, 'PLAIN', 'LOGIN']
}

/**
 * Whether reports, holding and deadlines may be asked for: by those who submit. To strangers none of it is offered, for a
 * report goes to an address that anybody can write into MAIL FROM.
 */
export function offersDelivery(terms: Terms): boolean {
  return terms.kind === 'submission'
}

/** The lines of EHLO behind our name (RFC 5321 §4.1.1.1): what this client can ask for now. */
export function offers(terms: Terms, isSignedIn: boolean): string[] {
  const lines = [
    'PIPELINING',
    `SIZE ${terms.messageBytes}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    'CHUNKING',
    `LIMITS ${terms.transactions === undefined ? '' : `MAILMAX=${terms.transactions} `}RCPTMAX=${terms.recipients}`,
  ]
  if (offersDelivery(terms)) lines.push('DSN', ...holding(terms), 'DELIVERBY')
  if (terms.isSecure) lines.push('REQUIRETLS') // RFC 8689 §2: never in the clear
  if (terms.offersLists && isSignedIn) lines.push('EXPN')
  lines.push('VERB', 'HELP')
  if (terms.offersTls && !terms.isSecure) lines.push('STARTTLS')
  const auth = mechanisms(terms)
  if (auth.length > 0) lines.push(`AUTH ${auth.join(' ')}`)
  return lines
}

/** RFC 4865 §4: the longest wait in seconds, and the moment that is from now. */
function holding({ longestHoldSeconds, nowMs }: Terms): string[] {
  if (longestHoldSeconds === 0) return []
  const latest = new Date(nowMs() + longestHoldSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
  return [`FUTURERELEASE ${longestHoldSeconds} ${latest}`]
}

const TOPICS: Readonly<Record<string, string>> = {
  EHLO: 'EHLO name: says who you are, and asks what is offered here',
  HELO: 'HELO name: as EHLO, for clients that know no extension',
  STARTTLS: 'STARTTLS: encrypts the rest of the session',
  AUTH: 'AUTH mechanism [response]: signs you in',
  MAIL: 'MAIL FROM:<address> [SIZE= BODY= SMTPUTF8 RET= ENVID= HOLDFOR= HOLDUNTIL= BY= REQUIRETLS]: begins a message',
  RCPT: 'RCPT TO:<address> [NOTIFY= ORCPT=]: names one recipient',
  DATA: 'DATA: the message comes next, and ends with a lone dot',
  BDAT: 'BDAT octets [LAST]: so many octets of the message come next',
  RSET: 'RSET: forgets the message under way',
  NOOP: 'NOOP: does nothing, and says so',
  VRFY: 'VRFY address: is not answered in earnest, lest anybody asks who is here',
  EXPN: 'EXPN list: names the members of a list of yours, once you are signed in',
  VERB: 'VERB [ON|OFF]: replies explain themselves',
  HELP: 'HELP [command]: this',
  QUIT: 'QUIT: ends the session',
}

/** What HELP says of a command, or of all of them. */
export function help(topic: string): readonly [string, ...string[]] {
  const known = Object.hasOwn(TOPICS, topic) ? TOPICS[topic] : undefined
  return known === undefined ? [Object.keys(TOPICS).join(' '), 'HELP and a command says more'] : [known]
}
