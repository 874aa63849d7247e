import type { DraftContent } from '../../../../core/rpc/views.ts'
import { api, host } from '../../bridge/client.ts'
import { handleOf, parsePart } from './part-handle.ts'

/** A name for a picture in the text that no other has. */
export const newContentId = () => `${crypto.randomUUID()}@posthorn`

/** Where the pictures of one message can be looked at while it is written. */
export class Pictures {
  readonly #urls = new Map<string, Promise<string | undefined>>()
  readonly #own: string[] = []

  constructor(attachments: DraftContent['attachments']) {
    for (const { contentId, handle } of attachments)
      if (contentId !== undefined) this.#urls.set(contentId, fromEngine(handle))
  }
  /** Takes a file as a picture; returns the name it has in the text. */
  add(file: File): string {
    const contentId = newContentId()
    this.put(contentId, file)
    return contentId
  }
  put(contentId: string, file: File): void {
    const url = URL.createObjectURL(file)
    this.#own.push(url)
    this.#urls.set(contentId, Promise.resolve(url))
  }
  readonly urlOf = (contentId: string): Promise<string | undefined> =>
    this.#urls.get(contentId) ?? Promise.resolve(undefined)

  close(): void {
    for (const url of this.#own) URL.revokeObjectURL(url)
  }
}

async function fromEngine(handle: string): Promise<string | undefined> {
  const part = parsePart(handle)
  try {
    const bytes = part === undefined ? (await api.compose.upload.open({ handle })).handle : await handleOf(part)
    return host.bytesUrl(bytes)
  } catch {
    // Its bytes are gone: its words are shown in its place.
    return undefined
  }
}
