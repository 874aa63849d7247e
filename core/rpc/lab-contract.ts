import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { LAB_ANSWERS, LAB_CERTIFICATES, LAB_STEPS } from '../model/lab.ts'
import { Id } from './views.ts'

const done = z.object({ ok: z.literal(true) })
const Answer = z.enum(LAB_ANSWERS)

/** How the server of the lab behaves. */
export const LabFaultsView = z.object({
  answers: z.object(
    Object.fromEntries(LAB_STEPS.map((step) => [step, Answer])) as Record<(typeof LAB_STEPS)[number], typeof Answer>,
  ),
  greylist: z.boolean(),
  /** How long it wants to be waited for; with 0 the next try is in time. */
  greylistSeconds: z.number().int().min(0).max(3600),
  slowSeconds: z.number().int().min(0).max(600),
  /** It hangs up in the middle of the message. */
  cutsOff: z.boolean(),
  offersTls: z.boolean(),
  certificate: z.enum(LAB_CERTIFICATES),
  /** The domain demands verified TLS, as one with an MTA-STS policy does. */
  demandsTls: z.boolean(),
  sizeBytes: z.number().int().min(1).max(52_428_800),
})
export type LabFaultsView = z.infer<typeof LabFaultsView>

/** The lab as it stands. */
export const LabView = z.object({
  isRunning: z.boolean(),
  /** On 127.0.0.1; null while it does not run. */
  port: z.number().int().nullable(),
  /** Mail to it and below it comes here, and never leaves this computer. */
  domain: z.string(),
  faults: LabFaultsView,
  /** How many messages it has got. */
  received: z.number().int(),
})
export type LabView = z.infer<typeof LabView>

/** A message that came to the lab. */
export const LabMessageView = z.object({
  id: Id,
  atMs: z.number(),
  from: z.string(),
  to: z.array(z.string()),
  hello: z.string(),
  isSecure: z.boolean(),
  sizeBytes: z.number().int(),
  subject: z.string(),
})
export type LabMessageView = z.infer<typeof LabMessageView>

/** A mail server on this computer that behaves as it is told, for mail to a domain of its own. */
export const labContract = {
  get: oc.output(LabView),
  /** Off until it is started; ends with Posthorn. Mail that comes while it is off waits as it does for any server. */
  start: oc.output(LabView),
  stop: oc.output(LabView),
  /** Changes what is given and leaves the rest. */
  setFaults: oc
    .input(LabFaultsView.partial().extend({ answers: LabFaultsView.shape.answers.partial().optional() }))
    .output(LabView),
  /** All is well with it again; what came is forgotten. */
  reset: oc.output(LabView),
  /** A message to the lab through the real queue; `to` is a name there. Fails with `address.invalid`. */
  send: oc
    .input(
      z.object({
        to: z.string().max(64).optional(),
        subject: z.string().max(200).optional(),
        sizeBytes: z.number().int().min(0).max(10_000_000).optional(),
      }),
    )
    .output(z.object({ entryId: Id, to: z.string() })),
  /** Newest first, at most 50. */
  received: oc.output(z.array(LabMessageView)),
  /** Its source, as much as is kept. Fails with `not-found`. */
  message: oc.input(z.object({ id: Id })).output(z.object({ text: z.string(), isWhole: z.boolean() })),
  clear: oc.output(done),
  changes: oc.output(eventIterator(z.object({ what: z.enum(['lab']) }))),
}
