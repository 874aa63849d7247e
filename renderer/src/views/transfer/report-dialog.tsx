import { useEffect, useState } from 'react'
import type { ImportProblemView } from '../../../../core/rpc/transfer-contract.ts'
import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { act } from '../../state/act.ts'
import { said, t, told } from '../../words/words.ts'

const PAGE = 200
const WHAT = { deleted: said('left out'), damaged: said('damaged'), refused: said('not imported') } as const

/** What an import left out or could not take whole, line by line. */
export function ReportDialog({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const [rows, setRows] = useState<readonly ImportProblemView[]>([])
  const [total, setTotal] = useState<number | null>(null)
  const [hasMore, setHasMore] = useState(true)
  const read = async (after: number | null) => {
    const page = await act(t('Reading the report'), () => api.imports.report({ id, after, limit: PAGE }))
    if (page === undefined) return
    setRows((before) => (after === null ? page.rows : [...before, ...page.rows]))
    setTotal(page.total)
    setHasMore(page.more)
  }
  useEffect(() => {
    void read(null)
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each import
  }, [id])
  return (
    <Dialog title={t('Report of the import')} isOpen wide onClose={onClose}>
      {/* Focusable, so that the keyboard can scroll it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="report" tabIndex={0} role="region" aria-label={t('Messages of the report')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('Message')}</th>
              <th scope="col">{t('What')}</th>
              <th scope="col">{t('Why')}</th>
              <th scope="col">{t('Where')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <td>
                  <bdi>{visible(row.subject) || t('(no subject)')}</bdi>
                </td>
                <td className={row.what === 'refused' ? 'danger' : undefined}>{told(WHAT[row.what])}</td>
                <td>{told(visible(row.reason))}</td>
                <td className="mono">
                  <bdi>{visible(row.path)}</bdi>
                  {row.offset === null ? '' : t(', byte {offset}', { offset: row.offset })}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <footer>
        <span className="grow quiet num">
          {total === null ? '' : t('{shown} of {total} lines', { shown: rows.length, total })}
        </span>
        {hasMore && rows.length > 0 ? (
          <Button onClick={() => void read(rows.at(-1)?.id ?? null)}>{t('More')}</Button>
        ) : null}
        <Button kind="primary" onClick={onClose}>
          {t('Close')}
        </Button>
      </footer>
    </Dialog>
  )
}
