import type { ComposeDeps } from '../../core/mailbox/compose-handlers.ts'

/** A composer's joints where nothing speaks against any domain. */
export const quietReview: Pick<ComposeDeps, 'domainMail' | 'hasSpf' | 'isSigned' | 'behind'> = {
  domainMail: () => Promise.resolve('takes-mail'),
  hasSpf: () => Promise.resolve(true),
  isSigned: () => true,
  behind: () => [],
}
