import DOMPurify, { type Config } from 'dompurify'

const CONFIG = {
  USE_PROFILES: { html: true },
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  FORBID_TAGS: [
    'style',
    'form',
    'input',
    'button',
    'select',
    'textarea',
    'audio',
    'video',
    'picture',
    'source',
    'map',
    'dialog',
  ],
  FORBID_ATTR: ['style', 'class', 'id', 'srcset', 'background', 'bgcolor', 'color'],
  ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel|cid):|data:image\/(?:png|jpe?g|gif|webp);base64,)/i,
} satisfies Config

/** HTML of strangers, pasted or quoted, with nothing left that runs or loads. Pictures of the web become their words. */
export function cleanForWriting(html: string): string {
  const fragment = DOMPurify.sanitize(html, { ...CONFIG, RETURN_DOM_FRAGMENT: true })
  for (const image of fragment.querySelectorAll('img')) {
    const src = image.getAttribute('src') ?? ''
    if (/^(?:cid|data):/i.test(src)) continue
    const alt = image.getAttribute('alt')?.trim() ?? ''
    image.replaceWith(alt === '' ? '' : `[${alt}]`)
  }
  const holder = document.createElement('template')
  holder.content.append(fragment)
  return holder.innerHTML
}

/** Pictures that stand in HTML as `data:`, each as a file; in the HTML they are named by Content-ID from then on. */
export function takePictures(
  html: string,
  nameOf: () => string,
): { html: string; files: { contentId: string; file: File }[] } {
  const holder = document.createElement('template')
  holder.innerHTML = html
  const files: { contentId: string; file: File }[] = []
  for (const image of holder.content.querySelectorAll('img')) {
    const found = pictureOf(image.getAttribute('src') ?? '')
    if (found === undefined) continue
    const { type, bytes } = found
    const contentId = nameOf()
    files.push({ contentId, file: new File([bytes], `picture.${type.slice(6).toLowerCase()}`, { type }) })
    image.setAttribute('src', `cid:${contentId}`)
  }
  return { html: holder.innerHTML, files }
}

/** A picture that stands in its own address; undefined for what is none, or not whole. */
export function pictureOf(src: string): { type: string; bytes: Uint8Array<ArrayBuffer> } | undefined {
  const comma = src.indexOf(',')
  const type = /^data:(image\/[a-z]+);base64$/i.exec(src.slice(0, comma))?.[1]
  if (type === undefined) return undefined
  try {
    return { type, bytes: Uint8Array.from(atob(src.slice(comma + 1)), (character) => character.charCodeAt(0)) }
  } catch {
    return undefined // strangers write what they like there
  }
}

/** HTML of a message without the signature at its end, by the marks that programs give it. */
export function withoutSignature(html: string): string {
  const page = new DOMParser().parseFromString(html, 'text/html')
  for (const one of page.querySelectorAll('[data-signature], .moz-signature, .gmail_signature, #signature'))
    one.remove()
  for (const one of page.querySelectorAll('body > div'))
    if (/^--(?: |\u00a0)?$/.test((one.firstChild?.textContent ?? '').replace(/\n/g, ''))) one.remove()
  return page.body.innerHTML
}
