import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { Id } from './views.ts'

/** How much of junk and of other mail was learnt. */
export const JunkStatus = z.object({
  /** Messages of each kind. */
  junk: z.number().int(),
  good: z.number().int(),
  /** So many of each it takes before anything looks like junk. */
  fewest: z.number().int(),
})
export type JunkStatus = z.infer<typeof JunkStatus>

/** What junk looks like, learnt from what the person sorts; the rules' condition `is:junk` asks it. */
export const junkContract = {
  status: oc.output(JunkStatus),
  /** Learns what lies in the folders: junk as junk; what was read in inboxes, and archives, as mail. At most 1000 of each. */
  learnFolders: oc.output(JunkStatus),
  /** What a message looks like: its score from 0 to 1, and the words that say most. Null where too little was learnt. Fails with `not-found`. */
  why: oc.input(z.object({ id: Id })).output(
    z
      .object({
        score: z.number(),
        telling: z.array(z.object({ word: z.string(), score: z.number() })),
        /** As what it was learnt itself; null: it was not. */
        learntAs: z.enum(['junk', 'good']).nullable(),
      })
      .nullable(),
  ),
  forget: oc.output(JunkStatus),
  changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
}
