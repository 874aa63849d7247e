import type { ComposeDeps } from '../../core/mailbox/compose-handlers.ts'

/** A composer's joints where nothing speaks against any domain. */
export const quietReview: Pick<
  ComposeDeps,
  'domainMail' | 'isDirect' | 'hasSpf' | 'isSigned' | 'limitsFor' | 'behind'
> = {
  domainMail: () => Promise.resolve('takes-mail'),
  isDirect: () => true,
  hasSpf: () => Promise.resolve(true),
  isSigned: () => true,
  limitsFor: () => Promise.resolve([]),
  behind: () => [],
}
