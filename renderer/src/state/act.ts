import { wordsOf } from '../bridge/client.ts'
import { toast } from './toasts.ts'
import { t } from '../words/words.ts'

/** Does a thing the user asked for; a failure is told in words, beginning with what was wanted. */
export async function act<T>(wanted: string, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    toast(t('{wanted} did not work. {error}', { wanted, error: wordsOf(error) }), { icon: 'alert', level: 'danger' })
    return undefined
  }
}
