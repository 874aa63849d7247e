import { mergeAttributes, Node, type Editor, type Extensions } from '@tiptap/core'
import { DOMSerializer } from '@tiptap/pm/model'
import { StarterKit } from '@tiptap/starter-kit'
import { htmlFromEditor } from './editor-html.ts'

/** Where the picture of a Content-ID can be looked at; undefined while nobody knows. */
export type PictureUrl = (contentId: string) => Promise<string | undefined>

/** A picture in the text. In the message it is named by its Content-ID; here it is shown from where its bytes are. */
const picture = (urlOf: PictureUrl) =>
  Node.create({
    name: 'picture',
    group: 'inline',
    inline: true,
    draggable: true,
    addAttributes: () => ({ cid: { default: null }, alt: { default: '' } }),
    parseHTML: () => [
      {
        tag: 'img[data-cid]',
        getAttrs: (image) => ({ cid: image.dataset['cid'] ?? '', alt: image.getAttribute('alt') ?? '' }),
      },
    ],
    renderHTML: ({ HTMLAttributes: { cid, alt } }) => ['img', { 'data-cid': String(cid), 'alt': String(alt) }],
    addNodeView() {
      return ({ node }) => {
        const dom = document.createElement('img')
        dom.alt = String(node.attrs['alt'])
        void urlOf(String(node.attrs['cid'])).then((url) => {
          if (url !== undefined) dom.src = url
        })
        return { dom }
      }
    },
  })

/** What stands below a message: it is told apart, so that another identity's can take its place. */
const signature = Node.create({
  name: 'signature',
  group: 'block',
  content: 'block+',
  defining: true,
  parseHTML: () => [{ tag: 'div[data-signature]' }],
  renderHTML: () => ['div', { 'data-signature': '' }, 0],
})

/** All that rich text can hold: what is pasted or quoted loses everything else. No colours, fonts or sizes. */
export function extensionsOf(urlOf: PictureUrl): Extensions {
  return [
    StarterKit.configure({
      heading: { levels: [1, 2, 3] },
      link: {
        openOnClick: false,
        HTMLAttributes: mergeAttributes({ rel: null, target: null, class: null }),
      },
      blockquote: { HTMLAttributes: { type: 'cite' } },
      // What ends in a quote ends there.
      trailingNode: false,
      dropcursor: { class: 'drop-here', color: false },
    }),
    picture(urlOf),
    signature,
  ]
}

/** The text as HTML of a message. It is written in a page of its own, which loads nothing. */
export function htmlOfEditor({ schema, state }: Editor): string {
  const page = new DOMParser().parseFromString('', 'text/html')
  DOMSerializer.fromSchema(schema).serializeFragment(state.doc.content, { document: page }, page.body)
  return htmlFromEditor(page.body.innerHTML)
}
