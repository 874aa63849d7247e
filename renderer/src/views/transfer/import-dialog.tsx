import { useEffect, useRef, useState } from 'react'
import { api, wordsOf } from '../../bridge/client.ts'
import { size } from '../../format/size.ts'
import { visible } from '../../format/wire-text.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Select } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useEngine } from '../../state/engine.tsx'
import { useLive } from '../../state/use-live.ts'
import { PathField } from './path-field.tsx'
import { useSending, type Found, type Into } from './use-import.ts'
import { t } from '../../words/words.ts'
import { folderName, madeName } from '../../format/folder-name.ts'

type Source = 'files' | 'path' | `profile ${number}`

/** Chooses what is brought in, shows what it is and where it would go, and begins. */
export function ImportDialog({
  path: wanted,
  onClose,
}: {
  /** What another program wants brought in; null where somebody is to choose. */
  readonly path: string | null
  readonly onClose: () => void
}) {
  const profiles = useLive('profiles', () => api.imports.profiles())
  const known = profiles.at === 'ready' ? profiles.value : []
  const { folders } = useEngine()
  const [source, setSource] = useState<Source>(wanted === null ? 'files' : 'path')
  const [path, setPath] = useState(wanted ?? '')
  const [files, setFiles] = useState<readonly File[]>([])
  const [where, setWhere] = useState('own')
  const [name, setName] = useState(t('Imported'))
  const [found, setFound] = useState<Found & { readonly of: string }>()
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const { sent, sendAll } = useSending()
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])

  const profile = /^profile (\d+)$/.exec(source)?.[1]
  const paths = profile !== undefined ? [known[Number(profile)]?.path ?? ''] : [path.trim()]
  const into: Into = where === 'own' ? null : where === 'new' ? { name: name.trim() } : { folderId: Number(where) }
  const isReady =
    (source === 'files' ? files.length > 0 : paths[0] !== '') && (where !== 'new' || name.trim() !== '') && !busy
  const what = JSON.stringify([source === 'files' ? files.map((file) => [file.name, file.size]) : paths, into])

  const run = async (work: () => Promise<void>) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await work()
    } catch (error) {
      if (!stop.current.signal.aborted) setProblem(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  const look = () => run(async () => setFound({ ...(await api.imports.look({ from: { paths }, into })), of: what }))
  const begin = () =>
    run(async () => {
      const from = source === 'files' ? { uploads: await sendAll(files, stop.current.signal) } : { paths }
      await api.imports.start({ from, into })
      onClose()
    })
  const shown = found?.of === what ? found : undefined
  // Files that were chosen are known by name already; a folder of the computer is looked through first.
  const looksFirst = source !== 'files' && shown === undefined
  return (
    <Dialog title={t('Import mail')} isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) void (looksFirst ? look() : begin())
        }}
      >
        <div className="dialog-body">
          <Select
            label={t('From')}
            value={source}
            options={[
              { value: 'files', label: t('Files: mbox or .eml') },
              { value: 'path', label: t('A file or folder by its path') },
              ...known.map((one, at) => ({
                value: `profile ${at}` as const,
                label: t('Thunderbird, profile “{name}”', { name: visible(one.name) }),
              })),
            ]}
            onChange={setSource}
          />
          {source === 'files' ? <FilePicker files={files} onPick={setFiles} /> : null}
          {source === 'path' ? (
            <PathField
              label={t('Path')}
              value={path}
              placeholder={t('/home/me/Mail')}
              hint={t('An mbox file, a Maildir, a folder of .eml files or a Thunderbird profile.')}
              choices={['folder', 'file']}
              onChange={setPath}
            />
          ) : null}
          <Select
            label={t('Into')}
            value={where}
            options={[
              { value: 'own', label: t('Folders of its own names') },
              { value: 'new', label: t('One folder, named here') },
              ...(folders.at === 'ready'
                ? folders.value
                    .filter(({ owner, role }) => owner === null && role !== 'drafts' && role !== 'trash')
                    .map((folder) => ({ value: `${folder.id}`, label: folderName(folder) }))
                : []),
            ]}
            onChange={setWhere}
          />
          {where === 'new' ? <Field label={t('Folder')} value={name} autoComplete="off" onChange={setName} /> : null}
          {shown === undefined ? null : <FoundList found={shown} />}
          {sent === null ? null : (
            <p role="status">
              <progress value={sent} aria-label={t('Files handed over')} /> {Math.floor(sent * 100)} %
            </p>
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
            {busy ? t('Working') : looksFirst ? t('Look what is there') : t('Import')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}

function FilePicker({ files, onPick }: { files: readonly File[]; onPick: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null)
  const total = files.reduce((sum, file) => sum + file.size, 0)
  return (
    <div
      className="drop"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        onPick([...event.dataTransfer.files])
      }}
    >
      <input
        ref={input}
        type="file"
        multiple
        aria-label={t('Files to import')}
        onChange={(event) => onPick([...(event.target.files ?? [])])}
      />
      {files.length === 0 ? (
        <p className="quiet">{t('Choose files, or drop them here.')}</p>
      ) : (
        <p className="num">
          {t('{count, plural, one {# file} other {# files}}, {size}', { count: files.length, size: size(total) })}
        </p>
      )}
    </div>
  )
}

function FoundList({ found }: { readonly found: Found }) {
  return (
    <section aria-label={t('What was found')}>
      <p className="num" role="status">
        {t('{count, plural, one {# source} other {# sources}}, {size}', {
          count: found.total,
          size: size(found.sizeBytes),
        })}
      </p>
      <ul className="found">
        {found.sources.slice(0, 200).map((source) => (
          <li key={source.path} title={visible(source.path)}>
            <Icon name="folder" />
            <bdi className="clip grow">{visible(madeName(source.folder))}</bdi>
            <span className="quiet num">{size(source.sizeBytes)}</span>
          </li>
        ))}
        {found.total <= 200 ? null : (
          <li className="quiet">{t('and {count, number} more', { count: found.total - 200 })}</li>
        )}
      </ul>
    </section>
  )
}
