import type { AttachmentView } from '../../../../core/rpc/views.ts'
import { MOST_PDF_BYTES } from './pdf.ts'

const TEXT =
  /^(?:text\/|message\/|application\/(?:json|xml|.+\+(?:json|xml)|x-sh|javascript|sql|x-yaml|pgp-signature)$)/i
const TEXT_NAME = /\.(?:txt|md|csv|tsv|log|json|xml|ya?ml|ini|conf|diff|patch|ics|vcf|eml|asc)$/i

/** Pictures a browser decodes without running anything. */
export const isPicture = (contentType: string) => /^image\/(?:png|jpe?g|gif|webp|bmp|avif)$/i.test(contentType)

const isPdf = ({ contentType, filename }: Pick<AttachmentView, 'contentType' | 'filename'>) =>
  /^application\/(?:x-)?pdf$/i.test(contentType) ||
  (/^application\/octet-stream$/i.test(contentType) && /\.pdf$/i.test(filename))

/** Whether an attachment can be looked at here: as a picture, page by page, or as text. */
export function previewOf(part: Pick<AttachmentView, 'contentType' | 'filename' | 'sizeBytes'>) {
  const { contentType, filename } = part
  if (isPicture(contentType)) return 'picture'
  if (isPdf(part)) return part.sizeBytes <= MOST_PDF_BYTES ? 'pdf' : undefined
  return TEXT.test(contentType) || TEXT_NAME.test(filename) ? 'text' : undefined
}
