/**
 * Text from a peer as it may be shown: nothing in it can move the cursor, hide itself or turn the line's direction
 * around. Transcripts keep bytes as latin1, one character a byte.
 */

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Bytes kept as latin1 read as UTF-8 where they are valid UTF-8, otherwise as they are. */
export function decodeBytes(latin1: string): string {
  // eslint-disable-next-line no-control-regex
  if (!/[\x80-\xff]/.test(latin1)) return latin1
  try {
    return decoder.decode(Uint8Array.from(latin1, (character) => character.charCodeAt(0) & 0xff))
  } catch {
    return latin1
  }
}

/** Characters that turn the direction of text, hide, or break a line. */
const HIDDEN =
  /[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]/g

/** Control characters as their pictures (␀, ␛), invisible ones as `⟨U+202E⟩`; a tab stays. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    if (code === 0x7f) return '\u2421'
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}

/** What a wire line shows: decoded, and with nothing hidden in it. */
export function wireText(latin1: string): string {
  return visible(decodeBytes(latin1))
}
