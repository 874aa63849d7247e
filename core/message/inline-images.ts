import { decodeContent } from './content.ts'
import type { Part } from './structure.ts'

const LARGEST_IMAGE = 1024 * 1024
const ALL_IMAGES = 5 * 1024 * 1024
/** Raster formats only: an SVG is a document. */
const IMAGE = /^image\/(?:png|jpe?g|gif|webp|bmp|avif)$/

/** Puts images the message brings along in place of their `cid:` (RFC 2392), 1 MiB each and 5 MiB in all at most. */
export function withImages(raw: Uint8Array, html: string, attachments: readonly Part[]): string {
  if (!/cid:/i.test(html)) return html
  const urls = new Map<string, string>()
  let left = ALL_IMAGES
  return html.replaceAll(
    /((?:src|background)\s*=\s*["']?)cid:([^"'\s>]{1,500})/gi,
    (whole, before: string, cid: string) => {
      const id = unescapeUrl(cid)
      let url = urls.get(id)
      if (url === undefined) {
        const part = attachments.find((one) => one.contentId === id && IMAGE.test(one.type))
        const bytes = part === undefined ? undefined : decodeContent(raw, part)
        const isGood = part !== undefined && bytes !== undefined && bytes.length <= LARGEST_IMAGE
        url = isGood ? `data:${part.type};base64,${bytes.toString('base64')}` : ''
        urls.set(id, url)
      }
      // Counted at each use: one image named a thousand times is a thousand copies.
      if (url === '' || url.length > left) return whole
      left -= url.length
      return before + url
    },
  )
}

function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('&amp;', '&'))
  } catch {
    return text
  }
}
