import { setImmediate as nextTurn } from 'node:timers/promises'
import { isFault, reasonOf } from '../base/fault.ts'
import type { RulePlan } from '../model/rule-plan.ts'
import type { Rule } from '../model/rule.ts'
import type { RuleDoneView, RuleRunPage } from '../rpc/rules-contract.ts'
import type { SearchNode } from '../model/search-query.ts'
import { getFolder, noFolder } from '../store/folder.ts'
import { getMessage, type Cursor, type Message } from '../store/message-list.ts'
import type { RuleApplied } from '../store/rule-apply.ts'
import { sourceOf } from '../store/rule-todo.ts'
import { parseQuery } from './find-handlers.ts'
import { limitsOf, sort, type SortDeps } from './rule-sort.ts'

/** Messages rules are run over. */
export type RunOver =
  | { readonly kind: 'folder'; readonly folderId: number }
  | { readonly kind: 'query'; readonly text: string }
  | { readonly kind: 'messages'; readonly ids: readonly number[] }

/** What is run. */
export interface RunInput {
  readonly rules: readonly Rule[]
  readonly over: RunOver
  readonly sends: boolean
  readonly isDry: boolean
}
export interface RunDeps extends SortDeps {
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly onRules: (ids: readonly number[]) => void
}

/** Ids that are found out at once; more than any window shows of what was done. */
const PAGE = 200
const MOST_SHOWN = 1000
/** What a query that asks for nothing stands for here. */
const ALL_MAIL: SearchNode = { kind: 'size', than: 'larger', bytes: -1 }
/** Messages of one turn, and of one commit. How far it is, is said after each. */
const AT_ONCE = 25

/** Ids of what a run is over, page by page. Throws `search.invalid` and `not-found`. */
async function* targets(
  { store, clock }: SortDeps,
  over: RunOver,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly number[], void, void> {
  if (over.kind === 'messages') return yield [...new Set(over.ids)]
  if (over.kind === 'folder') {
    if (getFolder(store.read, over.folderId) === undefined) throw noFolder(over.folderId)
    for (let after: Cursor | null = null; ;) {
      const page: Cursor[] = await store.query('rule.folder', { folderId: over.folderId, after, limit: PAGE }, signal)
      yield page.map(({ id }) => id)
      after = page.at(-1) ?? null
      if (page.length < PAGE) return
    }
  }
  const query = parseQuery(over.text) ?? ALL_MAIL
  const nowMs = clock.nowMs()
  for (let before: number | null = null; ;) {
    const found: { readonly rows: readonly Message[]; readonly before: number | null } = await store.query(
      'message.search',
      { query, before, limit: PAGE, nowMs },
      signal,
    )
    yield found.rows.map(({ id }) => id)
    before = found.before
    if (before === null) return
  }
}

/**
 * Runs rules over mail that is here, message by message; all of a message is done in one operation, so a stop leaves none half done.
 * Stops when `signal` aborts. Throws `search.invalid` and `not-found`.
 */
export async function* runRules(
  deps: RunDeps,
  input: RunInput,
  signal?: AbortSignal,
): AsyncGenerator<RuleRunPage, void, void> {
  const { store, onFolders, onRules } = deps
  const { over } = input
  const known = over.kind === 'folder' ? getFolder(store.read, over.folderId)?.total : undefined
  const total = over.kind === 'messages' ? new Set(over.ids).size : (known ?? null)
  let looked = 0
  let matched = 0
  let failed = 0
  let shown = 0
  let sent = 0
  let messages: RuleDoneView[] = []
  const page = (ended: boolean): RuleRunPage => {
    const said = messages
    messages = []
    return { looked, total: ended ? looked : total, matched, failed, messages: said, ended }
  }
  const touched = new Set<number>()
  const fitted = new Set<number>()
  const tell = () => {
    if (!input.isDry && touched.size > 0) onFolders([...touched])
    if (!input.isDry && fitted.size > 0) onRules([...fitted])
    touched.clear()
    fitted.clear()
  }
  try {
    for await (const ids of targets(deps, over, signal)) {
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        if (signal?.aborted) return
        for (const done of await runSome(deps, input, ids.slice(from, from + AT_ONCE), sent)) {
          looked++
          if (done === undefined || done.plan.rules.length === 0) continue
          matched++
          sent += done.applied.sent
          failed += done.applied.rules.flatMap(({ steps }) => steps).filter(({ state }) => state === 'failed').length
          for (const folder of done.applied.folderIds) touched.add(folder)
          for (const rule of done.plan.rules) fitted.add(rule.id)
          if (shown++ < MOST_SHOWN) messages.push(toDone(done))
        }
        tell()
        yield page(false)
        await nextTurn()
      }
    }
    tell()
    yield page(true)
  } finally {
    tell()
  }
}

interface Done {
  readonly message: Message
  readonly plan: RulePlan
  readonly applied: RuleApplied
}

/** What is done with one message; in an object, or whoever waits for the asking would wait for this, too. */
interface Begun {
  readonly done: Promise<Done | undefined>
}

/** Asks about some messages one after the other; what is to be done is written together. */
async function runSome(
  deps: RunDeps,
  input: RunInput,
  ids: readonly number[],
  sentBefore: number,
): Promise<(Done | undefined)[]> {
  const begun: Promise<Done | undefined>[] = []
  let sent = sentBefore
  try {
    for (const id of ids) {
      const one = await beginOne(deps, input, id, sent)
      begun.push(one.done)
      // What would have been sent counts for the next message.
      if (input.isDry) sent += (await one.done)?.applied.sent ?? 0
    }
  } finally {
    await Promise.allSettled(begun)
  }
  return Promise.all(begun)
}

async function beginOne(deps: RunDeps, input: RunInput, id: number, sent: number): Promise<Begun> {
  const { store, settings } = deps
  const message = getMessage(store.read, id)
  const folder = message && getFolder(store.read, message.folderId)
  if (message === undefined || folder === undefined) return { done: Promise.resolve(undefined) }
  const source = sourceOf(store.read, id, folder)
  const limits = limitsOf(settings())
  try {
    const plan = await sort(deps, message, source, input.rules, { how: 'asked', sends: input.sends })
    if (plan.rules.length === 0) return { done: Promise.resolve(undefined) }
    const written = store.write('rule.apply', { ...plan, limits, ...(input.isDry && { dryRun: { sent } }) })
    return {
      done: written.then((applied) => (applied.state === 'gone' ? undefined : { message, plan, applied })),
    }
  } catch (error) {
    if (isFault(error) && error.code.startsWith('store.')) throw error
    return { done: Promise.resolve(notLookedAt(message, input, reasonOf(error))) }
  }
}

function notLookedAt(message: Message, input: RunInput, reason: string): Done {
  const id = input.rules[0]?.id ?? 0
  const steps = [{ text: `not looked at: ${reason}`, state: 'failed' as const }]
  return {
    message,
    plan: { messageId: message.id, how: 'asked', rules: [{ id, name: '', steps: [] }] },
    applied: { state: 'done', rules: [{ id, steps }], folderIds: [], sent: 0 },
  }
}

function toDone({ message, plan, applied }: Done): RuleDoneView {
  const { id, subject, authorAddress, dateMs, folderId } = message
  return {
    messageId: id,
    subject,
    authorAddress,
    dateMs,
    folderId,
    rules: plan.rules.map((rule) => ({ id: rule.id, name: rule.name })),
    steps: applied.rules.flatMap(({ id: ruleId, steps }) =>
      steps.map(({ text, state }) => ({ ruleId, text, done: state === 'done' })),
    ),
  }
}
