import { oc } from '@orpc/contract'
import { z } from 'zod'
import { Id, MessageRow } from './views.ts'

/** A folder as a person looks at it, and what is out of sight for a while. Merged into the contract. */
export const ListRow = MessageRow.extend({
  sizeBytes: z.number().int(),
  /** Where the list has it: its date, or when it came back from being snoozed. Names a place for `after`. */
  listMs: z.number(),
  /** Until when it is out of sight; null: it is not snoozed. */
  snoozedMs: z.number().nullable(),
  /** When it came back. */
  wokenMs: z.number().nullable(),
  /** True for a message that stands below the row of its conversation, which is open. */
  isBelow: z.boolean(),
  /** Of a row that stands for a conversation: its messages in the folder. Null where each stands by itself. */
  thread: z
    .object({
      /** Oldest first. */
      ids: z.array(Id),
      unread: z.number().int(),
      starred: z.number().int(),
      attachments: z.number().int(),
      /** Who wrote, each once, the latest last. */
      people: z.array(z.string()),
    })
    .nullable(),
})
export type ListRow = z.infer<typeof ListRow>

export const SORTS = ['date', 'from', 'subject', 'size'] as const
export type SortBy = (typeof SORTS)[number]

const listed = z.object({ rows: z.array(ListRow), total: z.number().int(), more: z.boolean() })
const limit = z.number().int().min(1).max(200)

/** What is listed, and in which order. */
const list = {
  /** Null: every inbox in one. */
  folderId: Id.nullable(),
  /** One row for a conversation, where its newest message stands. */
  threads: z.boolean(),
  by: z.enum(SORTS),
  /** Oldest, first of the alphabet or smallest first. */
  isUp: z.boolean(),
  /** Whose alphabet words are sorted by, as a BCP 47 tag; English where it is left out or not known. */
  locale: z.string().max(35).optional(),
  /** Conversations whose messages stand below their row: these, or all but these, by the ids of threads. */
  open: z.object({ all: z.boolean(), but: z.array(Id).max(10_000) }),
}
const place = z.number().int().min(0)
/** Ids of messages; of one that stands below the row of its conversation, with a minus before it. */
const key = z.number().int()

/** Rows of a folder from any place on. `total` counts messages, `count` rows. */
export const pageCall = oc
  .input(z.object({ ...list, at: place, limit }))
  .output(z.object({ rows: z.array(ListRow), total: z.number().int(), count: z.number().int() }))

/** The keys of the rows from one place up to another, which is not one of them, and what rows of several messages stand for. */
export const rangeCall = oc
  .input(z.object({ ...list, from: place, to: place }))
  .output(z.object({ keys: z.array(key), several: z.array(z.object({ key, ids: z.array(Id) })) }))

/** Where the row of a message is, or the next one with something unread behind (`step` 1) or before a place; null where there is none. */
export const placeCall = oc
  .input(
    z.object({
      ...list,
      of: z.union([
        z.object({ id: Id }),
        z.object({ unreadFrom: z.number().int().min(-1), step: z.union([z.literal(1), z.literal(-1)]) }),
      ]),
    }),
  )
  .output(z.object({ place, key }).nullable())

/** What is snoozed, in the order it comes back. */
export const snoozedCall = oc
  .input(z.object({ after: z.object({ id: Id, snoozedMs: z.number() }).nullable(), limit }))
  .output(listed)

/**
 * Takes messages out of sight until then; unread, they are back in the Inbox at that time, or when Posthorn next runs. Null brings them
 * back at once, as they were. Their server hears nothing of it. Fails with `conflict` for a time that is past.
 */
export const snoozeCall = oc
  .input(z.object({ ids: z.array(Id).max(1000), untilMs: z.number().int().nullable() }))
  .output(z.object({ ok: z.literal(true) }))

/** How messages stand now, for whoever is about to change that and may want it back. Those that are gone are left out. */
export const standingCall = oc.input(z.object({ ids: z.array(Id).max(1000) })).output(
  z.array(
    z.object({
      id: Id,
      folderId: Id,
      seen: z.boolean(),
      starred: z.boolean(),
      tags: z.array(Id),
      snoozedMs: z.number().nullable(),
    }),
  ),
)
