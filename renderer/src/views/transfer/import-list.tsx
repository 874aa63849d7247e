import { useState } from 'react'
import type { ImportView } from '../../../../core/rpc/transfer-contract.ts'
import { api } from '../../bridge/client.ts'
import { count, size } from '../../format/size.ts'
import { ago } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { act } from '../../state/act.ts'
import { useNow } from '../../state/now.ts'
import { ReportDialog } from './report-dialog.tsx'
import { t } from '../../words/words.ts'

const isUnderWay = ({ state }: ImportView) => state === 'looking' || state === 'running' || state === 'finishing'
const canResume = ({ state }: ImportView) => state === 'cancelled' || state === 'interrupted' || state === 'failed'

/** What an import has done, in words. */
export function importWords({ imported, duplicates, problems, deleted }: ImportView): string {
  return [
    `${count(imported, 'message')} imported`,
    ...(duplicates === 0 ? [] : [`${duplicates.toLocaleString('en')} were here already`]),
    ...(deleted === 0 ? [] : [`${deleted.toLocaleString('en')} were marked as deleted`]),
    ...(problems === 0 ? [] : [`${problems.toLocaleString('en')} with a problem`]),
  ].join(', ')
}

function stateWords(one: ImportView, nowMs: number): string {
  const end = one.endedMs === null ? '' : ` ${ago(one.endedMs, nowMs)}`
  switch (one.state) {
    case 'looking':
      return 'Looking what is there.'
    case 'running':
      return `${size(one.bytesDone)} of ${size(one.bytesTotal)}${one.at === null ? '' : `, now ${visible(one.at)}`}`
    case 'finishing':
      return 'All is here; the search index is put in order.'
    case 'done':
      return `Done${end}.`
    case 'cancelled':
      return `Stopped${end}. What came in stays.`
    case 'interrupted':
      return 'Posthorn ended meanwhile. It can go on where it had come to.'
    case 'failed':
      return one.reason ?? 'It failed.'
  }
}

/** The imports there were, the newest first, and how far each is. */
export function ImportList({ imports }: { readonly imports: readonly ImportView[] }) {
  const nowMs = useNow(30_000)
  const [reportId, setReportId] = useState<number | null>(null)
  const call = (wanted: string, run: () => Promise<unknown>) => void act(wanted, run)
  return (
    <>
      <ul className="cards">
        {imports.map((one) => (
          <li key={one.id} aria-label={t('Import of {join}', { join: one.from.join(', ') })}>
            <div className="grow">
              <b className="clip">
                <bdi>{visible(one.from.join(', '))}</bdi>
              </b>
              <p className="quiet">
                {one.folder === null ? t('Into its own folders') : t('Into {folder}', { folder: visible(one.folder) })}
              </p>
              <p className="num">{importWords(one)}.</p>
              {isUnderWay(one) ? (
                <progress
                  className="wide"
                  aria-label={t('Progress of the import')}
                  {...(one.state === 'running' && one.bytesTotal > 0 ? { value: one.bytesDone / one.bytesTotal } : {})}
                />
              ) : null}
              <p className={one.state === 'failed' ? 'notice danger' : 'quiet'}>
                {one.state === 'failed' ? <Icon name="fail" /> : null} <span>{stateWords(one, nowMs)}</span>
              </p>
            </div>
            {one.problems + one.deleted === 0 ? null : (
              <Button onClick={() => setReportId(one.id)}>{t('Report')}</Button>
            )}
            {isUnderWay(one) ? (
              <Button
                icon="pause"
                onClick={() => call('Stopping the import', () => api.imports.cancel({ id: one.id }))}
              >
                {t('Stop')}
              </Button>
            ) : null}
            {canResume(one) ? (
              <Button icon="play" onClick={() => call('Going on', () => api.imports.resume({ id: one.id }))}>
                {t('Go on')}
              </Button>
            ) : null}
            {isUnderWay(one) ? null : (
              <IconButton
                icon="x"
                label={t('Forget this import')}
                onClick={() => call('Forgetting the import', () => api.imports.remove({ id: one.id }))}
              />
            )}
          </li>
        ))}
      </ul>
      {reportId === null ? null : <ReportDialog id={reportId} onClose={() => setReportId(null)} />}
    </>
  )
}
