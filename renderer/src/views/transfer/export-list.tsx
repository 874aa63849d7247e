import type { ExportView } from '../../../../core/rpc/transfer-contract.ts'
import { api } from '../../bridge/client.ts'
import { size } from '../../format/size.ts'
import { ago } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { act } from '../../state/act.ts'
import { useNow } from '../../state/now.ts'
import { t, told } from '../../words/words.ts'

/** The exports of this run, the newest first. */
export function ExportList({ exports }: { readonly exports: readonly ExportView[] }) {
  const nowMs = useNow(30_000)
  return (
    <ul className="cards">
      {exports.map((one) => (
        <li key={one.id} aria-label={t('Export to {path}', { path: one.path })}>
          <div className="grow">
            <b className="clip">
              <bdi>{visible(one.path)}</bdi>
            </b>
            <p className="num">
              {t('{exported, number} of {total, plural, one {# message} other {# messages}}, {size}', {
                exported: one.exported,
                total: one.total,
                size: size(one.bytesDone),
              })}
            </p>
            {one.state === 'running' ? (
              <progress
                className="wide"
                aria-label={t('Progress of the export')}
                value={one.total === 0 ? 0 : one.exported / one.total}
              />
            ) : null}
            {one.state === 'failed' ? (
              <p className="notice danger">
                <Icon name="fail" /> <span>{told(one.reason ?? '')}</span>
              </p>
            ) : (
              <p className="quiet">
                {one.state === 'running' ? t('Being written.') : one.state === 'done' ? t('Done') : t('Stopped')}
                {one.endedMs === null ? '' : ` ${ago(one.endedMs, nowMs)}.`}
              </p>
            )}
            {one.problemsTotal === 0 ? null : (
              <details>
                <summary>
                  {t('{count, plural, one {# message} other {# messages}} could not be read whole', {
                    count: one.problemsTotal,
                  })}
                </summary>
                <ul>
                  {one.problems.map((problem) => (
                    <li key={problem}>{told(visible(problem))}</li>
                  ))}
                </ul>
              </details>
            )}
          </div>
          {one.state === 'running' ? (
            <Button
              icon="pause"
              onClick={() => void act(t('Stopping the export'), () => api.exports.cancel({ id: one.id }))}
            >
              {t('Stop')}
            </Button>
          ) : null}
        </li>
      ))}
    </ul>
  )
}
