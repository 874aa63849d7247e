import { oc } from '@orpc/contract'
import { z } from 'zod'
import { Id } from './views.ts'

/** What there is to know of a message beside its text. Merged into the contract. */
const AuthMethod = z.enum(['spf', 'dkim', 'dmarc', 'arc'])

export const AboutView = z.object({
  /** How it came: by an account, to the server here, from here, or out of a file (or before the log began). */
  way: z.enum(['account', 'inbound', 'sent', 'file']),
  /** Who handed it over, where the log still knows. */
  peer: z.string().nullable(),
  /** The account it came by; null for none. */
  accountId: Id.nullable(),
  /** What the server that is trusted for this account found out about the author (RFC 8601); null where none is trusted, or it says nothing. */
  auth: z
    .object({ server: z.string(), found: z.array(z.object({ method: AuthMethod, results: z.array(z.string()) })) })
    .nullable(),
  /** The server the topmost Authentication-Results names, which nobody has said is to be believed; null for none. */
  claims: z.string().nullable(),
  /** How one gets no more of the kind; null where the message doesn't say. */
  unsubscribe: z
    .object({
      /** Asked with `unsubscribe`: the host. Null: the author offers no one-click that may be used. */
      oneClickHost: z.string().nullable(),
      /** A page to be opened by the person. */
      page: z.string().nullable(),
      mailto: z.string().nullable(),
      /** Whose signatures cover it, by their own word. */
      signers: z.array(z.string()),
      /** Whether the trusted server found a good signature; null where nobody checked. */
      isSigned: z.boolean().nullable(),
      /** What became of it when it was asked. */
      asked: z
        .object({ atMs: z.number(), host: z.string(), status: z.number().int().nullable(), reason: z.string() })
        .nullable(),
    })
    .nullable(),
})
export type AboutView = z.infer<typeof AboutView>

/** One part of a message. */
export interface PartView {
  /** `1.2` is the second part of the first; '' is the message itself. */
  readonly path: string
  readonly type: string
  readonly charset: string | null
  readonly encoding: string | null
  readonly disposition: string | null
  readonly filename: string | null
  readonly contentId: string | null
  readonly sizeBytes: number
  readonly children: readonly PartView[]
}
const PartView: z.ZodType<PartView> = z.lazy(() =>
  z.object({
    path: z.string(),
    type: z.string(),
    charset: z.string().nullable(),
    encoding: z.string().nullable(),
    disposition: z.string().nullable(),
    filename: z.string().nullable(),
    contentId: z.string().nullable(),
    sizeBytes: z.number(),
    children: z.array(PartView),
  }),
)

/** What is known of how a message came and who wrote it. Fails with `not-found`. */
export const aboutCall = oc.input(z.object({ id: Id })).output(AboutView)

/** Every field of its header, as it stands and as it reads. Fails with `not-found`. */
export const headersCall = oc.input(z.object({ id: Id })).output(
  z.object({
    fields: z.array(z.object({ name: z.string(), value: z.string(), raw: z.string() })),
    /** There are more, or one is longer than what is told; the source has all. */
    isCut: z.boolean(),
  }),
)

/** The tree of its parts. Fails with `not-found`. */
export const treeCall = oc.input(z.object({ id: Id })).output(PartView)

/** A handle to one part of the tree, decoded. Fails with `not-found`. */
export const partCall = oc
  .input(z.object({ id: Id, path: z.string().regex(/^(?:\d{1,5}(?:\.\d{1,5}){0,99})?$/) }))
  .output(z.object({ handle: z.string(), filename: z.string() }))

/** The beginning of an attachment as text, whatever it calls itself. Fails with `not-found`. */
export const attachmentTextCall = oc
  .input(z.object({ id: Id, index: z.number().int().min(0) }))
  .output(z.object({ text: z.string(), isCut: z.boolean() }))

/**
 * Asks the author for no more mail of the kind, by the POST of RFC 8058: HTTPS, no cookies, no redirect, never to a private address. What
 * it answers is kept. Fails with `conflict` where the message does not offer that, and with `fetch.failed` where nobody answered.
 */
export const unsubscribeCall = oc
  .input(z.object({ id: Id }))
  .output(z.object({ host: z.string(), status: z.number().int(), isDone: z.boolean() }))
