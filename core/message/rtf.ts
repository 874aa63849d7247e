import { decodeBytes } from './charset.ts'
import { CAPS } from './reading-caps.ts'

/** What MS-OXRTFCP §2.1.3.1 has in the dictionary before the first octet comes. */
const DICTIONARY =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx'
const COMPRESSED = 0x75465a4c
const PLAIN = 0x414c454d

/** Compressed RTF (MS-OXRTFCP) as RTF, at most as long as it says and as the cap has it; undefined for what is none. */
export function decompressRtf(bytes: Uint8Array): Buffer | undefined {
  if (bytes.length < 16) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = Math.min(view.getUint32(4, true), CAPS.rtfBytes)
  const kind = view.getUint32(8, true)
  if (kind === PLAIN) return Buffer.from(bytes.subarray(16, 16 + size))
  if (kind !== COMPRESSED) return undefined
  // What can come of it is known: a reference of two octets gives at most seventeen.
  const out = Buffer.alloc(Math.min(size, bytes.length * 9))
  const dictionary = Buffer.alloc(4096)
  let write = dictionary.write(DICTIONARY, 'latin1')
  let length = 0
  const put = (byte: number) => {
    if (length < out.length) out[length++] = byte
    dictionary[write] = byte
    write = (write + 1) % 4096
  }
  for (let at = 16; at < bytes.length && length < out.length;) {
    const control = bytes[at++] ?? 0
    for (let bit = 0; bit < 8 && at < bytes.length; bit++) {
      if ((control & (1 << bit)) === 0) {
        put(bytes[at++] ?? 0)
        continue
      }
      const word = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
      at += 2
      const from = word >> 4
      if (from === write) return out.subarray(0, length)
      for (let n = 0; n < (word & 15) + 2; n++) put(dictionary[(from + n) % 4096] ?? 0)
    }
  }
  return out.subarray(0, length)
}

/** Groups whose words are not the text. */
const HIDDEN =
  /^(?:fonttbl|colortbl|stylesheet|info|pict|object|header|footer|headerl|headerr|footerl|footerr|generator|listtable|themedata|mhtmltag|xmlnstbl)$/
const WORDS: Readonly<Record<string, string>> = {
  par: '\n',
  line: '\n',
  tab: '\t',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
  endash: '–',
  emdash: '—',
}
const TOKEN = /\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z'])|([{}])|([^\\{}]+)|\\/giy

/** What is true within one group. */
interface Group {
  isHidden: boolean
  /** Within `\htmlrtf`: what stands there only for those who cannot read HTML. */
  isForRtf: boolean
  /** Characters that stand after each `\u` for readers that do not know it. */
  skip: number
}

/** The words of an RTF text, or the HTML it was made from (MS-OXRTFEX). One pass, no tree. */
export function readRtf(rtf: Buffer): { readonly kind: 'text' | 'html'; readonly text: string } {
  const source = rtf.toString('latin1')
  const isHtml = /\\fromhtml1/.test(source.slice(0, 2000))
  const charset = `cp${/\\ansicpg(\d{3,5})/.exec(source.slice(0, 2000))?.[1] ?? '1252'}`
  const out: string[] = []
  let octets: number[] = []
  const flush = () => {
    if (octets.length > 0) out.push(decodeBytes(Uint8Array.from(octets), charset))
    octets = []
  }
  let group: Group = { isHidden: false, isForRtf: false, skip: 1 }
  const outer: Group[] = []
  let skipped = 0
  let isStarred = false
  const say = (text: string) => {
    if (group.isHidden || (isHtml && group.isForRtf)) return
    flush()
    out.push(text)
  }
  TOKEN.lastIndex = 0
  for (let found = TOKEN.exec(source); found !== null; found = TOKEN.exec(source)) {
    const [, word, number, hex, symbol, brace, plain] = found
    if (brace === '{') {
      if (outer.length >= CAPS.rtfDepth) break
      outer.push(group)
      group = { ...group }
    } else if (brace === '}') group = outer.pop() ?? group
    else if (word !== undefined) {
      if (isStarred && !(isHtml && word === 'htmltag')) group.isHidden = true
      if (word === 'htmlrtf') group.isForRtf = number !== '0'
      else if (HIDDEN.test(word)) group.isHidden = true
      else if (word === 'uc') group.skip = Math.min(Number(number ?? 1), 10)
      else if (word === 'u') {
        say(String.fromCharCode(Number(number ?? 0) & 0xffff))
        skipped = group.skip
      } else if (WORDS[word] !== undefined) say(WORDS[word])
    } else if (hex !== undefined) {
      if (skipped > 0) skipped--
      else if (!group.isHidden && !(isHtml && group.isForRtf)) octets.push(Number.parseInt(hex, 16))
    } else if (symbol !== undefined) {
      if (symbol === '~') say('\u00a0')
      else if (symbol === '_') say('-')
      else if (symbol === '\\' || symbol === '{' || symbol === '}') say(symbol)
    } else if (plain !== undefined) {
      const text = plain.replaceAll(/[\r\n]+/g, '')
      say(text.slice(skipped))
      skipped = Math.max(0, skipped - text.length)
    }
    isStarred = symbol === '*'
  }
  flush()
  return { kind: isHtml ? 'html' : 'text', text: out.join('') }
}
