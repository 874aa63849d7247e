import type { ByteHandles } from '../base/byte-handles.ts'
import { Fault } from '../base/fault.ts'

/** What fetching a picture of a message works with. */
export interface RemoteImageDeps {
  readonly handles: ByteHandles
  /** Joint: one picture of the web, without saying who asks. Never throws. */
  readonly fetchImage: (
    url: string,
    signal: AbortSignal | undefined,
  ) => Promise<
    | { readonly ok: true; readonly contentType: string; readonly bytes: Uint8Array }
    | { readonly ok: false; readonly reason: string }
  >
}

/**
 * A handle to a picture that a message names. Only one of `names`, which stand in the message's own HTML, is asked for, so that a window can't be made
 * to ask anything else. Throws `fetch.failed` in words for a person.
 */
export async function remoteImage(
  deps: RemoteImageDeps,
  names: ReadonlySet<string>,
  url: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const failed = (reason: string) =>
    new Fault('fetch.failed', `load a picture of the message: ${reason}`, { what: 'picture', reason })
  if (!names.has(url)) throw failed('The message names no such picture.')
  const got = await deps.fetchImage(url, signal)
  if (!got.ok) throw failed(got.reason)
  const { bytes, contentType } = got
  const all = async function* () {
    yield bytes
  }
  return deps.handles.make({
    filename: 'picture',
    contentType,
    sizeBytes: bytes.length,
    heldBytes: bytes.length,
    bytes: all,
  })
}

/** Addresses in the attributes of a mail's HTML, as a browser reads them. */
export function imagesIn(html: string | null): ReadonlySet<string> {
  const found = new Set<string>()
  for (const [, double, single, bare] of (html ?? '').matchAll(
    /\bsrc\s*=\s*(?:"([^"]{1,8192})"|'([^']{1,8192})'|([^\s>"']{1,8192}))/gi,
  ))
    found.add(unescaped((double ?? single ?? bare ?? '').trim()))
  return found
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The character references that stand in addresses, resolved. */
function unescaped(text: string): string {
  return text.replaceAll(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{1,6}));/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return NAMED[name.toLowerCase()] ?? whole
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole
  })
}
