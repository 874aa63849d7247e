import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import { formatMailbox, isLiteral, parseMailbox, type Mailbox } from '../model/address.ts'
import { contract } from '../rpc/contract.ts'
import type { AliasView, ResolutionView } from '../rpc/views.ts'
import { listAliases, type Alias, type AliasSide } from '../store/alias.ts'
import type { Store } from '../store/types.ts'
import type { LocalMail } from './local.ts'

export interface AliasDeps {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly local: LocalMail
  /** Ids of lines that changed. */
  readonly changes: Changes<number>
}

/** Lines looked at in one turn of the event loop: each asks the store where its targets lead. */
const PAGE = 50
const DELIVERABLE = '250 2.1.5 ok'

/** Answers `alias.*`: the table, and where mail to an address would go. */
export function aliasHandlers({ store, local, changes }: AliasDeps) {
  const os = implement(contract.alias)
  return {
    list: os.list.handler(async () => {
      const found: AliasView[] = []
      for (;;) {
        const page = listAliases(store.read, found.at(-1)?.id ?? 0, PAGE)
        found.push(...page.map((alias) => toView(alias, local)))
        if (page.length < PAGE) return found
        await new Promise((resolve) => setImmediate(resolve))
      }
    }),
    set: os.set.handler(async ({ input }) => {
      const patterns = unique(input.patterns.map((text) => parseSide(text, 'pattern'))).map(
        ({ local: part, domain }) => ({ local: part.toLowerCase(), domain }),
      )
      const targets = unique(input.targets.map((text) => parseSide(text, 'target')))
      const stored = await store.write('alias.set', { id: input.id ?? null, patterns, targets })
      changes.emit(stored.id)
      return toView(stored, local)
    }),
    remove: os.remove.handler(async ({ input }) => {
      await store.write('alias.remove', { id: input.id })
      changes.emit(input.id)
      return { ok: true as const }
    }),
    resolve: os.resolve.handler(({ input }): ResolutionView => {
      const mailbox = parseMailbox(input.address.trim())
      if (mailbox === undefined) throw noAddress('say where mail goes', input.address, 'not of the form local@domain')
      return resolutionOf(mailbox, local)
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}

function resolutionOf(mailbox: Mailbox, local: LocalMail): ResolutionView {
  const { destination, path } = local.explain(mailbox)
  const { mailboxes, forwards, refusal } = destination
  const isLocal = local.isLocal(mailbox.domain)
  return {
    address: formatMailbox(mailbox),
    mailboxes: mailboxes.map(local.nameOf),
    forwards: forwards.map(formatMailbox),
    reply: !isLocal
      ? '550 5.7.1 relaying denied'
      : refusal === undefined
        ? DELIVERABLE
        : `${refusal.code} ${refusal.enhanced ?? ''} ${refusal.lines.join(' ')}`,
    path: path.map((step) => ({ ...step })),
  }
}

const formatSide = ({ local, domain }: AliasSide) =>
  local === '*' || domain === '*' ? `${local}@${domain}` : formatMailbox({ local, domain })

function toView(alias: Alias, local: LocalMail): AliasView {
  return {
    id: alias.id,
    patterns: alias.patterns.map(formatSide),
    targets: alias.targets.map(formatSide),
    problems: problemsOf(alias, local),
  }
}

/** What a person should mend in a line; what depends on the address that comes in cannot be told. */
function problemsOf({ patterns, targets }: Alias, local: LocalMail): string[] {
  const notOurs = patterns.filter(({ domain }) => domain !== '*' && !local.isLocal(domain))
  const nowhere = targets.filter(({ local: part, domain }) => {
    if (part === '*' || domain === '*' || !local.isLocal(domain)) return false
    const refusal = local.find({ local: part, domain }).refusal
    return refusal !== undefined && refusal.code >= 500
  })
  return [
    ...notOurs.map((side) => `${formatSide(side)}: ${side.domain} is not a local domain`),
    ...nowhere.map((side) => `${formatSide(side)} leads nowhere`),
  ]
}

/** One side as a person writes it. Throws `address.invalid`. */
function parseSide(text: string, what: 'pattern' | 'target'): AliasSide {
  const written = text.trim()
  const at = written.lastIndexOf('@')
  const [part, name] = [written.slice(0, at), written.slice(at + 1)]
  // A star stands for a whole side, and what is beside it has to be right by itself.
  const mailbox = parseMailbox(`${part === '*' ? 'x' : part}@${name === '*' ? 'x.example' : name}`)
  if (at < 1 || mailbox === undefined || isLiteral(mailbox.domain))
    throw noAddress(`read the ${what} "${written}"`, written, 'not of the form local@domain, *@domain or local@*')
  return { local: part === '*' ? '*' : mailbox.local, domain: name === '*' ? '*' : mailbox.domain }
}

function unique(sides: readonly AliasSide[]): AliasSide[] {
  return [...new Map(sides.map((side) => [`${side.local.toLowerCase()}@${side.domain}`, side])).values()]
}

function noAddress(doing: string, value: string, reason: string): Fault<'address.invalid'> {
  return new Fault('address.invalid', `${doing}: "${value}" is ${reason}`, { value, reason })
}
