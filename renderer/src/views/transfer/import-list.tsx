import { useState } from 'react'
import type { ImportView } from '../../../../core/rpc/transfer-contract.ts'
import { api } from '../../bridge/client.ts'
import { madeName } from '../../format/folder-name.ts'
import { size } from '../../format/size.ts'
import { ago } from '../../format/time.ts'
import { visible } from '../../format/wire-text.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { act } from '../../state/act.ts'
import { useNow } from '../../state/now.ts'
import { ReportDialog } from './report-dialog.tsx'
import { t, told } from '../../words/words.ts'

const isUnderWay = ({ state }: ImportView) => state === 'looking' || state === 'running' || state === 'finishing'
const canResume = ({ state }: ImportView) => state === 'cancelled' || state === 'interrupted' || state === 'failed'

/** What an import has done, in words. */
export function importWords({ imported, duplicates, problems, deleted }: ImportView): string {
  return [
    t('{imported, plural, one {# message} other {# messages}} imported', { imported }),
    ...(duplicates === 0 ? [] : [t('{duplicates} were here already', { duplicates })]),
    ...(deleted === 0 ? [] : [t('{deleted} were marked as deleted', { deleted })]),
    ...(problems === 0 ? [] : [t('{problems} with a problem', { problems })]),
  ].join(', ')
}

function stateWords(one: ImportView, nowMs: number): string {
  const end = one.endedMs === null ? '' : `${ago(one.endedMs, nowMs)}.`
  switch (one.state) {
    case 'looking':
      return t('Looking what is there.')
    case 'running':
      return one.at === null
        ? t('{done} of {total}', { done: size(one.bytesDone), total: size(one.bytesTotal) })
        : t('{done} of {total}, now {at}', {
            done: size(one.bytesDone),
            total: size(one.bytesTotal),
            at: visible(one.at),
          })
    case 'finishing':
      return t('All is here; the search index is put in order.')
    case 'done':
      return end === '' ? t('Done.') : t('Done {when}', { when: end })
    case 'cancelled':
      return end === '' ? t('Stopped. What came in stays.') : t('Stopped {when} What came in stays.', { when: end })
    case 'interrupted':
      return t('Posthorn ended meanwhile. It can go on where it had come to.')
    case 'failed':
      return one.reason === null ? t('It failed.') : told(one.reason)
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
                {one.folder === null
                  ? t('Into its own folders')
                  : t('Into {folder}', { folder: visible(madeName(one.folder)) })}
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
                onClick={() => call(t('Stopping the import'), () => api.imports.cancel({ id: one.id }))}
              >
                {t('Stop')}
              </Button>
            ) : null}
            {canResume(one) ? (
              <Button icon="play" onClick={() => call(t('Going on'), () => api.imports.resume({ id: one.id }))}>
                {t('Go on')}
              </Button>
            ) : null}
            {isUnderWay(one) ? null : (
              <IconButton
                icon="x"
                label={t('Forget this import')}
                onClick={() => call(t('Forgetting the import'), () => api.imports.remove({ id: one.id }))}
              />
            )}
          </li>
        ))}
      </ul>
      {reportId === null ? null : <ReportDialog id={reportId} onClose={() => setReportId(null)} />}
    </>
  )
}
