import type { Changes } from '../base/changes.ts'
import type { Cancel } from '../base/clock.ts'
import { isFault, reasonOf } from '../base/fault.ts'
import type { Rule } from '../model/rule.ts'
import type { Accept } from '../model/submission.ts'
import type { Settings } from '../settings.ts'
import { getMessage } from '../store/message-list.ts'
import type { RuleApplied } from '../store/rule-apply.ts'
import { listDueSends, nextSendMs } from '../store/rule-send.ts'
import { listTodo, nextTodoMs, type RuleTodo } from '../store/rule-todo.ts'
import { listRules } from '../store/rule.ts'
import { RuleSender } from './rule-sender.ts'
import { limitsOf, sort, type SortDeps } from './rule-sort.ts'

/** What sorting mail that comes needs. */
export interface RunnerDeps extends SortDeps {
  readonly accept: Accept
  readonly settings: () => ReturnType<SortDeps['settings']> & Pick<Settings, 'rules.historyDays'>
  /** Folders that changed: mail may have come. */
  readonly mailChanges: Changes<number>
  readonly onFolders: (folderIds: readonly number[]) => void
  /** Rules whose counts or troubles changed. */
  readonly ruleChanges: Changes<number>
  readonly log: (line: string) => void
}

/** Messages, and jobs, of one turn. */
const AT_ONCE = 25
/** A message that no rule can be asked about is tried so often, some time apart. */
const MOST_TRIES = 3
const AGAIN_MS = 60_000
const DAY_MS = 86_400_000

/** What is being written; in an object, or whoever waits for the asking would wait for this, too. */
interface Begun {
  readonly applied: Promise<RuleApplied | undefined>
}

/** Asks rules about mail that has come, whichever way, and sends what they say: also what a stop has left to do. */
export class RuleRunner {
  readonly #deps: RunnerDeps
  readonly #sender: RuleSender
  #running: Promise<void> | undefined
  #isAgain = false
  #isClosed = false
  #cancel: Cancel = () => {}
  #cancelForget: Cancel = () => {}
  #unwatch = () => {}
  #rules: { readonly key: string; readonly rules: readonly Rule[] } = { key: '[]', rules: [] }

  constructor(deps: RunnerDeps) {
    this.#deps = deps
    this.#sender = new RuleSender(deps)
  }

  start(): void {
    this.#unwatch = this.#deps.mailChanges.watch(() => this.wake())
    this.#cancelForget = this.#deps.clock.after(AGAIN_MS, () => void this.#forget())
    this.wake()
  }

  /** Looks whether there is something to do. */
  wake(): void {
    if (this.#isClosed) return
    this.#isAgain = true
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
  }

  /** Resolves when all that is due has been done. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#unwatch()
    this.#cancel()
    this.#cancelForget()
    await this.#running
  }

  async #run(): Promise<void> {
    const { store, clock, log } = this.#deps
    this.#cancel()
    try {
      while (this.#isAgain && !this.#isClosed) {
        this.#isAgain = false
        for (;;) {
          const todo = listTodo(store.read, clock.nowMs(), AT_ONCE)
          if (todo.length === 0 || this.#isClosed) break
          await this.#sortSome(todo)
        }
        for (;;) {
          const sends = listDueSends(store.read, clock.nowMs(), AT_ONCE)
          if (sends.length === 0 || this.#isClosed) break
          for (const one of sends) if (!this.#isClosed) await this.#sender.send(one)
        }
      }
      this.#sleep()
    } catch (error) {
      // Such as a full disk: what is to be done is written down, and nothing of it is lost.
      if (this.#isClosed) return
      log(`sort mail: ${reasonOf(error)}`)
      this.#cancel = clock.after(AGAIN_MS, () => this.wake())
    }
  }

  #sleep(): void {
    const { store, clock } = this.#deps
    const dues = [nextTodoMs(store.read), nextSendMs(store.read)].filter((ms) => ms !== null)
    if (dues.length > 0 && !this.#isClosed)
      this.#cancel = clock.after(Math.max(Math.min(...dues) - clock.nowMs(), 1), () => this.wake())
  }

  /** The rules that are asked; the same list while they are the same, so that the thread is told them once. */
  #enabled(): readonly Rule[] {
    const rules = listRules(this.#deps.store.read)
      .filter(({ enabled }) => enabled)
      .map(({ id, name, enabled, scope, condition, actions }) => ({ id, name, enabled, scope, condition, actions }))
    const key = JSON.stringify(rules)
    if (key !== this.#rules.key) this.#rules = { key, rules }
    return this.#rules.rules
  }

  async #sortSome(todo: readonly RuleTodo[]): Promise<void> {
    const { onFolders, ruleChanges } = this.#deps
    const rules = this.#enabled()
    const touched = new Set<number>()
    const matched = new Set<number>()
    // Asked in the order they came and written in that order, many in one commit.
    const begun: Promise<RuleApplied | undefined>[] = []
    try {
      for (const one of todo) if (!this.#isClosed) begun.push((await this.#sortOne(one, rules)).applied)
    } finally {
      await Promise.allSettled(begun)
    }
    for (const applied of await Promise.all(begun)) {
      for (const id of applied?.folderIds ?? []) touched.add(id)
      for (const { id } of applied?.rules ?? []) matched.add(id)
    }
    if (touched.size > 0) onFolders([...touched])
    if (matched.size > 0) ruleChanges.emit(...matched)
  }

  /** Asks rules about one message, and begins to do what they say. */
  async #sortOne({ messageId, source, tries }: RuleTodo, rules: readonly Rule[]): Promise<Begun> {
    const { store, clock, settings, log } = this.#deps
    const message = getMessage(store.read, messageId)
    const limits = limitsOf(settings())
    if (message === undefined || rules.length === 0)
      return { applied: store.write('rule.apply', { messageId, how: 'arrival', rules: [], limits }) }
    try {
      const plan = await sort(this.#deps, message, source, rules, { how: 'arrival', sends: true })
      return { applied: store.write('rule.apply', { ...plan, limits }) }
    } catch (error) {
      if (this.#isClosed || (isFault(error) && error.code.startsWith('store.'))) throw error
      const reason = reasonOf(error)
      log(`sort message ${messageId}: ${reason}`)
      if (tries + 1 < MOST_TRIES)
        await store.write('rule.todo-later', { messageId, dueMs: clock.nowMs() + AGAIN_MS * 2 ** tries })
      else await store.write('rule.give-up', { messageId, reason })
      return { applied: Promise.resolve(undefined) }
    }
  }

  /** Forgets what was done long ago, some at a time. */
  async #forget(): Promise<void> {
    const { store, clock, settings, log } = this.#deps
    let more = false
    try {
      more = await store.write('rule.forget', { beforeMs: clock.nowMs() - settings()['rules.historyDays'] * DAY_MS })
    } catch (error) {
      log(`forget what rules did: ${reasonOf(error)}`)
    }
    if (!this.#isClosed) this.#cancelForget = clock.after(more ? 1000 : DAY_MS / 4, () => void this.#forget())
  }
}
