import { useCallback, useEffect, useRef, useState } from 'react'
import type { DiscoveryView } from '../../../../core/rpc/discovery-contract.ts'
import { api, wordsOf } from '../../bridge/client.ts'

export type Discovery =
  | { readonly at: 'idle' }
  | { readonly at: 'running' | 'ended'; readonly found: DiscoveryView }
  | { readonly at: 'failed'; readonly message: string }

/** Looks for the settings of an address, and shows how far that is. */
export function useDiscovery() {
  const [discovery, setDiscovery] = useState<Discovery>({ at: 'idle' })
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const run = useCallback(async (address: string): Promise<void> => {
    stop.current?.abort()
    const mine = new AbortController()
    stop.current = mine
    const say = (next: Discovery) => {
      if (!mine.signal.aborted) setDiscovery(next)
    }
    try {
      for await (const found of await api.account.discover({ address }, { signal: mine.signal }))
        say({ at: found.ended ? 'ended' : 'running', found })
    } catch (error) {
      say({ at: 'failed', message: wordsOf(error) })
    }
  }, [])
  const reset = useCallback(() => {
    stop.current?.abort()
    setDiscovery({ at: 'idle' })
  }, [])
  return { discovery, run, reset }
}
