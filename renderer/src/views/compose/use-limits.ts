import { useEffect, useState } from 'react'
import { api } from '../../bridge/client.ts'
import { joinAddressees } from './recipients.ts'
import type { Written } from './written.ts'

/** What a message may be at most, in bytes as sent. */
export type Limits = Awaited<ReturnType<typeof api.compose.limits>>

/** Chips come one after the other. */
const RESTED_MS = 250

/** What the servers take that a message would go to, while it has files; undefined while nobody knows. */
export function useLimits({ attached, lines, identityId }: Written): Limits | undefined {
  const [limits, setLimits] = useState<Limits>()
  const [to, cc, bcc] = [joinAddressees(lines.to.list), joinAddressees(lines.cc.list), joinAddressees(lines.bcc.list)]
  const hasFiles = attached.length > 0
  useEffect(() => {
    if (!hasFiles) return undefined
    let isOver = false
    const ask = async () => {
      try {
        const next = await api.compose.limits({ identityId, to, cc, bcc })
        if (!isOver) setLimits(next)
      } catch {
        // The engine is away: it is asked again with the next change, and once more before the message goes.
      }
    }
    const timer = setTimeout(() => void ask(), RESTED_MS)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [hasFiles, identityId, to, cc, bcc])
  return hasFiles ? limits : undefined
}
