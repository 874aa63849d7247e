import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import { FEWEST_LESSONS } from '../model/junk.ts'
import { contract } from '../rpc/contract.ts'
import { junkLesson, junkLessons } from '../store/junk.ts'
import { getMessage } from '../store/message-list.ts'
import { judge, type JunkDeps, type JunkSchool } from './junk.ts'
import { readStart } from './message-start.ts'

/** Words that are shown of those that told. */
const MOST_SHOWN = 20

/** Answers `junk.*`. */
export function junkHandlers({ store, describe, changes }: JunkDeps, school: JunkSchool) {
  const os = implement(contract.junk)
  const status = () => ({ ...junkLessons(store.read), fewest: FEWEST_LESSONS })
  return {
    status: os.status.handler(status),
    learnFolders: os.learnFolders.handler(async () => {
      await school.learnFolders()
      return status()
    }),
    why: os.why.handler(async ({ input }) => {
      const message = getMessage(store.read, input.id)
      if (message === undefined)
        throw new Fault('not-found', `judge message ${input.id}: there is none`, {
          what: 'message',
          id: String(input.id),
        })
      const verdict = judge(store.read, await describe(await readStart(store, message, true)))
      if (verdict === null) return null
      const learnt = junkLesson(store.read, input.id)
      const learntAs = learnt === undefined ? null : learnt ? ('junk' as const) : ('good' as const)
      return { score: verdict.score, telling: verdict.telling.slice(0, MOST_SHOWN), learntAs }
    }),
    forget: os.forget.handler(async () => {
      await store.write('junk.forget', undefined)
      changes.emit(0)
      return status()
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}
