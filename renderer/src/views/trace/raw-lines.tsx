import { useMemo } from 'react'
import { api } from '../../bridge/client.ts'
import { Load } from '../../parts/load.tsx'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'
import { dialogueRows } from '../log/dialogue-rows.ts'
import { DialogueRowView } from '../log/dialogue-row.tsx'

interface Props {
  readonly sessionId: number
  readonly fromSeq: number
  readonly toSeq: number
}

/** More lines of one step are read in the log itself. */
const MOST_LINES = 200
const NONE_OPEN: ReadonlySet<string> = new Set()

/** The lines of the log that one step stands for, as they were said. */
export function RawLines({ sessionId, fromSeq, toSeq }: Props) {
  const live = useLive(`lines ${sessionId} ${fromSeq} ${toSeq}`, () =>
    api.log.events({ id: sessionId, fromSeq, limit: Math.min(MOST_LINES, toSeq - fromSeq + 1) }),
  )
  const rows = useMemo(() => (live.at === 'ready' ? dialogueRows(live.value, NONE_OPEN, 'excerpt') : []), [live])
  return (
    <div className="wire raw-lines" role="group" aria-label={t('Lines of the session')}>
      <Load live={live} what={t('the lines')} again={live.again}>
        {() =>
          rows.length === 0 ? (
            <p className="quiet">{t('These lines are no longer kept.')}</p>
          ) : (
            rows.map((row) => <DialogueRowView key={row.key} row={row} protocol="smtp" isMarked={false} />)
          )
        }
      </Load>
    </div>
  )
}
