import { MEANINGS, type Meaning, type ReplyKind } from './reply-advice.ts'
import { REPLY_RULES } from './reply-rules.ts'
import { BASIC, STATUS } from './reply-status.ts'
import type { Reply } from './reply.ts'

/** What a refusal means, and the rule that knew it. */
export interface Advice extends Meaning {
  readonly kind: ReplyKind
  readonly rule: string
}

/** More of a reply is not looked at: what matters stands at its beginning, and its length is the other side's choice. */
const LONGEST_TEXT = 2000
const MOST_LINES = 50
/** Left out: <virus@sender.example> is no virus. */
const ADDRESS = /[^\s<>:,;()]{1,320}@[^\s<>:,;()]{1,255}/g

/** What a refusing reply means; undefined for one that refuses nothing. */
export function adviceOf(reply: Reply): Advice | undefined {
  const code = String(reply.code)
  if (!/^[45]\d\d$/.test(code)) return undefined
  const status = reply.enhanced ?? ''
  const text = reply.lines
    .slice(0, MOST_LINES)
    .join(' ')
    .slice(0, LONGEST_TEXT)
    .replace(ADDRESS, '@')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()
  const found = REPLY_RULES.find(
    (one) => (one.code?.test(code) ?? true) && (one.status?.test(status) ?? true) && (one.text?.test(text) ?? true),
  )
  return found && { kind: found.kind, rule: found.id, ...MEANINGS[found.kind] }
}

/**
 * A reply as it stands in a log or in a report: on one line, or on several with the codes before each. Undefined for text that
 * does not begin with a reply code.
 */
export function readReply(text: string): Reply | undefined {
  const lines = text.slice(0, 10_000).split(/\r?\n/).slice(0, 128)
  const first = /^ ?([2-5]\d\d)(?:[ -]|$)/.exec(lines[0] ?? '')
  if (!first) return undefined
  const code = Number(first[1])
  const parsed = lines.map((line) => {
    const bare = line.trimStart().startsWith(String(code)) ? line.trimStart().slice(3).replace(/^[ -]/, '') : line
    const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?:[ ;:]|$)/.exec(bare.trimStart())?.[1]
    return { enhanced, text: enhanced === undefined ? bare : bare.trimStart().slice(enhanced.length).trimStart() }
  })
  const enhanced = parsed.find((line) => line.enhanced !== undefined)?.enhanced
  return { code, ...(enhanced === undefined ? {} : { enhanced }), lines: parsed.map((line) => line.text) }
}

/** The advice on a reply as it is stored or shown; null where there is none to give. */
export function adviceOfText(text: string | null): Advice | null {
  const reply = text === null ? undefined : readReply(text)
  return (reply && adviceOf(reply)) ?? null
}

/** What a line of a server means, for people who do not read RFCs for breakfast. */
export interface Explanation {
  readonly title: string
  readonly text: string
  /** Where it is written down. */
  readonly source: string
}

/** RFC 2449 §8, RFC 3206: POP3's response codes. */
const POP3: Readonly<Record<string, readonly [title: string, text: string, source: string]>> = {
  'IN-USE': [
    'The maildrop is in use',
    'Another program has this mailbox open; it can be read when that one is done.',
    'RFC 2449 §8.1.2',
  ],
  'LOGIN-DELAY': ['Too soon after the last login', 'The server wants a pause between two logins.', 'RFC 2449 §8.1.1'],
  'SYS/TEMP': [
    'The server has trouble of its own',
    'The server has trouble of its own; another try may work.',
    'RFC 3206 §4',
  ],
  'SYS/PERM': ['The server has trouble of its own', 'The server has trouble that needs its operator.', 'RFC 3206 §4'],
  'AUTH': [
    'The login was refused',
    'User name or password is wrong, the provider wants an app password, or this mailbox may not be read this way.',
    'RFC 3206 §5',
  ],
}

/** Explains a refusing line of an SMTP or POP3 server, or says nothing when there is nothing to add to its own words. */
export function explainRefusal(line: string): Explanation | undefined {
  if (/^-ERR/i.test(line)) return explainPop3(line)
  const reply = readReply(line)
  if (!reply || reply.code < 400) return undefined
  const advice = adviceOf(reply)
  const source = `${reply.enhanced === undefined ? 'RFC 5321 §4.2.3' : 'RFC 3463 §3'}, rule ${advice?.rule ?? 'none'}`
  // What was known by its code alone is told by the code's own words.
  const isByCode = REPLY_RULES.every(({ id, text }) => id !== advice?.rule || text === undefined)
  const words = isByCode ? (statusWords(reply.enhanced) ?? BASIC[String(reply.code)]) : undefined
  if (words) {
    const later = reply.code < 500 ? ' Posthorn tries again by itself.' : ''
    return { title: words[0], text: words[1] + later, source }
  }
  return advice && { title: advice.title, text: `${advice.meaning} ${advice.next}`, source }
}

function explainPop3(line: string): Explanation {
  const code = /^-ERR +\[([A-Z/-]{1,40})\]/i.exec(line)?.[1]?.toUpperCase() ?? ''
  const isLogin = /\bauth|passw|login|credential|invalid user/i.test(line.slice(0, LONGEST_TEXT))
  const known = POP3[code] ?? (isLogin ? POP3['AUTH'] : /lock/i.test(line.slice(0, 500)) ? POP3['IN-USE'] : undefined)
  if (known) return { title: known[0], text: known[1], source: known[2] }
  return {
    title: 'The server says no',
    text: 'POP3 has one word for every refusal; the rest of the line is the server’s own.',
    source: 'RFC 1939 §3',
  }
}

function statusWords(enhanced: string | undefined) {
  return enhanced === undefined ? undefined : STATUS[enhanced.slice(2)]
}

/** What any reply of an SMTP or POP3 server means, in one or two sentences; undefined when there is nothing to add. */
export function explainReply(line: string): string | undefined {
  const refusal = explainRefusal(line)
  if (refusal) return refusal.text
  const code = /^([23]\d\d)(?:[ -]|$)/.exec(line)?.[1]
  return code === undefined ? undefined : BASIC[code]?.[1]
}
