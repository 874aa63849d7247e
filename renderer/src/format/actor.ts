import type { AdviceView } from '../../../core/rpc/views.ts'
import { said } from '../words/words.ts'

/** Who has to act, as the beginning of a sentence. */
export const ACTOR_WORDS: Readonly<Record<AdviceView['who'], string>> = {
  'nobody': said('Nobody has to act.'),
  'you': said('You can mend this.'),
  'recipient': said('The recipient has to act.'),
  'their-postmaster': said('Whoever runs their server has to act.'),
  'your-provider': said('Your network or domain provider has to act.'),
}
