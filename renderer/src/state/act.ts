import { wordsOf } from '../bridge/client.ts'
import { toast } from './toasts.ts'

/** Does a thing the user asked for; a failure is told in words, beginning with what was wanted. */
export async function act<T>(wanted: string, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    toast(`${wanted} did not work. ${wordsOf(error)}`, { icon: 'alert', level: 'danger' })
    return undefined
  }
}
