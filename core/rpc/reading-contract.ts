import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { Id, MessageRow } from './views.ts'

/** What a reader does with mail beside reading it: conversations, tags, contacts. Merged into the contract. */
const done = z.object({ ok: z.literal(true) })
const cursor = z.object({ dateMs: z.number(), id: Id })

/** A mark with a name and a colour, for messages of any folder. */
export const TagView = z.object({
  id: Id,
  name: z.string(),
  /** `#rrggbb`. */
  colour: z.string(),
  /** The key that sets it, 1 to 9; null for none. */
  number: z.number().int().nullable(),
})
export type TagView = z.infer<typeof TagView>

/** Somebody the person writes to. */
export const ContactView = z.object({
  id: Id,
  name: z.string(),
  address: z.string(),
  /** Written down by the person; false for one that was only learnt from mail sent. */
  kept: z.boolean(),
  uses: z.number().int(),
  lastUsedMs: z.number().nullable(),
  organisation: z.string(),
  phone: z.string(),
  note: z.string(),
  /** Ids of the groups it belongs to. */
  groups: z.array(Id),
})
export type ContactView = z.infer<typeof ContactView>

/** Contacts under a name of their own, to be written to together. */
export const ContactGroupView = z.object({ id: Id, name: z.string(), members: z.number().int() })
export type ContactGroupView = z.infer<typeof ContactGroupView>

/** A file of cards is sent whole, as text. */
const MOST_VCARD_LETTERS = 8_000_000

export const tagContract = {
  /** By number, then by name. */
  list: oc.output(z.array(TagView)),
  /** Makes a tag, or changes the one of that id. Fails with `conflict` for a name or number that is taken, and past 100 tags. */
  save: oc
    .input(
      z.object({
        id: Id.optional(),
        name: z.string().trim().min(1).max(60),
        colour: z.string().regex(/^#[0-9a-fA-F]{6}$/),
        number: z.number().int().min(1).max(9).nullable(),
      }),
    )
    .output(TagView),
  /** Takes it off every message, too. Fails with `not-found`. */
  remove: oc.input(z.object({ id: Id })).output(done),
  changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
}

export const contactContract = {
  /** Those whose address, domain or a word of whose name begins so, the likeliest first. '' gives the likeliest of all. */
  complete: oc
    .input(z.object({ prefix: z.string().max(200), limit: z.number().int().min(1).max(50) }))
    .output(z.array(ContactView)),
  /** By name, then address; of a group alone where one is given. `after`: the last one of the page before. */
  list: oc
    .input(
      z.object({
        after: Id.nullable(),
        limit: z.number().int().min(1).max(200),
        groupId: Id.nullable().optional(),
      }),
    )
    .output(z.array(ContactView)),
  /** Makes a contact, or changes the one of that id. Fails with `address.invalid`, and with `conflict` for an address that another has. */
  save: oc
    .input(
      z.object({
        id: Id.optional(),
        name: z.string().max(200),
        address: z.string().max(320),
        /** What is left out stays as it is. */
        details: z
          .object({ organisation: z.string().max(200), phone: z.string().max(100), note: z.string().max(2000) })
          .optional(),
      }),
    )
    .output(ContactView),
  /** Forgets it; it is learnt anew when the person writes there again. Fails with `not-found`. */
  remove: oc.input(z.object({ id: Id })).output(done),
  groups: {
    /** By name. */
    list: oc.output(z.array(ContactGroupView)),
    /** Makes a group, or renames the one of that id. Fails with `conflict` for a name that is taken, and past 500 groups. */
    save: oc.input(z.object({ id: Id.optional(), name: z.string().trim().min(1).max(60) })).output(ContactGroupView),
    /** Its contacts stay. Fails with `not-found`. */
    remove: oc.input(z.object({ id: Id })).output(done),
    /** Puts contacts into a group, or takes them out. Fails with `not-found` for a group that is gone. */
    set: oc.input(z.object({ groupId: Id, ids: z.array(Id).max(1000), member: z.boolean() })).output(done),
    /** Groups that were made, renamed or removed, or that have other members now. */
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
  },
  /** Takes in a file of cards (vCard 2.1, 3.0, 4.0). What is here stays; what is not known yet is filled in. */
  import: oc.input(z.object({ text: z.string().max(MOST_VCARD_LETTERS) })).output(
    z.object({
      added: z.number().int(),
      changed: z.number().int(),
      same: z.number().int(),
      /** What was not taken, in words; of many the first. */
      problems: z.array(z.string()),
    }),
  ),
  /** Contacts as a file of cards (vCard 3.0): of a group, or all that were written down, or with those that were learnt. */
  export: oc
    .input(z.object({ groupId: Id.nullable(), withLearnt: z.boolean() }))
    .output(z.object({ vcard: z.string(), count: z.number().int() })),
  changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
}

/** A message's conversation, oldest first, in all folders. `after` continues where a page ended. Fails with `not-found`. */
export const threadCall = oc
  .input(z.object({ id: Id, after: cursor.nullable(), limit: z.number().int().min(1).max(200) }))
  .output(z.object({ rows: z.array(MessageRow), total: z.number().int(), more: z.boolean() }))

/** Puts tags on messages and takes them off. Fails with `not-found` for a tag that is gone. */
export const setTagsCall = oc
  .input(z.object({ ids: z.array(Id).max(1000), add: z.array(Id).max(100), remove: z.array(Id).max(100) }))
  .output(done)
