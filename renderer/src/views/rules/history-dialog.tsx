import type { RuleHistoryView } from '../../../../core/rpc/rules-contract.ts'
import { api } from '../../bridge/client.ts'
import { dayAndClock } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Load } from '../../parts/load.tsx'
import { useNow } from '../../state/now.ts'
import { formatRoute } from '../../state/route.ts'
import { useLive } from '../../state/use-live.ts'
import { t, told } from '../../words/words.ts'

/** What rules did to a message: why it is where it is. */
export function HistoryDialog({ messageId, onClose }: { readonly messageId: number; readonly onClose: () => void }) {
  const nowMs = useNow(60_000)
  const live = useLive(`rules of ${messageId}`, () => api.rules.history({ messageId }))
  return (
    <Dialog title={t('What rules did')} isOpen onClose={onClose}>
      <div className="dialog-body">
        <Load live={live} what={t('the history')} again={live.again}>
          {(list) =>
            list.length === 0 ? (
              <p>{t('No rule fitted this message.')}</p>
            ) : (
              <ol className="history">
                {list.map((one) => (
                  <Line key={`${one.atMs} ${one.ruleId} ${one.ruleName}`} one={one} nowMs={nowMs} onLeave={onClose} />
                ))}
              </ol>
            )
          }
        </Load>
      </div>
      <footer>
        <Button kind="primary" onClick={onClose}>
          {t('Close')}
        </Button>
      </footer>
    </Dialog>
  )
}

interface LineProps {
  readonly one: RuleHistoryView
  readonly nowMs: number
  readonly onLeave: () => void
}

function Line({ one, nowMs, onLeave }: LineProps) {
  return (
    <li>
      <b>{visible(one.ruleName)}</b>{' '}
      <span className="quiet">
        {t('{how}, {time}, in {folder}', {
          how: one.how === 'arrival' ? t('when it came') : t('because somebody asked'),
          time: dayAndClock(one.atMs, nowMs),
          folder: visible(one.folderName),
        })}
      </span>
      <ul>
        {one.steps.map((step) => (
          <li key={step.text} className={step.done ? undefined : 'danger'}>
            {told(visible(step.text))}
          </li>
        ))}
      </ul>
      {one.entryIds.map((entryId) => (
        <a key={entryId} href={formatRoute({ view: 'queue', entryId, recipientId: null })} onClick={onLeave}>
          {t('Show what was sent')}
        </a>
      ))}
    </li>
  )
}
