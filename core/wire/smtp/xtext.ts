/*
 * The encodings of addresses and names in parameters: xtext (RFC 3461 §4) for what is ASCII, and utf-8-addr-xtext and
 * utf-8-addr-unitext (RFC 6533 §3) for what is not.
 */

/** Every character that stands for itself in xtext, or `+` and two capital hexadecimal digits. */
const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/
const PRINTABLE = /^[ -~]*$/
/** QCHAR and EmbeddedUnicodeChar of RFC 6533 §3; with unitext, characters beyond ASCII as they are. */
const UTF8_ADDRESS = /^(?:[!-*,-<>-[\]-~\u0080-\u{10ffff}]|\\x\{[0-9A-F]{2,6}\})+$/u
// eslint-disable-next-line no-control-regex -- the whole of ASCII is what is asked for
const ASCII = /^[\x00-\x7f]*$/

/** The text xtext stands for; undefined when it is no xtext, or hides a control character or a byte beyond ASCII. */
export function decodeXtext(text: string): string | undefined {
  if (!XTEXT.test(text)) return undefined
  const decoded = text.replaceAll(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return PRINTABLE.test(decoded) ? decoded : undefined
}

/** xtext of printable ASCII. Throws on anything else. */
export function encodeXtext(text: string): string {
  if (!PRINTABLE.test(text)) throw new Error(`encode ${JSON.stringify(text)} as xtext: it is not printable ASCII`)
  return text.replaceAll(/[ +=]/g, (c) => `+${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/**
 * The address that utf-8-addr-xtext stands for, or utf-8-addr-unitext where `allowUtf8` says so. Undefined when it is
 * neither, or hides a control character or half a surrogate pair.
 */
export function decodeUtf8Address(text: string, allowUtf8: boolean): string | undefined {
  if (!UTF8_ADDRESS.test(text) || (!allowUtf8 && !ASCII.test(text))) return undefined
  let isSound = true
  const decoded = text.replaceAll(/\\x\{([0-9A-F]+)\}/g, (_, hex: string) => {
    const point = parseInt(hex, 16)
    const isCharacter = point >= 0x20 && point <= 0x10ffff && (point < 0x7f || point > 0x9f)
    isSound &&= isCharacter && (point < 0xd800 || point > 0xdfff)
    return isSound ? String.fromCodePoint(point) : ''
  })
  return isSound ? decoded : undefined
}
