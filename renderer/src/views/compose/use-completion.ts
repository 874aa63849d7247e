import { useEffect, useState } from 'react'
import type { ContactGroupView, ContactView } from '../../../../core/rpc/reading-contract.ts'
import { api } from '../../bridge/client.ts'

const MOST = 8
const MOST_GROUPS = 3

/** Who may be meant by what is typed: a person, or all of a group. */
export type Offer =
  | { readonly kind: 'person'; readonly person: ContactView }
  | { readonly kind: 'group'; readonly group: ContactGroupView }

interface Found {
  readonly prefix: string
  readonly offers: readonly Offer[]
}
const NOTHING: Found = { prefix: '', offers: [] }

/**
 * Groups whose name has a word that begins so, then people whose address or name begins with what is typed, the likeliest first;
 * none while nothing is typed.
 */
export function useCompletion(typed: string): readonly Offer[] {
  const prefix = typed.trim()
  const [found, setFound] = useState(NOTHING)
  useEffect(() => {
    if (prefix === '') return
    const stop = new AbortController()
    const { signal } = stop
    Promise.all([
      api.contact.complete({ prefix: prefix.slice(0, 200), limit: MOST }, { signal }),
      api.contact.groups.list(undefined, { signal }),
    ]).then(
      ([people, groups]) =>
        setFound({
          prefix,
          offers: [
            ...groups
              .filter(({ name, members }) => members > 0 && beginsIn(name, prefix))
              .slice(0, MOST_GROUPS)
              .map((group) => ({ kind: 'group' as const, group })),
            ...people.map((person) => ({ kind: 'person' as const, person })),
          ],
        }),
      // Who cannot be completed is typed.
      () => undefined,
    )
    return () => stop.abort()
  }, [prefix])
  // What was found for the word before may still fit while the next answer is on its way.
  return prefix === '' || !prefix.startsWith(found.prefix) ? [] : found.offers
}

function beginsIn(name: string, prefix: string): boolean {
  const [text, start] = [name.toLocaleLowerCase(), prefix.toLocaleLowerCase()]
  return text.startsWith(start) || text.split(/\s+/).some((word) => word.startsWith(start))
}
