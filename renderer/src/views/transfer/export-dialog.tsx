import { useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Check, Field, Select } from '../../parts/field.tsx'
import { PathField } from './path-field.tsx'
import { saveBytes } from '../../state/actions.ts'
import { useEngine } from '../../state/engine.tsx'
import { t } from '../../words/words.ts'
import { folderName } from '../../format/folder-name.ts'

type What = Parameters<typeof api.exports.start>[0]['what']
type Format = Parameters<typeof api.exports.start>[0]['format']

interface Props {
  /** What is chosen first; all mail where it is left out. */
  readonly folderId?: number
  readonly onClose: () => void
}

/** Chooses what is taken out, as what, and where to. */
export function ExportDialog({ folderId, onClose }: Props) {
  const { folders } = useEngine()
  const list = folders.at === 'ready' ? folders.value : []
  const [chosen, setChosen] = useState(folderId === undefined ? 'all' : `${folderId}`)
  const [query, setQuery] = useState('')
  const [format, setFormat] = useState<Format | 'download'>('mbox')
  const [to, setTo] = useState('')
  const [overwrite, setOverwrite] = useState(false)
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const what: What =
    chosen === 'all' ? { all: true } : chosen === 'query' ? { query: query.trim() } : { folderId: Number(chosen) }
  /** One folder as mbox is one file; all else becomes files in a folder. */
  const isFile = format === 'mbox' && chosen !== 'all'
  const isReady = !busy && (chosen !== 'query' || query.trim() !== '') && (format === 'download' || to.trim() !== '')
  const save = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      if (format === 'download') {
        const { handle, filename } = await api.exports.download({ what })
        saveBytes(handle, filename)
      } else await api.exports.start({ what, format, to: to.trim(), ...(overwrite ? { overwrite } : {}) })
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('Export mail')} isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) void save()
        }}
      >
        <div className="dialog-body">
          <Select
            label={t('What')}
            value={chosen}
            options={[
              { value: 'all', label: t('All mail') },
              { value: 'query', label: t('What a search finds') },
              ...list.map((folder) => ({
                value: `${folder.id}`,
                label: folder.owner === null ? folderName(folder) : `${folder.owner.name}: ${folderName(folder)}`,
              })),
            ]}
            onChange={setChosen}
          />
          {chosen === 'query' ? (
            <Field
              label={t('Search')}
              value={query}
              placeholder={t('from:ada after:2026-01-01')}
              spellCheck={false}
              autoComplete="off"
              onChange={setQuery}
            />
          ) : null}
          <Select
            label={t('As')}
            value={format}
            options={[
              { value: 'mbox', label: t('mbox: one file a folder') },
              { value: 'maildir', label: t('Maildir: a file a message, with its flags') },
              { value: 'eml', label: t('.eml: a file a message, to open with a double click') },
              { value: 'download', label: t('One mbox file, saved by this window') },
            ]}
            onChange={setFormat}
          />
          {format === 'download' ? null : (
            <>
              <PathField
                label={isFile ? t('To the file') : t('To the folder')}
                value={to}
                placeholder={isFile ? '/home/me/mail.mbox' : '/home/me/mail'}
                hint={t('A path on this computer.')}
                choices={[isFile ? 'new-file' : 'folder']}
                name={isFile ? 'mail.mbox' : ''}
                onChange={setTo}
              />
              <Check label={t('Replace what is there')} checked={overwrite} onChange={setOverwrite} />
            </>
          )}
          {problem === undefined ? null : (
            <p className="danger" role="alert">
              {problem}
            </p>
          )}
        </div>
        <footer>
          <Button kind="plain" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button kind="primary" submit disabled={!isReady}>
            {busy ? t('Working') : t('Export')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
