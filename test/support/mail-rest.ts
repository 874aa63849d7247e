import type { MailDeps } from '../../core/mailbox/handlers.ts'

/** What `mail.*` is wired to beside what most tests are about: no web, and nothing is snoozed. */
export const mailRest: Pick<MailDeps, 'askUnsubscribe' | 'nowMs' | 'onSnoozed' | 'onSorting'> = {
  askUnsubscribe: async () => ({ ok: false, reason: 'there is no web here', host: 'nowhere.test' }),
  nowMs: Date.now,
  onSnoozed: () => {},
  onSorting: () => {},
}
