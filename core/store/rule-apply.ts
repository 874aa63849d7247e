import { formatMailbox, type Mailbox } from '../model/address.ts'
import type { RuleJob, RulePlan, RuleStep, RuleStepDone } from '../model/rule-plan.ts'
import type { RuleFolder } from '../model/rule.ts'
import { ensureFolder, getFolder } from './folder.ts'
import { dropMessage, insertMessage, moveMessages, setSeen, setStarred } from './message.ts'
import { getMessage, type Message } from './message-list.ts'
import { prepared } from './prepared.ts'
import { beginHistory, folderName, tellHistory } from './rule-history.ts'
import { insertSend, isSendWaiting } from './rule-send.ts'
import { endTodo } from './rule-todo.ts'
import { getRule, setRuleTrouble } from './rule.ts'
import { getTag, setTags } from './tag.ts'
import type { Operation, WriteDb } from './types.ts'

/** How much rules may send. */
export interface RuleLimits {
  /** Forwarded and redirected messages of a day, and answers. 0: none. */
  readonly forwardsPerDay: number
  readonly repliesPerDay: number
}
/** What is to be done with one message. */
export interface RuleApply extends RulePlan {
  readonly limits: RuleLimits
  /** Only what would happen: nothing of it stays. `sent`: messages that would have been sent on before this one. */
  readonly dryRun?: { readonly sent: number }
}
/** What was done. */
export interface RuleApplied {
  /** `gone`: the message is; `before`: all of this was done already. */
  readonly state: 'done' | 'gone' | 'before'
  readonly rules: readonly { readonly id: number; readonly steps: readonly RuleStepDone[] }[]
  /** Folders that changed. */
  readonly folderIds: readonly number[]
  /** Messages to be sent on. */
  readonly sent: number
}

const DAY_MS = 86_400_000

const MATCHED = 'UPDATE rule SET matches = matches + 1, last_match_ms = ? WHERE id = ?'
const SENT_ALREADY = 'SELECT 1 FROM rule_sent WHERE rule_id = ? AND message_id = ? AND kind = ? AND whom = ?'
const SENT_TODAY = `SELECT count(*) AS n FROM rule_sent WHERE at_ms > ? AND (kind = 'reply') = ?` // index rule_sent_at
const ANSWERED = `SELECT max(at_ms) AS atMs FROM rule_sent WHERE rule_id = ? AND kind = 'reply' AND whom = ?` // index rule_sent_whom
const SEND = 'INSERT INTO rule_sent (rule_id, message_id, kind, whom, at_ms, history_id) VALUES (?, ?, ?, ?, ?, ?)'
const TAGGED = 'SELECT 1 FROM message_tag WHERE message_id = ? AND tag_id = ?'
const BEGIN_TRY = 'SAVEPOINT rule_try'
const END_TRY = ['ROLLBACK TO rule_try', 'RELEASE rule_try']

const done = (text: string): RuleStepDone => ({ text, state: 'done' })
const left = (text: string): RuleStepDone => ({ text, state: 'left' })
const failed = (text: string): RuleStepDone => ({ text, state: 'failed' })

/** One rule at its work on one message. */
class Worker {
  readonly folderIds = new Set<number>()
  sent = 0
  readonly #db: WriteDb
  readonly #args: RuleApply
  readonly #nowMs: number

  constructor(db: WriteDb, args: RuleApply, nowMs: number) {
    this.#db = db
    this.#args = args
    this.#nowMs = nowMs
  }

