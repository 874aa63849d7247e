import { IconButton } from '../../parts/button.tsx'
import { go } from '../../state/route.ts'
import { t } from '../../words/words.ts'

/** From the console and the lab back to the log, where both of them stand. */
export function BackToLog() {
  return (
    <IconButton
      icon="left"
      label={t('Back to the protocol log')}
      onClick={() => go({ view: 'log', sessionId: null, seq: null, of: null })}
    />
  )
}
