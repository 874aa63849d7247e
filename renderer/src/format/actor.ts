import type { AdviceView } from '../../../core/rpc/views.ts'

/** Who has to act, as the beginning of a sentence. */
export const ACTOR_WORDS: Readonly<Record<AdviceView['who'], string>> = {
  'nobody': 'Nobody has to act.',
  'you': 'You can mend this.',
  'recipient': 'The recipient has to act.',
  'their-postmaster': 'Whoever runs their server has to act.',
  'your-provider': 'Your network or domain provider has to act.',
}
