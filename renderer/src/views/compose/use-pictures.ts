import { useEffect, useState } from 'react'
import { takePictures } from './clean-paste.ts'
import type { Start } from './composer.ts'
import { newContentId, Pictures } from './pictures.ts'
import type { DraftState } from './use-draft.ts'

/** The pictures of a message. Those of one that is sent on go along: they become files of this one. */
export function usePictures(draft: DraftState, start: Start): Pictures {
  const [pictures] = useState(() => new Pictures(draft.first.attachments))
  const [taken] = useState(() => {
    const html = draft.body().html
    const isAnswer = draft.first.about?.how === 'answered'
    if (html === null || start.kind !== 'answer' || isAnswer || !html.includes('data:image/')) return undefined
    const found = takePictures(html, newContentId)
    for (const { contentId, file } of found.files) pictures.put(contentId, file)
    draft.beginWith(found.html)
    return found.files
  })
  useEffect(() => {
    if (taken !== undefined) draft.attach(taken)
    return () => pictures.close()
    // Once, when the composer opens.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  return pictures
}
