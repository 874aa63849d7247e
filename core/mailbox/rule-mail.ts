import { decodeHeaderText } from '../message/charset.ts'
import { firstValue, readHeader, valueOf, type Header } from '../message/headers.ts'
import { readFields, readMessage } from '../message/read.ts'
import type { MailFacts, NamedAddress } from '../model/rule-evaluate.ts'
import type { RuleSource } from '../model/rule.ts'
import { readAuth } from './rule-auth.ts'

/** What the store knows of a message when rules are asked about it. */
export interface KnownOfMail {
  readonly sizeBytes: number
  readonly ageMs: number
  readonly isContact: boolean
  /** It looks like what the person has put among the junk; false where no rule asks. */
  readonly isJunk: boolean
  readonly attachments: number
  readonly source: RuleSource
  /** The server whose Authentication-Results count; null for none. */
  readonly trusted: string | null
}
/** What the header says that decides whether a rule may send anything because of it. */
export interface SendingFacts {
  /** Return-Path: an address without brackets, '' for the null reverse-path; null where there is none. */
  readonly returnPath: string | null
  /** The keyword of Auto-Submitted (RFC 3834 §5), lower case; 'no' where there is none. */
  readonly autoSubmitted: string
  readonly precedence: string
  /** X-Auto-Response-Suppress of other mail systems. */
  readonly suppress: string
  readonly isList: boolean
  /** A delivery report or a read receipt (RFC 6522). */
  readonly isReport: boolean
  /** Values of X-Loop. */
  readonly loops: readonly string[]
  readonly received: readonly string[]
  /** Whom it is addressed to: To, Cc, Resent-To, Resent-Cc. */
  readonly addressees: readonly string[]
  readonly from: readonly string[]
  readonly subject: string
  readonly messageId: string
  readonly references: string
}

const MOST_VALUES = 200
const LONGEST_VALUE = 20_000
const LIST_FIELDS = [
  'list-id',
  'list-post',
  'list-unsubscribe',
  'list-help',
  'list-subscribe',
  'list-owner',
  'list-archive',
]

/** A message's header, read once for all that rules ask of it. */
export class RuleMail {
  readonly #raw: Uint8Array
  readonly #header: Header
  readonly #known: KnownOfMail
  #people: ReturnType<typeof readMessage> | undefined
  #body: string | undefined

  constructor(raw: Uint8Array, known: KnownOfMail) {
    this.#raw = raw
    this.#header = readHeader(raw)
    this.#known = known
  }

  values(name: string): string[] {
    return this.#header.fields
      .filter((field) => field.name === name)
      .slice(0, MOST_VALUES)
      .map((field) => valueOf(this.#raw, field).slice(0, LONGEST_VALUE))
  }

  #read() {
    return (this.#people ??= readMessage(this.#raw.subarray(0, this.#header.bodyAt)))
  }

  facts(): MailFacts {
    const listId = this.values('list-id')[0]
    const auth = readAuth(this.values('authentication-results'), this.#known.trusted)
    return {
      ...this.#known,
      auth,
      header: (name) => this.values(name).map(decodeHeaderText),
      people: (field): readonly NamedAddress[] => this.#read()[field],
      subject: decodeHeaderText(firstValue(this.#raw, this.#header, 'subject') ?? ''),
      body: () => (this.#body ??= readFields(this.#raw).body),
      listId: listId === undefined ? null : decodeHeaderText(listId),
      isList: listId !== undefined || this.values('list-post').length > 0,
    }
  }

  sending(): SendingFacts {
    const first = (name: string) => this.values(name)[0] ?? ''
    const read = this.#read()
    const resent = [...this.values('resent-to'), ...this.values('resent-cc')]
    const returnPath = this.values('return-path')[0]
    return {
      returnPath: returnPath === undefined ? null : returnPath.trim().replace(/^<(.*)>$/, '$1'),
      autoSubmitted: /^[a-z-]+/.exec(first('auto-submitted').trim().toLowerCase())?.[0] ?? 'no',
      precedence: first('precedence').trim().toLowerCase(),
      suppress: first('x-auto-response-suppress').toLowerCase(),
      isList: LIST_FIELDS.some((name) => this.values(name).length > 0),
      isReport: /^\s*multipart\/report\b/i.test(first('content-type')),
      loops: this.values('x-loop').map((one) => one.trim().slice(0, 320)),
      received: this.values('received'),
      addressees: [
        ...[...read.to, ...read.cc].map(({ address }) => address),
        ...resent.flatMap((value) => value.match(/[^\s<>,;"()]+@[^\s<>,;"()]+/g) ?? []),
      ].slice(0, MOST_VALUES),
      from: read.from.map(({ address }) => address),
      subject: read.subject,
      messageId: read.messageId,
      references: read.references || read.inReplyTo,
    }
  }
}
