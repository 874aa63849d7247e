import { useEffect, useState } from 'react'
import type { ContactView } from '../../../../core/rpc/reading-contract.ts'
import { api } from '../../bridge/client.ts'

const MOST = 8

/** People whose address or name begins with what is typed, the likeliest first; none while nothing is typed. */
export function useCompletion(typed: string): readonly ContactView[] {
  const prefix = typed.trim()
  const [found, setFound] = useState<{ prefix: string; people: readonly ContactView[] }>({ prefix: '', people: [] })
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
  // What was found for the word before may still fit while the next answer is on its way.
  return prefix === '' || !prefix.startsWith(found.prefix) ? [] : found.people
}
