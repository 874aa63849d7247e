import type { HttpsGet } from './https-get.ts'

/** A picture of the web, or why there is none, as a sentence for a person. */
export type ImageAnswer =
  | { readonly ok: true; readonly contentType: string; readonly bytes: Buffer }
  | { readonly ok: false; readonly reason: string }
/** Fetches one picture. Never throws. */
export type ImageGet = (url: string, signal: AbortSignal | undefined) => Promise<ImageAnswer>

/** Kinds that a browser decodes without running anything; SVG is a document. */
const KINDS = /^image\/(?:png|jpe?g|gif|webp|avif|bmp)$/
const MOST_BYTES = 8 * 1024 * 1024
const TIMEOUT_MS = 20_000
const MOST_REDIRECTS = 3
const LONGEST_URL = 4096

/**
 * Fetches pictures of mail by HTTPS alone, with the certificate verified, without cookies, without telling where the address stood,
 * and never from private addresses unless `allowPrivate`; each redirect is judged like the first address.
 */
export function makeImageGet(
  ask: HttpsGet,
  terms: () => { readonly caFile: string; readonly allowPrivate: boolean },
): ImageGet {
  return async (text, signal) => {
    let url = urlOf(text)
    for (let hops = 0; ; hops++) {
      if (url === undefined) return { ok: false, reason: 'Only addresses that begin with https:// are asked.' }
      const port = url.port === '' ? {} : { port: Number(url.port) }
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
      const answer = await ask(host, `${url.pathname}${url.search}`, {
        ...terms(),
        ...port,
        accept: 'image/avif,image/webp,image/png,image/jpeg,image/gif,image/bmp',
        mostBytes: MOST_BYTES,
        timeoutMs: TIMEOUT_MS,
        ...(signal === undefined ? {} : { signal }),
      })
      if (!answer.ok) return { ok: false, reason: `${host} could not be asked: ${answer.reason}.` }
      if (answer.status >= 300 && answer.status < 400 && answer.location !== '') {
        if (hops === MOST_REDIRECTS) return { ok: false, reason: `${host} sends on from place to place.` }
        url = urlOf(answer.location, url)
        continue
      }
      if (answer.status !== 200) return { ok: false, reason: `${host} answers ${answer.status}.` }
      if (!KINDS.test(answer.mediaType))
        return { ok: false, reason: `${host} answers with ${answer.mediaType || 'something'}, which is no picture.` }
      return { ok: true, contentType: answer.mediaType, bytes: answer.body }
    }
  }
}

function urlOf(text: string, base?: URL): URL | undefined {
  if (text.length > LONGEST_URL || !URL.canParse(text, base?.href)) return undefined
  const url = new URL(text, base)
  return url.protocol === 'https:' && url.username === '' && url.password === '' ? url : undefined
}
