import { IMAP_WORDS } from './explain-imap.ts'
import { POP3_WORDS } from './explain-pop3.ts'
import { adviceOf, readReply, type Advice } from './explain-reply.ts'
import { SASL_WORDS } from './explain-sasl.ts'
import { SMTP_WORDS } from './explain-smtp.ts'
import type { ExplainedWord } from './explain-words.ts'
import { BASIC, STATUS, type StatusWords } from './reply-status.ts'

/** What a reply means by its codes and by the dictionary. `code` is null where only an enhanced one was asked for. */
export interface ExplainedReply {
  readonly code: number | null
  readonly enhanced: string | null
  readonly basic: { readonly title: string; readonly text: string } | null
  readonly class: string
  readonly status: {
    readonly title: string
    readonly text: string
    readonly rfc: number
    readonly section: string
  } | null
  readonly advice: Advice | null
}
/** All that a text can mean. */
export interface Explained {
  readonly reply: ExplainedReply | null
  readonly words: readonly ExplainedWord[]
}

/** All words that are explained. */
export const EXPLAINED_WORDS: readonly ExplainedWord[] = [...SMTP_WORDS, ...POP3_WORDS, ...IMAP_WORDS, ...SASL_WORDS]

/** What the first digit of a code says (RFC 5321 §4.2.1, RFC 3463 §2). */
export const CLASSES: Readonly<Record<string, string>> = {
  '2': 'Done: the server has done what was asked.',
  '3': 'Go on: the server waits for more.',
  '4': 'Not now: the same may succeed later, and is tried again.',
  '5': 'Never: the same would be refused again.',
}
/** Codes that other RFCs than 3463 have registered since. */
const DEFINED_IN: ReadonlyMap<string, number> = new Map([
  ['1.9', 3886],
  ['1.10', 7505],
  ['3.6', 6710],
  ['5.6', 4954],
  ['6.6', 4468],
  ['6.7', 6531],
  ['6.8', 6531],
  ['6.9', 6531],
  ['6.10', 6531],
  ['7.8', 4954],
  ['7.9', 4954],
  ['7.10', 5248],
  ['7.11', 4954],
  ['7.12', 4954],
  ['7.13', 5248],
  ['7.14', 4468],
  ['7.15', 6710],
  ['7.16', 6710],
  ['7.17', 7293],
  ['7.18', 7293],
  ['7.19', 7293],
  ['7.20', 7372],
  ['7.21', 7372],
  ['7.22', 7372],
  ['7.23', 7372],
  ['7.24', 7372],
  ['7.25', 7372],
  ['7.26', 7372],
  ['7.27', 7505],
  ['7.28', 5248],
  ['7.29', 8617],
  ['7.30', 8689],
])
/** RFC 3463 has a section for each subject. */
const sectionOf = (subject: string) => `3.${Number(subject) + 1}`

/** Words looked at in one text; the rest of a long line adds nothing. */
const MOST_TOKENS = 40

const titled = (words: StatusWords | undefined) => (words === undefined ? null : { title: words[0], text: words[1] })

function statusOf(enhanced: string | null): ExplainedReply['status'] {
  if (enhanced === null) return null
  const detail = enhanced.slice(2)
  const words = Object.hasOwn(STATUS, detail) ? titled(STATUS[detail]) : null
  if (words === null) return null
  const rfc = DEFINED_IN.get(detail)
  const [subject = '0'] = detail.split('.')
  return { ...words, rfc: rfc ?? 3463, section: rfc === undefined ? sectionOf(subject) : '' }
}

function replyOf(text: string): ExplainedReply | null {
  const alone = /^\s*([245])\.(\d{1,3}\.\d{1,3})\s*$/.exec(text)
  if (alone !== null) {
    const enhanced = `${alone[1]}.${alone[2]}`
    const advice = adviceOf({ code: Number(`${alone[1]}50`), enhanced, lines: [''] }) ?? null
    const known = statusOf(enhanced)
    return { code: null, enhanced, basic: null, class: CLASSES[alone[1] ?? ''] ?? '', status: known, advice }
  }
  const reply = readReply(text)
  if (reply === undefined) return null
  const { code, enhanced = null } = reply
  return {
    code,
    enhanced,
    basic: titled(BASIC[String(code)]),
    class: CLASSES[String(code)[0] ?? ''] ?? '',
    status: statusOf(enhanced),
    advice: adviceOf(reply) ?? null,
  }
}

/** Words of a text that may be words of a protocol: all of it, or what is written in capitals. */
function tokensOf(text: string): string[] {
  const whole = text.trim().replace(/[?!]+$/, '')
  const parts = whole
    .split(/[\s:<>()[\]{}"“”,;?!]+|(?<=\d{3})-/)
    .slice(0, MOST_TOKENS)
    .filter((part) => part === part.toUpperCase() && /[A-Z]{2}/.test(part))
  // `AUTH=PLAIN`, `THREAD=REFERENCES`, `SIZE=4096`, `THREAD=…`: the whole, and what stands before and behind.
  return [whole.toUpperCase(), ...parts.flatMap((part) => [part, ...part.split('=')])]
}

/** What a reply, a code, or a word of SMTP, POP3, IMAP, SASL or TLS means; nothing where nothing is known. */
export function explain(text: string): Explained {
  const tokens = new Set(tokensOf(text))
  return { reply: replyOf(text), words: EXPLAINED_WORDS.filter(({ word }) => tokens.has(word)) }
}
