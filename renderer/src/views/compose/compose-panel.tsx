import { lone } from '../../bridge/shell.ts'
import { useOffers } from '../../commands/offers.ts'
import { ComposeDock } from './compose-dock.tsx'
import { composing, turnTo } from './composer.ts'
import { Composer } from './composer-window.tsx'
import { MessageCommands } from './message-commands.tsx'
import { useSentElsewhere } from './tell-sent.ts'
import { useTerms } from './terms.ts'
import { useRecovery } from './use-recovery.ts'
import { useRichAhead } from './use-rich.ts'

/** The messages being written in this window, and what begins one from a message. */
export function ComposePanel() {
  const { open, front } = composing.use()
  useTerms()
  useRichAhead()
  useRecovery(lone === undefined)
  useSentElsewhere(lone === undefined)
  useOffers(
    open.length > 1 || (open.length === 1 && front === null)
      ? { 'next-written': () => turnTo(1), 'previous-written': () => turnTo(-1) }
      : {},
  )
  return (
    <>
      <MessageCommands />
      {open.map((one) => (
        <Composer key={one.key} open={one} />
      ))}
      {open.length > 0 && front === null ? <ComposeDock open={open} front={front} /> : null}
    </>
  )
}
