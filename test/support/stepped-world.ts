import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../core/base/clock.ts'
import type { Deliver, Settled } from '../../core/model/delivery.ts'
import type { OnStep } from '../../core/model/step.ts'
import { openQueueHouse, refused, submissionOf, taken, type QueueHouse } from './queue-house.ts'
import type { TestStore } from './store.ts'

/*
 * A world that outlives the program: what a server has taken stands in a file, whoever is killed meanwhile.
 */
const world = (folder: string) => join(folder, 'taken.txt')

/** Subjects the server has taken, one for each copy. */
export function takenIn(folder: string): string[] {
  return existsSync(world(folder)) ? readFileSync(world(folder), 'utf8').trim().split('\n') : []
}

/** A relay to that server: it takes everybody but `never`. */
function deliverInto(folder: string): Deliver {
  return async (delivery) => {
    for (let job: typeof delivery.first | undefined = delivery.first; job; job = await delivery.next()) {
      const { entryId } = job
      const current = job
      const settled = job.recipients.map(({ recipientId, to }): Settled => {
        const fate = to.local.startsWith('never') ? refused(550, '5.1.1', 'nobody') : taken
        return { recipientId, outcome: fate(to, current) }
      })
      const good = settled.filter(({ outcome }) => outcome.kind === 'delivered').map(({ recipientId }) => recipientId)
      if (good.length > 0) {
        await delivery.beforeBody(job, good, 'mx.test')
        // The server says 250 here: it has the message, and we may not live to read that.
        for (const _ of good) appendFileSync(world(folder), `${entryId}\n`)
      }
      await delivery.onOutcome(job, settled, undefined)
    }
  }
}

/** A queue on a folder that may have been left in the middle of anything. */
export function openStepped(store: TestStore, clock: Clock, onStep?: OnStep): Promise<QueueHouse> {
  return openQueueHouse({
    store,
    clock,
    deliver: deliverInto(store.folder),
    localDomains: ['here.example'],
    ...(onStep && { onStep }),
  })
}

/** A message to a server, to a mailbox here, and to somebody who is returned. */
export function threeWays(subject: string) {
  const lines = ['From: ada@author.example', `Subject: ${subject}`, '', 'text']
  return submissionOf(lines, [`ok@far.example`, `never@far.example`, 'bob@here.example'], { origin: 'window' })
}
