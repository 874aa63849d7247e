import { useState } from 'react'
import { useOffers } from '../../commands/offers.ts'
import { useRoute } from '../../state/route.ts'
import { composeFrom, type Manner } from './answer.ts'
import { RedirectDialog } from './dialogs.tsx'

/** What can be written because of the message that is open, beside what its toolbar shows. */
export function MessageCommands() {
  const route = useRoute()
  const [redirecting, setRedirecting] = useState<number | null>(null)
  const messageId = route.view === 'mail' || route.view === 'search' ? route.messageId : null
  const answer = (manner: Manner) => () => {
    if (messageId !== null) void composeFrom(manner, messageId)
  }
  useOffers(
    messageId === null
      ? {}
      : {
          'reply-list': answer('reply-list'),
          'forward-attached': answer('forward-attached'),
          'redirect': () => setRedirecting(messageId),
        },
  )
  return redirecting === null ? null : <RedirectDialog messageId={redirecting} onClose={() => setRedirecting(null)} />
}
