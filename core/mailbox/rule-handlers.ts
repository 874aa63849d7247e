import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import { formatActions } from '../model/rule-action-text.ts'
import { formatCondition } from '../model/rule-text.ts'
import type { RuleNames } from '../model/rule-words.ts'
import type { Rule } from '../model/rule.ts'
import { contract } from '../rpc/contract.ts'
import type { RuleHistoryView, RuleView } from '../rpc/rules-contract.ts'
import { listRuleHistory } from '../store/rule-history.ts'
import { getRule, listRules, listTrusted, type StoredRule } from '../store/rule.ts'
import { requireSound } from './rule-check.ts'
import { formatDocument, parseDocument, parseTyped, withTags } from './rule-document.ts'
import { ruleNames } from './rule-names.ts'
import { runRules, type RunDeps, type RunInput } from './rule-run-handlers.ts'

/** What `rules.*` is wired to. */
export interface RuleHandlerDeps extends RunDeps {
  readonly changes: Changes<number>
  /** Tags were made. */
  readonly onTags: (ids: readonly number[]) => void
}

const done = { ok: true as const }
const COLOUR = '#3b82f6'
/** A rule that is only tried. */
const UNSAVED = 0

/** Answers `rules.*`. */
export function ruleHandlers(deps: RuleHandlerDeps) {
  const os = implement(contract.rules)
  const { store, local, changes } = deps
  const all = () => {
    const names = ruleNames(store.read)
    return listRules(store.read).map((rule) => toView(rule, names))
  }
  const one = (id: number): RuleView => {
    const rule = getRule(store.read, id)
    if (rule === undefined) throw noRule(id)
    return toView(rule, ruleNames(store.read))
  }
  const told = <T>(id: number, value: T): T => {
    changes.emit(id)
    return value
  }
  const toRun = (ruleIds: readonly number[] | null): Rule[] => {
    const rules = listRules(store.read)
    const gone = ruleIds?.find((id) => !rules.some((rule) => rule.id === id))
    if (gone !== undefined) throw noRule(gone)
    return rules.filter(({ id, enabled }) => (ruleIds === null ? enabled : ruleIds.includes(id)))
  }
  const run = (input: RunInput, signal: AbortSignal | undefined) => runRules(deps, input, signal)
  return {
    list: os.list.handler(all),
    save: os.save.handler(async ({ input: { id, ...rule } }) => {
      requireSound(store.read, local, rule)
      const saved = await store.write('rule.save', { ...rule, ...(id !== undefined && { id }) })
      return told(saved, one(saved))
    }),
    parse: os.parse.handler(({ input }) => {
      const { condition, actions } = parseTyped(input, ruleNames(store.read))
      return { condition, actions: [...actions] }
    }),
    setEnabled: os.setEnabled.handler(async ({ input }) => {
      await store.write('rule.enable', input)
      return told(input.id, one(input.id))
    }),
    remove: os.remove.handler(async ({ input }) => {
      await store.write('rule.remove', input)
      return told(input.id, done)
    }),
    reorder: os.reorder.handler(async ({ input }) => {
      await store.write('rule.reorder', input)
      return told(input.id, all())
    }),
    run: os.run.handler(async function* ({ input: { ruleIds, over, sends }, signal }) {
      yield* run({ rules: toRun(ruleIds), over, sends, isDry: false }, signal)
    }),
    dryRun: os.dryRun.handler(async function* ({ input: { ruleIds, over, sends, rule }, signal }) {
      if (rule !== undefined) requireSound(store.read, local, rule)
      const tried = rule && [{ ...rule, id: UNSAVED, name: '', enabled: true }]
      yield* run({ rules: tried ?? toRun(ruleIds), over, sends, isDry: true }, signal)
    }),
    history: os.history.handler(({ input }) => listRuleHistory(store.read, input.messageId).map(toHistory)),
    export: os.export.handler(() => ({ json: formatDocument(listRules(store.read), ruleNames(store.read)) })),
    import: os.import.handler(async ({ input }) => {
      const { rules, tags } = parseDocument(input.json, ruleNames(store.read))
      const made: number[] = []
      for (const name of tags) made.push((await store.write('tag.save', { name, colour: COLOUR, number: null })).id)
      if (made.length > 0) deps.onTags(made)
      const whole = rules.map((rule) => {
        const { missing, ...ready } = withTags(rule, made)
        return { ...ready, ...(missing !== null && { trouble: missing }) }
      })
      const ids = await store.write('rule.import', { rules: whole, replace: input.replace })
      changes.emit(...ids)
      return all()
    }),
    trusted: os.trusted.handler(() => listTrusted(store.read)),
    setTrusted: os.setTrusted.handler(async ({ input }) => {
      await store.write('rule.trust', input)
      return done
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}

const noRule = (id: number) =>
  new Fault('not-found', `find rule ${id}: there is none`, { what: 'rule', id: String(id) })

function toView(rule: StoredRule, names: RuleNames): RuleView {
  const { condition, actions, ...rest } = rule
  return {
    ...rest,
    condition,
    actions: [...actions],
    conditionText: formatCondition(condition, names),
    actionsText: formatActions(actions, names),
  }
}

function toHistory({ steps, entryIds, ...rest }: ReturnType<typeof listRuleHistory>[number]): RuleHistoryView {
  return { ...rest, entryIds: [...entryIds], steps: steps.map(({ text, state }) => ({ text, done: state === 'done' })) }
}
