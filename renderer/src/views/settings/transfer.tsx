import { useState } from 'react'
import { api } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Load } from '../../parts/load.tsx'
import { useLive } from '../../state/use-live.ts'
import { ExportDialog } from '../transfer/export-dialog.tsx'
import { ExportList } from '../transfer/export-list.tsx'
import { ImportDialog } from '../transfer/import-dialog.tsx'
import { ImportList } from '../transfer/import-list.tsx'
import { importing } from '../transfer/importing.ts'
import { t } from '../../words/words.ts'

const importChanges = { changes: api.imports.changes }
const exportChanges = { changes: api.exports.changes }

/** Mail of other programs, brought in; and mail taken out into files. */
export function Transfer() {
  const imports = useLive('imports', () => api.imports.list(), importChanges)
  const exports = useLive('exports', () => api.exports.list(), exportChanges)
  const [open, setOpen] = useState<'import' | 'export' | null>(null)
  const wanted = importing.use()
  const close = () => {
    importing.set(null)
    setOpen(null)
  }
  return (
    <>
      <div className="panel-head">
        <h2>{t('Import and export')}</h2>
        <span className="grow" />
        <Button icon="external" onClick={() => setOpen('export')}>
          {t('Export mail')}
        </Button>
        <Button icon="download" onClick={() => setOpen('import')}>
          {t('Import mail')}
        </Button>
      </div>
      <p className="quiet lead">
        {t(
          'From mbox files, Maildirs, .eml files and Thunderbird profiles. What is here already is not stored twice, and nothing is left out without a line in the report.',
        )}
      </p>
      <section aria-label={t('Imports')}>
        <Load live={imports} what={t('the imports')} again={imports.again}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon="download" title={t('Nothing imported yet')}>
                {t('An import goes on while you work, can be stopped, and goes on where it was.')}
              </Empty>
            ) : (
              <ImportList imports={list} />
            )
          }
        </Load>
      </section>
      {exports.at === 'ready' && exports.value.length > 0 ? (
        <section aria-label={t('Exports')}>
          <h3>{t('Exports')}</h3>
          <ExportList exports={exports.value} />
        </section>
      ) : null}
      {open === 'import' || wanted !== null ? <ImportDialog key={wanted} path={wanted} onClose={close} /> : null}
      {open === 'export' ? <ExportDialog onClose={close} /> : null}
    </>
  )
}
