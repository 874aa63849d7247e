import type { Job } from '../model/delivery.ts'
import type { Transaction } from '../wire/smtp/client-words.ts'

/** A job as the wire sees it, for those of its recipients that are still open. */
export function transactionOf(job: Job, open: Job['recipients'], nowMs: number): Transaction {
  const { from, is8bit, needsUtf8, options } = job
  const bare = { from, to: open.map(({ to }) => to), sizeBytes: job.view.sizeBytes, is8bit, needsUtf8 }
  const asks = open.some((recipient) => recipient.options !== undefined)
  return {
    ...bare,
    ...(options && { options: optionsOf(options, nowMs) }),
    ...(asks && { recipientOptions: open.map((recipient) => recipient.options) }),
  }
}

function optionsOf(
  { ret, envid, requireTls, deliverBy }: NonNullable<Job['options']>,
  nowMs: number,
): NonNullable<Transaction['options']> {
  return {
    ...(ret !== undefined && { ret }),
    ...(envid !== undefined && { envid }),
    ...(requireTls && { requireTls }),
    ...(deliverBy && {
      deliverBy: {
        mode: deliverBy.mode,
        trace: deliverBy.trace,
        // With R there must be time left (RFC 2852 §4.1.2); what is late is returned by the queue before it comes here.
        seconds: Math.max(Math.floor((deliverBy.atMs - nowMs) / 1000), deliverBy.mode === 'return' ? 1 : -999_999_999),
      },
    }),
  }
}