  run(rule: RulePlan['rules'][number], message: Message): RuleStepDone[] {
    const { how } = this.#args
    const historyId = beginHistory(this.#db, message, { id: rule.id, name: rule.name, how }, this.#nowMs)
    const steps: RuleStepDone[] = []
    for (const [n, step] of rule.steps.entries()) {
      const row = getMessage(this.#db, message.id)
      if (row === undefined) break
      this.folderIds.add(row.folderId)
      steps.push(this.#step(step, row, { ruleId: rule.id, historyId, step: n }))
    }
    tellHistory(this.#db, historyId, steps)
    prepared(this.#db, MATCHED).run(this.#nowMs, rule.id)
    const trouble = steps.findLast(({ state }) => state === 'failed')?.text
    if (trouble !== undefined || (getRule(this.#db, rule.id)?.trouble ?? null) !== null)
      setRuleTrouble(this.#db, rule.id, trouble ?? null, this.#nowMs)
    return steps
  }

  #step(step: RuleStep, row: Message, at: At): RuleStepDone {
    const db = this.#db
    const ids = [row.id]
    switch (step.do) {
      case 'move':
      case 'copy': {
        const folderId = this.#folder(step.to, row)
        if (folderId === undefined) return failed(`not ${step.do === 'move' ? 'moved' : 'copied'}: the folder is gone`)
        this.folderIds.add(folderId)
        if (step.do === 'copy') return this.#copy(step, row, folderId)
        const isThere = row.folderId === folderId
        if (!isThere) moveMessages(db, ids, { folderId })
        return isThere
          ? left(`is in ${folderName(db, folderId)} already`)
          : done(`moved to ${folderName(db, folderId)}`)
      }
      case 'tag':
      case 'untag': {
        const tag = getTag(db, step.tagId)
        if (tag === undefined) return failed(`not ${step.do === 'tag' ? 'tagged' : 'untagged'}: the tag is gone`)
        const has = prepared(db, TAGGED).get(row.id, tag.id) !== undefined
        if (has === (step.do === 'tag')) return left(`${has ? 'has' : 'does not have'} the tag ${tag.name} already`)
        setTags(db, { ids, add: has ? [] : [tag.id], remove: has ? [tag.id] : [] })
        return done(has ? `the tag ${tag.name} taken off` : `tagged ${tag.name}`)
      }
      case 'star':
      case 'unstar':
        setStarred(db, ids, step.do === 'star')
        return done(step.do === 'star' ? 'starred' : 'the star taken off')
      case 'read':
      case 'unread':
        setSeen(db, ids, step.do === 'read')
        return done(`marked ${step.do}`)
      case 'delete': {
        const trash = this.#folder({ kind: 'role', role: 'trash' }, row)
        // Moved and not removed: what is in the Trash already would go for good.
        if (trash === undefined || trash === row.folderId) return left('is in the Trash already')
        this.folderIds.add(trash)
        moveMessages(db, ids, { folderId: trash })
        return done('moved to the Trash')
      }
      case 'erase':
        if (!isSendWaiting(db, row.id)) {
          dropMessage(db, row)
          return done('removed for good')
        }
        insertSend(db, { message: row, ...at, sentId: null, job: { kind: 'erase' } }, this.#nowMs)
        return done('removed for good once it is sent on')
      case 'send':
        return this.#send(step, row, at)
      case 'leave':
        return step.failed ? failed(step.text) : left(step.text)
    }
  }

  #folder(to: RuleFolder, row: Message): number | undefined {
    if (to.kind === 'folder') return getFolder(this.#db, to.folderId)?.id
    const folder = getFolder(this.#db, row.folderId)
    return folder && ensureFolder(this.#db, folder, to.role)
  }

  #copy({ fields }: Extract<RuleStep, { do: 'copy' }>, row: Message, folderId: number): RuleStepDone {
    const { blobId, view, receivedMs, seen, starred } = row
    const message = { folderId, body: { blobId }, prefix: view.prefix, removed: view.removed, fields, receivedMs, seen }
    const id = insertMessage(this.#db, message, this.#nowMs)
    if (starred) setStarred(this.#db, [id], true)
    return done(`copied to ${folderName(this.#db, folderId)}`)
  }

  #send({ job, everyDays = 1 }: Extract<RuleStep, { do: 'send' }>, row: Message, at: At): RuleStepDone {
    const db = this.#db
    const { limits, dryRun } = this.#args
    const isReply = job.kind === 'reply'
    const whom = whomOf(job)
    if (isReply) {
      const last = prepared<[number, string], { atMs: number | null }>(db, ANSWERED).get(at.ruleId, whom)?.atMs ?? null
      if (last !== null && last > this.#nowMs - everyDays * DAY_MS)
        return left(`not answered: ${whom} has had this answer less than ${everyDays} days ago`)
    }
    if (prepared(db, SENT_ALREADY).get(at.ruleId, row.id, job.kind, whom) !== undefined)
      return left(`not ${sentWords(job.kind, whom)}: that was done already`)
    const today = prepared<[number, number], { n: number }>(db, SENT_TODAY).get(this.#nowMs - DAY_MS, isReply ? 1 : 0)
    const most = isReply ? limits.repliesPerDay : limits.forwardsPerDay
    const before = isReply ? 0 : (dryRun?.sent ?? 0)
    if ((today?.n ?? 0) + before >= most)
      return failed(`not ${sentWords(job.kind, whom)}: rules send at most ${most} such messages a day`)
    const sent = prepared(db, SEND).run(at.ruleId, row.id, job.kind, whom, this.#nowMs, at.historyId)
    insertSend(db, { message: row, ...at, sentId: Number(sent.lastInsertRowid), job }, this.#nowMs)
    if (!isReply) this.sent++
    return done(sentWords(job.kind, whom))
  }
}
/** Where a step stands. */
interface At {
  readonly ruleId: number
  readonly historyId: number
  readonly step: number
}

const sentWords = (kind: RuleJob['kind'], whom: string) =>
  `${kind === 'forward' ? 'forwarded to' : kind === 'redirect' ? 'redirected to' : 'answered'} ${whom}`

/** Local parts of an answer's address without case: two spellings are answered once. */
function whomOf(job: RuleJob): string {
  if (job.kind === 'reply') return formatMailbox(job.to).toLowerCase()
  return job.to.map((one: Mailbox) => formatMailbox(one)).join(', ')
}

/**
 * Does what rules say, all of it in one operation with the end of what was to be done: local things at once, mail that is to be sent as
 * jobs. So a crash loses nothing of it and does nothing twice.
 */
function apply(db: WriteDb, args: RuleApply, nowMs: number): RuleApplied {
  const none = { rules: [], folderIds: [], sent: 0 }
  if (args.how === 'arrival' && args.dryRun === undefined && !endTodo(db, args.messageId))
    return { state: 'before', ...none }
  const message = getMessage(db, args.messageId)
  if (message === undefined) return { state: 'gone', ...none }
  if (args.dryRun) prepared(db, BEGIN_TRY).run()
  try {
    const worker = new Worker(db, args, nowMs)
    const rules = args.rules.map((rule) => {
      const now = getMessage(db, message.id)
      return { id: rule.id, steps: now === undefined ? [] : worker.run(rule, now) }
    })
    return { state: 'done', rules, folderIds: [...worker.folderIds], sent: worker.sent }
  } finally {
    if (args.dryRun) for (const sql of END_TRY) prepared(db, sql).run()
  }
}

export const ruleApplyOperations = {
  'rule.apply': apply,
  /** Rules can't be asked about a message: it stays where it came, and its history says why. */
  'rule.give-up': (db: WriteDb, args: { readonly messageId: number; readonly reason: string }, nowMs: number): void => {
    const message = getMessage(db, args.messageId)
    if (!endTodo(db, args.messageId) || message === undefined) return
    const historyId = beginHistory(db, message, { id: null, name: '', how: 'arrival' }, nowMs)
    tellHistory(db, historyId, [failed(`not sorted: ${args.reason.slice(0, 500)}`)])
  },
} satisfies Record<string, Operation<never, unknown>>
