import type { CSSProperties } from 'react'
import { visible } from '../format/wire-text.ts'

/** Pure: a tag as it stands on a message. Its colour is beside the name, never under it, so that it can be read. */
export function TagChip({ tag }: { readonly tag: { readonly name: string; readonly colour: string } }) {
  return (
    <span className="tag-chip" style={{ '--tag': tag.colour } as CSSProperties}>
      <bdi>{visible(tag.name)}</bdi>
    </span>
  )
}
