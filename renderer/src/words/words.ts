import { Fragment, createElement, type ReactNode } from 'react'
import { pieces, type Values } from '../../../core/model/words.ts'

export { said, spokenLocale, t, told, toldSentence, type Values } from '../../../core/model/words.ts'

/** What stands in the places and tags of a sentence on the page. */
export type Places = Readonly<Record<string, ReactNode | ((inner: ReactNode) => ReactNode)>>

/** As `t`, with elements in its places: `tx('Run <code>posthorn ui</code>', { code: (it) => <code>{it}</code> })`. */
export function tx(english: string, places: Places): ReactNode {
  const filled = Object.entries(places).map(([name, value]) => [
    name,
    typeof value === 'function' ? (inner: readonly ReactNode[]) => value(keyed(inner)) : value,
  ])
  return keyed(pieces<ReactNode>(english, Object.fromEntries(filled) as Record<string, ReactNode & Values[string]>))
}

/** React asks for a key of each piece of a list; these never change places. */
function keyed(parts: readonly ReactNode[]): ReactNode {
  return createElement(Fragment, null, ...parts)
}
