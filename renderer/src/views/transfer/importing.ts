import { shared } from '../../state/store.ts'

/** The file of this computer that another program wants brought in; null where none does. */
export const importing = shared<string | null>(null)
