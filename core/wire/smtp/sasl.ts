/** Reads what a client says within AUTH. Nothing here is logged or said back. */

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The UTF-8 text of a base64 line; `=` is the empty one (RFC 4954 §4). Undefined when it is not base64 of text. */
export function decodeText(line: string): string | undefined {
  if (line === '=') return ''
  if (!BASE64.test(line)) return undefined
  try {
    const bytes = Uint8Array.from(atob(line), (c) => c.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * `[authzid] NUL authcid NUL passwd` of PLAIN (RFC 4616 §2). Undefined when it is not that, or asks to act for somebody
 * else.
 */
export function decodePlain(line: string): { readonly user: string; readonly password: string } | undefined {
  const parts = decodeText(line)?.split('\0')
  if (parts?.length !== 3) return undefined
  const [actsFor, user, password] = parts as [string, string, string]
  if (user === '' || password === '' || (actsFor !== '' && actsFor !== user)) return undefined
  return { user, password }
}

/** Base64 of a text of ours. */
export function encodeText(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
