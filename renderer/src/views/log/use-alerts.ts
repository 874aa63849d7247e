import { useEffect } from 'react'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { go } from '../../state/route.ts'
import { toast } from '../../state/toasts.ts'
import { useStanding } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** Tells of sessions that a kept question wants to hear of, as they end. */
export function useAlerts(): void {
  const { standing, generation } = useStanding()
  const isOpen = standing.at === 'open'
  useEffect(() => {
    if (!isOpen) return undefined
    const stop = new AbortController()
    const follow = async () => {
      try {
        for await (const { name, hit } of await api.log.alerts(undefined, { signal: stop.signal })) {
          const { session, lines } = hit
          toast(`${name}: ${visible(session.peer)}${session.worst === '' ? '' : `, ${visible(session.worst)}`}`, {
            icon: 'bell',
            action: {
              label: t('Show'),
              run: () => go({ view: 'log', sessionId: session.id, seq: lines[0]?.seq ?? null, of: null }),
            },
          })
        }
      } catch {
        // The line broke: the next connection listens again.
      }
    }
    void follow()
    return () => stop.abort()
  }, [isOpen, generation])
}
