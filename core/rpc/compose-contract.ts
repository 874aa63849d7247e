import { oc } from '@orpc/contract'
import { z } from 'zod'
import { DraftContent, Id } from './views.ts'

/** How messages are written, checked and handed in. Merged into the contract. */
const done = z.object({ ok: z.literal(true) })
const Template = z.object({ id: Id, name: z.string(), content: DraftContent, changedMs: z.number() })

/**
 * What speaks against sending a message as it is. `ask`: worth a look before it goes; `note`: good to know. `about` names the
 * addresses or domains it is about.
 */
export const FindingView = z.object({
  kind: z.enum([
    'no-subject',
    /** Nothing is written in it, and no file goes along. */
    'no-text',
    /** The text speaks of a file, and none is attached. `about`: the word. */
    'no-attachment',
    /** No such domain. */
    'no-domain',
    /** The domain says that it takes no mail (RFC 7505). */
    'null-mx',
    /** Neither MX nor address: nobody takes its mail. */
    'no-server',
    /** Mail to these addresses came back before. */
    'came-back',
    /** So many people see each other's addresses. */
    'many-visible',
    /** Larger than the server it would go to takes. `about`: the bytes, the most, and the server; without one the most is ours. */
    'too-large',
    /** Larger than many servers take. `about`: the bytes. */
    'large',
    /** The author's domain publishes no SPF, and mail goes straight to the recipients' servers. */
    'no-spf',
    /** Nothing signs mail of the author's domain. */
    'no-dkim',
  ]),
  level: z.enum(['ask', 'note']),
  about: z.array(z.string()),
})
export type FindingView = z.infer<typeof FindingView>

/** What an answer to a message depends on beyond what it shows. */
export const AnsweringView = z.object({
  /** The identity that received it; null where none of them did. */
  identityId: Id.nullable(),
  /** Where its mailing list takes mail (RFC 2369 §3.4); null for none. */
  listPost: z.string().nullable(),
})
export type AnsweringView = z.infer<typeof AnsweringView>

/** A request for a read receipt (RFC 8098), and what became of it. */
export const ReceiptView = z.object({
  /** Who wants one; empty where nobody does, or where it is not for us to give. */
  to: z.array(z.string()),
  /** None of them is the author: perhaps somebody else wants to know who reads. */
  isElsewhere: z.boolean(),
  answer: z.enum(['sent', 'declined']).nullable(),
})
export type ReceiptView = z.infer<typeof ReceiptView>

export const composeContract = {
  upload: {
    begin: oc
      .input(
        z.object({
          filename: z.string().max(500),
          contentType: z.string().max(200),
          sizeBytes: z.number().int().min(0).max(52_428_800),
        }),
      )
      .output(z.object({ handle: z.string() })),
    /** `base64` of at most 256 KiB of bytes. */
    chunk: oc.input(z.object({ handle: z.string(), base64: z.string().max(360_000) })).output(done),
    /** A handle to the bytes of a file that has arrived, to show a picture while it is written about. Fails with `not-found`. */
    open: oc.input(z.object({ handle: z.string() })).output(z.object({ handle: z.string() })),
    drop: oc.input(z.object({ handle: z.string() })).output(done),
  },
  /** Checks To, Cc and Bcc as they are typed: how each address reads, and what is wrong with it. */
  check: oc.input(z.object({ addresses: z.string().max(100_000) })).output(
    z.array(
      z.object({
        text: z.string(),
        name: z.string(),
        address: z.string().nullable(),
        problem: z.string().nullable(),
        /** What speaks against writing there, such as mail that came back; it may be sent all the same. */
        warning: z.string().nullable(),
      }),
    ),
  ),
  /** Looks at a message before it is sent: its recipients' domains in DNS, its size, what seems forgotten. Empty where all is well. */
  review: oc.input(DraftContent).output(z.array(FindingView)),
  /**
   * The largest message that can go, in bytes as sent: what is written here at most, and what the servers that it would go to have
   * said themselves (RFC 1870), the smallest first. A server that never said so is left out.
   */
  limits: oc.input(DraftContent.pick({ identityId: true, to: true, cc: true, bcc: true })).output(
    z.object({
      ownBytes: z.number(),
      servers: z.array(
        z.object({
          host: z.string(),
          largestBytes: z.number(),
          seenMs: z.number(),
          /** Whose mail goes there, of those that are named. */
          domains: z.array(z.string()),
        }),
      ),
    }),
  ),
  receipt: {
    /** Whether a message asks for a receipt. Nothing is ever sent by itself. Fails with `not-found`. */
    get: oc.input(z.object({ messageId: Id })).output(ReceiptView),
    /** Sends one, or says that none will be sent: once. Fails with `conflict` where it was answered or nobody asked. */
    answer: oc.input(z.object({ messageId: Id, send: z.boolean() })).output(ReceiptView),
  },
  /** Who answers a message, and its mailing list. Fails with `not-found`. */
  answering: oc.input(z.object({ messageId: Id })).output(AnsweringView),
  /**
   * Sends a stored message on as it is, with Resent fields on top (RFC 5322 §3.6.6): its author stays its author. `identityId` null:
   * the one that received it. Fails with `address.invalid`, `message.refused` and `not-found`.
   */
  redirect: oc
    .input(z.object({ messageId: Id, identityId: Id.nullable(), to: z.string().max(100_000) }))
    .output(z.object({ entryId: Id })),
  /**
   * Into the queue. Resolves when it is durable. It leaves at `sendAtMs`, and not before `undoUntilMs`: until then `queue.undo`
   * gives it back; null where it leaves now.
   */
  send: oc.input(DraftContent).output(z.object({ entryId: Id, undoUntilMs: z.number().nullable() })),
  /**
   * Keeps a draft. Where its identity's IMAP account has a Drafts folder, it is put there, too: a minute later, or at once when
   * nobody writes it any more (`isClosing`).
   */
  saveDraft: oc
    .input(z.object({ id: Id.nullable(), content: DraftContent, isClosing: z.boolean().optional() }))
    .output(z.object({ id: Id })),
  drafts: oc.output(z.array(z.object({ id: Id, content: DraftContent, changedMs: z.number() }))),
  dropDraft: oc.input(z.object({ id: Id })).output(done),
  /** Messages to begin others with. They hold no files. */
  templates: {
    /** By name. */
    list: oc.output(z.array(Template)),
    /** Makes a template, or changes the one of that id. Fails with `conflict` for a name that is taken. */
    save: oc
      .input(z.object({ id: Id.nullable(), name: z.string().trim().min(1).max(100), content: DraftContent }))
      .output(Template),
    remove: oc.input(z.object({ id: Id })).output(done),
  },
}
