import { shared } from './store.ts'

/** What the field of the search is to hold next, the words behind it still to be typed; '' once it does. */
export const searchFor = shared('')
