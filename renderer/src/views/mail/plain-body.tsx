import { Fragment, useState } from 'react'
import { visible } from '../../format/wire-text.ts'
import { Icon } from '../../parts/icon.tsx'
import { blocksOf, piecesOf, type Block } from './plain-text.ts'
import { t } from '../../words/words.ts'

/** A quotation longer than this is folded at first. */
const QUOTE_LINES = 6

interface Props {
  readonly text: string
  readonly onLink: (link: { href: string; text: string }) => void
}

/** A plain text message: quotations lightly folded, links live. */
export function PlainBody({ text, onLink }: Props) {
  return (
    <div className="plain">
      {blocksOf(text).map((block, at) => (
        <PlainBlock key={at} block={block} onLink={onLink} />
      ))}
    </div>
  )
}

function PlainBlock({ block, onLink }: { block: Block; onLink: Props['onLink'] }) {
  const [open, setOpen] = useState(block.kind !== 'quoted' || block.lines.length <= QUOTE_LINES)
  if (!open)
    return (
      <button type="button" className="fold" aria-expanded={false} onClick={() => setOpen(true)}>
        <Icon name="right" />
        {t('{count, plural, one {# quoted line} other {# quoted lines}}', { count: block.lines.length })}
      </button>
    )
  const lines = block.lines.map((line, at) => (
    <Fragment key={at}>
      {at === 0 ? null : '\n'}
      <Line line={line} onLink={onLink} />
    </Fragment>
  ))
  if (block.kind === 'quoted')
    return (
      <blockquote data-depth={Math.min(block.depth, 4)}>
        <bdi>{lines}</bdi>
      </blockquote>
    )
  return <div className={block.kind}>{lines}</div>
}

function Line({ line, onLink }: { line: string; onLink: Props['onLink'] }) {
  return piecesOf(line).map((piece, at) =>
    piece.kind === 'text' ? (
      <Fragment key={at}>{visible(piece.text)}</Fragment>
    ) : (
      <a
        key={at}
        href={piece.href}
        rel="noopener noreferrer"
        onClick={(event) => {
          event.preventDefault()
          onLink(piece)
        }}
      >
        {visible(piece.text)}
      </a>
    ),
  )
}
