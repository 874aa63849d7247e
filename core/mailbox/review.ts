import { parseAddresses } from '../message/addresses.ts'
import { formatMailbox, parseMailbox, type Domain, type Mailbox } from '../model/address.ts'
import { announcedFile } from '../model/attachment-words.ts'
import { LARGEST_WRITTEN_BYTES, sentSize, type SizedFile } from '../model/sent-size.ts'
import type { Identity } from '../store/identity.ts'
import { findSuppressed } from '../store/suppression.ts'
import type { ReadDb } from '../store/types.ts'
import type { Draft } from './composition.ts'

/** What speaks against sending, as `compose.review` tells it. */
export interface Finding {
  readonly kind:
    | 'no-subject'
    | 'no-text'
    | 'no-attachment'
    | Exclude<DomainMail, 'takes-mail' | 'unknown'>
    | 'came-back'
    | 'many-visible'
    | 'too-large'
    | 'large'
    | 'no-spf'
    | 'no-dkim'
  readonly level: 'ask' | 'note'
  readonly about: string[]
}
/** What DNS says of a domain's mail. `unknown`: it gave no answer, which speaks against nobody. */
export type DomainMail = 'takes-mail' | 'no-domain' | 'null-mx' | 'no-server' | 'unknown'

/** What a server takes at most, as it said itself. */
export interface SizeLimit {
  readonly host: string
  readonly largestBytes: number
  readonly seenMs: number
  /** Whose mail goes there, of those asked for. */
  readonly domains: readonly Domain[]
}
/** What is known of the servers that mail to these domains would go to, the smallest first. Never throws. */
export type SizeLimits = (from: Mailbox | null, domains: readonly Domain[]) => Promise<readonly SizeLimit[]>

/** What looking at a message before it is sent is wired to. */
export interface ReviewDeps {
  readonly read: ReadDb
  /** Joint: who takes a domain's mail. Never throws. */
  readonly domainMail: (domain: Domain) => Promise<DomainMail>
  /** Joint: whether mail from there to a domain goes straight to its servers, and not by a smarthost, whose owner sees to the rest. */
  readonly isDirect: (from: Mailbox, domain: Domain) => boolean
  /** Joint: whether a domain says in DNS who may send its mail (RFC 7208); undefined where DNS gave no answer. */
  readonly hasSpf: (domain: Domain) => Promise<boolean | undefined>
  /** Joint. */
  readonly limitsFor: SizeLimits
  /** Joint: whether mail of a domain is signed. */
  readonly isSigned: (domain: Domain) => boolean
}
/** A draft as far as it is looked at. */
export type Reviewed = Omit<Draft, 'attachments'> & {
  readonly attachments: readonly (SizedFile & { readonly contentId?: string | undefined })[]
}

/** From so many people on, each of whom sees the others, Bcc is offered. */
const MANY_VISIBLE = 15
/** More than this many servers refuse (20 to 25 MB is what the large providers say). */
const LARGE_BYTES = 20 * 1024 * 1024
const MOST_DOMAINS = 50
const MOST_TOLD = 20

/** What speaks against sending a message as it is; what asks for a look comes first. Never throws. */
export async function review(draft: Reviewed, identity: Identity | undefined, deps: ReviewDeps): Promise<Finding[]> {
  const mailboxes = (text: string) =>
    parseAddresses(text).flatMap(({ address }) => (address === null ? [] : (parseMailbox(address) ?? [])))
  const visible = mailboxes(`${draft.to}, ${draft.cc}`)
  const all = [...visible, ...mailboxes(draft.bcc)]
  const found: Finding[] = []
  const ask = (kind: Finding['kind'], about: readonly string[] = []) =>
    found.push({ kind, level: 'ask', about: about.slice(0, MOST_TOLD) })
  if (draft.subject.trim() === '') ask('no-subject')
  const files = draft.attachments.filter((one) => one.contentId === undefined)
  // Some say all they have to say in the subject.
  if (draft.subject.trim() === '' && files.length === 0 && isBlank(draft)) ask('no-text')
  const announced = files.length > 0 ? undefined : announcedFile(draft.subject, draft.text)
  if (announced !== undefined) ask('no-attachment', [announced])
  const own = identity?.mailbox
  const domains = [...new Set(all.map(({ domain }) => domain))].slice(0, MOST_DOMAINS)
  const direct = domains.filter((domain) => own === undefined || deps.isDirect(own, domain))
  const answers = await Promise.all(direct.map((domain) => deps.domainMail(domain)))
  for (const kind of ['no-domain', 'null-mx', 'no-server'] as const) {
    const named = direct.filter((_, at) => answers[at] === kind)
    if (named.length > 0) ask(kind, named)
  }
  const cameBack = all.filter((mailbox) => findSuppressed(deps.read, mailbox) !== undefined).map(formatMailbox)
  if (cameBack.length > 0) ask('came-back', [...new Set(cameBack)])
  const seen = new Set(visible.map(formatMailbox)).size
  if (seen >= MANY_VISIBLE) ask('many-visible', [String(seen)])
  const note = (kind: Finding['kind'], about: string) => found.push({ kind, level: 'note', about: [about] })
  const bytes = sentSize(draft.text.length + (draft.html?.length ?? 0), draft.attachments)
  const limits = files.length === 0 ? [] : await deps.limitsFor(own ?? null, domains)
  const [least] = limits
  if (bytes > LARGEST_WRITTEN_BYTES) ask('too-large', [String(bytes), String(LARGEST_WRITTEN_BYTES)])
  else if (least !== undefined && bytes > least.largestBytes)
    ask('too-large', [String(bytes), String(least.largestBytes), least.host])
  // Where each of the servers has said what it takes there is nothing to guess.
  else if (bytes > LARGE_BYTES && limits.flatMap((one) => one.domains).length < domains.length)
    note('large', String(bytes))
  if (own !== undefined && direct.length > 0) {
    if ((await deps.hasSpf(own.domain)) === false) note('no-spf', own.domain)
    if (!deps.isSigned(own.domain)) note('no-dkim', own.domain)
  }
  return found
}

/** True where there is nothing to read: a signature is not. */
function isBlank({ text, html }: Reviewed): boolean {
  const own = text.split(/^-- $/m, 1)[0] ?? ''
  return own.trim() === '' && !/<img\b/.test(html ?? '')
}
