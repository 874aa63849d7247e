import type { AttachmentView } from '../../../../core/rpc/views.ts'

const TEXT =
  /^(?:text\/|message\/|application\/(?:json|xml|.+\+(?:json|xml)|x-sh|javascript|sql|x-yaml|pgp-signature)$)/i
const TEXT_NAME = /\.(?:txt|md|csv|tsv|log|json|xml|ya?ml|ini|conf|diff|patch|ics|vcf|eml|asc)$/i

/** Pictures a browser decodes without running anything. */
export const isPicture = (contentType: string) => /^image\/(?:png|jpe?g|gif|webp|bmp|avif)$/i.test(contentType)

/** Whether an attachment can be looked at here: as a picture, or as text. */
export function previewOf({ contentType, filename }: Pick<AttachmentView, 'contentType' | 'filename'>) {
  if (isPicture(contentType)) return 'picture'
  return TEXT.test(contentType) || TEXT_NAME.test(filename) ? 'text' : undefined
}
