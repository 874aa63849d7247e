/** Prefixes of answers and of what was sent on, in the languages mail programs write them in. */
const PREFIX = /^(?:\s*(?:re|fwd?|aw|wg|sv|vs|tr|rv|r|i|antw|odp|回复|答复|转发)\s*(?:\[\d+\]\s*)?[:：])+\s*/iu

/** A text as lists are sorted by it: a subject without what answers put before it, and no more of it than anybody sees. */
export function bareSort(text: string, as: 'from' | 'subject' | 'size'): string {
  const bare = as === 'subject' ? text.replace(PREFIX, '') : text
  return bare.slice(0, 200).trim()
}
