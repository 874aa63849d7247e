import { readFile } from 'node:fs/promises'
import { pageFileOf, pageTypeOf } from '../core/rpc/page-files.ts'
import { bytesHeaders, contentPolicyOf, PAGE_HEADERS } from '../core/rpc/page-policy.ts'
import { isOurs, ORIGIN } from './origin.ts'

/** Mail comes over the port, so that the window needs no network of any kind: a PDF it shows is read from here, and so are its fonts. */
const AT = { images: `${ORIGIN}/bytes/`, connect: `${ORIGIN}/bytes/ ${ORIGIN}/pdf/` }

/** Bytes given out by handle, as the engine does it; undefined when the handle is unknown or has run out. */
export interface Bytes {
  open(handle: string): { readonly filename: string; bytes(): AsyncIterable<Uint8Array> } | undefined
}

/**
 * Answers a request of the window: the files of `folder` and, below `/bytes/`, what `bytes` holds for a handle. Every
 * answer carries its own Content-Security-Policy.
 */
export function servePages(folder: string, bytes: Bytes) {
  return async (request: Request): Promise<Response> => {
    if (request.method !== 'GET' || !isOurs(request.url)) return refusal(400)
    const path = new URL(request.url).pathname
    if (path.startsWith('/bytes/')) {
      const found = bytes.open(path.slice('/bytes/'.length))
      if (found === undefined) return refusal(404)
      return new Response(ReadableStream.from(found.bytes()), {
        headers: { ...PAGE_HEADERS, ...bytesHeaders(found.filename) },
      })
    }
    const file = pageFileOf(folder, path)
    const type = file === undefined ? undefined : pageTypeOf(file)
    const body = file === undefined ? undefined : await readFile(file).catch(() => undefined)
    if (type === undefined || body === undefined) return refusal(404)
    return new Response(new Uint8Array(body), {
      headers: { ...PAGE_HEADERS, 'content-security-policy': contentPolicyOf(path, AT), 'content-type': type },
    })
  }
}

const refusal = (status: number) =>
  new Response(null, { status, headers: { 'content-security-policy': `default-src 'none'` } })
