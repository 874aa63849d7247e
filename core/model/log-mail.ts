/** A header field may be folded, and a part's header is not long. */
const LONGEST_HEADER = 4000
const PARTS = /^content-type:[ \t]*(application\/json|text\/plain)\b/gim

/**
 * The JSON that a message of ours has attached, or its dialogue where there is none; undefined for what is no such message. It reads
 * what an export writes, as it comes out of a mailbox again; what mail can be otherwise is read elsewhere.
 */
export function attachedLog(content: string): string | undefined {
  if (!/^[!-9;-~]+:/.test(content)) return undefined
  let dialogue: string | undefined
  let after = 0
  for (const found of content.matchAll(PARTS)) {
    const from = found.index
    // What stands in a part is none, and each part is looked through once.
    if (from < after) continue
    const head = content.slice(from, from + LONGEST_HEADER)
    const end = /\r?\n\r?\n/.exec(head)
    if (end === null || !/^content-transfer-encoding:[ \t]*base64/im.test(head.slice(0, end.index))) continue
    const begin = from + end.index + end[0].length
    const boundary = content.startsWith('--', begin) ? begin : content.indexOf('\n--', begin)
    after = boundary < 0 ? content.length : boundary
    const text = decoded(content.slice(begin, after))
    if (text === undefined) continue
    if (found[1]?.toLowerCase() === 'application/json') return text
    if (/dialogue\.txt/i.test(head.slice(0, end.index))) dialogue = text
  }
  return dialogue
}

function decoded(base64: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64.replaceAll(/\s/g, '')), (character) => character.charCodeAt(0))
    return new TextDecoder().decode(bytes)
  } catch {
    return undefined
  }
}
