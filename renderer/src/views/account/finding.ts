import { shared } from '../../state/store.ts'

/** The address whose account is looked for next, and whether its mail is to leave by its provider; null while none is. */
export const findingAccount = shared<{ readonly address: string; readonly sendsToo: boolean } | null>(null)
