import { Changes } from './base/changes.ts'
import type { Clock } from './base/clock.ts'
import { junkHandlers } from './mailbox/junk-handlers.ts'
import { JunkSchool } from './mailbox/junk.ts'
import type { LocalMail } from './mailbox/local.ts'
import { ruleHandlers } from './mailbox/rule-handlers.ts'
import { RuleJudge } from './mailbox/rule-judge.ts'
import { RuleRunner } from './mailbox/rule-runner.ts'
import type { MessageFields } from './model/message-fields.ts'
import type { Accept } from './model/submission.ts'
import type { Settings } from './settings.ts'
import type { Store } from './store/types.ts'

/** Rules that sort mail, wired. */
export interface Rules {
  readonly handlers: ReturnType<typeof ruleHandlers>
  readonly junkHandlers: ReturnType<typeof junkHandlers>
  /** Joint: a person is about to move messages, which teaches what junk is. */
  readonly onSorting: JunkSchool['sorted']
  /** Begins to sort what comes, and what a stop has left. */
  start(): void
  close(): Promise<void>
}

/** Joins rules with the mail that comes, the queue they send by and the window that changes them. */
export function openRules(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly local: LocalMail
  readonly settings: () => Settings
  readonly describe: (raw: Uint8Array) => Promise<MessageFields>
  readonly accept: Accept
  readonly mailChanges: Changes<number>
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly onTags: (ids: readonly number[]) => void
  readonly log: (line: string) => void
}): Rules {
  const { clock, onFolders } = deps
  const changes = new Changes<number>()
  // A long run that somebody asked for doesn't hold up mail that comes.
  const judge = new RuleJudge(clock)
  const asked = new RuleJudge(clock)
  const runner = new RuleRunner({ ...deps, judge, ruleChanges: changes })
  const lessons = { ...deps, changes: new Changes<number>() }
  const school = new JunkSchool(lessons)
  let isStarted = false
  const onRules = (ids: readonly number[]) => {
    changes.emit(...ids)
    // What is to be sent; opened for one command, it waits for the engine that runs.
    if (isStarted) runner.wake()
  }
  return {
    junkHandlers: junkHandlers(lessons, school),
    onSorting: (ids, to) => school.sorted(ids, to),
    handlers: ruleHandlers({ ...deps, judge: asked, changes, onFolders, onRules }),
    start() {
      isStarted = true
      runner.start()
    },
    async close() {
      await runner.close()
      await Promise.all([judge.close(), asked.close(), school.close()])
    },
  }
}
