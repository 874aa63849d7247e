import { readFile } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { contentPolicyOf } from './content-policy.ts'
import { isOurs } from './origin.ts'

/** Bytes given out by handle, as the engine does it; undefined when the handle is unknown or has run out. */
export interface Bytes {
  open(handle: string): { readonly filename: string; bytes(): AsyncIterable<Uint8Array> } | undefined
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/**
 * Answers a request of the window: the files of `folder` and, below `/bytes/`, what `bytes` holds for a handle. Every
 * answer carries its own Content-Security-Policy.
 */
export function servePages(folder: string, bytes: Bytes) {
  return async (request: Request): Promise<Response> => {
    if (request.method !== 'GET' || !isOurs(request.url)) return refusal(400)
    const path = new URL(request.url).pathname
    const headers = {
      'content-security-policy': contentPolicyOf(path),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    }
    if (path.startsWith('/bytes/')) {
      const found = bytes.open(path.slice('/bytes/'.length))
      if (found === undefined) return refusal(404)
      return new Response(ReadableStream.from(found.bytes()), {
        headers: {
          ...headers,
          // Whatever the mail says it is, it is only ever shown as an image or saved.
          'content-type': 'application/octet-stream',
          'content-disposition': formatDisposition(found.filename),
          'cache-control': 'no-store',
        },
      })
    }
    const file = fileOf(folder, path)
    const body = file === undefined ? undefined : await readFile(file).catch(() => undefined)
    if (file === undefined || body === undefined) return refusal(404)
    const type = TYPES[extname(file)] ?? 'application/octet-stream'
    return new Response(new Uint8Array(body), { headers: { ...headers, 'content-type': type } })
  }
}

/** The file a path names, or undefined for one that would lie outside the folder. */
export function fileOf(folder: string, path: string): string | undefined {
  const name = path === '/' ? '/index.html' : decode(path)
  if (name === undefined || name.includes('\0')) return undefined
  const inside = resolve(folder) + sep
  const file = resolve(join(inside, name))
  return file.startsWith(inside) ? file : undefined
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

/** RFC 6266 §4.3 with the encoding of RFC 8187: any name is carried, none can end the header. */
export function formatDisposition(filename: string): string {
  const encoded = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  )
  return `attachment; filename*=UTF-8''${encoded}`
}

const refusal = (status: number) =>
  new Response(null, { status, headers: { 'content-security-policy': `default-src 'none'` } })
