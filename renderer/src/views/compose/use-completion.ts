import { useEffect, useMemo, useState } from 'react'
import type { ContactGroupView, ContactView } from '../../../../core/rpc/reading-contract.ts'
import { api } from '../../bridge/client.ts'
import { useLive } from '../../state/use-live.ts'

const MOST = 8
const MOST_GROUPS = 3

/** Who may be meant by what is typed: a person, or all of a group. */
export type Offer =
  | { readonly kind: 'person'; readonly person: ContactView }
  | { readonly kind: 'group'; readonly group: ContactGroupView }

interface Found {
  readonly prefix: string
  readonly people: readonly ContactView[]
}
const NOTHING: Found = { prefix: '', people: [] }
const NO_GROUPS: readonly ContactGroupView[] = []
const groupChanges = { changes: api.contact.groups.changes }

/**
 * Groups whose name has a word that begins so, then people whose address or name begins with what is typed, the likeliest first;
 * none while nothing is typed.
 */
export function useCompletion(typed: string): readonly Offer[] {
  const prefix = typed.trim()
  const [found, setFound] = useState(NOTHING)
  // Asked for once, not at each letter.
  const groups = useLive('groups to write to', () => api.contact.groups.list(), groupChanges)
  const known = groups.at === 'ready' ? groups.value : NO_GROUPS
  useEffect(() => {
    if (prefix === '') return
    const stop = new AbortController()
    api.contact.complete({ prefix: prefix.slice(0, 200), limit: MOST }, { signal: stop.signal }).then(
      (people) => setFound({ prefix, people }),
      // Who cannot be completed is typed.
      () => undefined,
    )
    return () => stop.abort()
  }, [prefix])
  return useMemo(() => {
    // What was found for the word before may still fit while the next answer is on its way.
    if (prefix === '' || !prefix.startsWith(found.prefix)) return []
    return [
      ...known
        .filter(({ name, members }) => members > 0 && beginsIn(name, prefix))
        .slice(0, MOST_GROUPS)
        .map((group) => ({ kind: 'group' as const, group })),
      ...found.people.map((person) => ({ kind: 'person' as const, person })),
    ]
  }, [prefix, found, known])
}

function beginsIn(name: string, prefix: string): boolean {
  const [text, start] = [name.toLocaleLowerCase(), prefix.toLocaleLowerCase()]
  return text.startsWith(start) || text.split(/\s+/).some((word) => word.startsWith(start))
}
