import type { AttachedFile } from './attached.ts'
import { CAPS } from './reading-caps.ts'

/** Raster formats only: an SVG is a document. */
const IMAGE = /^image\/(?:png|jpe?g|gif|webp|bmp|avif)$/

/**
 * Puts images the message brings along in place of their `cid:` (RFC 2392) or of the address they are said to have (RFC 2557
 * §4.2), 1 MiB each and 5 MiB in all at most.
 */
export function withImages(html: string, files: readonly AttachedFile[]): string {
  const byUrl = imagesOf(files)
  if (byUrl.size === 0) return html
  const urls = new Map<AttachedFile, string>()
  let left: number = CAPS.imagesBytes
  return html.replaceAll(
    /((?:src|background)\s*=\s*["']?)([^"'\s>]{1,2000})/gi,
    (whole, before: string, ref: string) => {
      const file = byUrl.get(keyOf(ref))
      if (file === undefined) return whole
      let url = urls.get(file)
      if (url === undefined) {
        const bytes = file.sizeBytes <= 2 * CAPS.imageBytes ? file.bytes() : undefined
        const isGood = bytes !== undefined && bytes.length <= CAPS.imageBytes
        url = isGood ? `data:${file.type};base64,${bytes.toString('base64')}` : ''
        urls.set(file, url)
      }
      // Counted at each use: one image named a thousand times is a thousand copies.
      if (url === '' || url.length > left) return whole
      left -= url.length
      return before + url
    },
  )
}

/** Images by what an HTML text may call them; the first of a name counts. */
function imagesOf(files: readonly AttachedFile[]): Map<string, AttachedFile> {
  const found = new Map<string, AttachedFile>()
  for (const file of files) {
    if (!IMAGE.test(file.type)) continue
    const location = file.part?.fields.find((field) => field.name === 'content-location')?.value ?? ''
    for (const name of [file.contentId === '' ? '' : `cid:${file.contentId}`, location.replaceAll(/\s+/g, '')])
      if (name !== '' && !found.has(name)) found.set(name, file)
  }
  return found
}

/** `CID:` in any case, `%40` and `&amp;` as what they stand for. */
function keyOf(ref: string): string {
  const text = ref.replaceAll('&amp;', '&')
  const scheme = /^cid:/i.exec(text)
  if (scheme === null) return text
  try {
    return `cid:${decodeURIComponent(text.slice(4))}`
  } catch {
    return `cid:${text.slice(4)}`
  }
}
