import { useState } from 'react'
import type { FolderView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { commandEntry } from '../../commands/menu-entries.ts'
import { folderName } from '../../format/folder-name.ts'
import { ContextMenu, type Point } from '../../parts/context-menu.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { act } from '../../state/act.ts'
import { searchFor } from '../../state/search-for.ts'
import { spokenLocale, t } from '../../words/words.ts'
import { ExportDialog } from '../transfer/export-dialog.tsx'
import { markSeen, removeForGood } from './mail-actions.ts'

/** Of a folder, or of every inbox in one (null), what is to be done and where that was asked for. */
export interface FolderAsk {
  readonly at: Point
  readonly folder: FolderView | null
  readonly unread: number
  /** Another asking, another menu. */
  readonly turn: number
}

/** The search that begins with a folder: `in:inbox `, `in:"Harbour works" `. */
export function searchIn(folder: Pick<FolderView, 'role' | 'name'> | null): string {
  return `in:${folder === null ? 'inbox' : folder.role === 'other' ? `"${folder.name}"` : folder.role} `
}

/** Every message of a folder. */
async function idsIn(folderId: number | null): Promise<number[]> {
  const list = { folderId, threads: false, by: 'date', isUp: false, locale: spokenLocale() } as const
  const open = { all: false, but: [] }
  const { total } = await api.mail.page({ ...list, open, at: 0, limit: 1 })
  if (total === 0) return []
  const { keys, several } = await api.mail.range({ ...list, open, from: 0, to: total })
  return [...new Set([...keys.map(Math.abs), ...several.flatMap((one) => one.ids)])]
}

/** The menu of a folder, and the questions that follow from it. */
export function FolderMenu({ ask, onClose }: { readonly ask: FolderAsk; readonly onClose: () => void }) {
  const [next, setNext] = useState<'menu' | 'export' | { readonly empty: readonly number[] } | null>('menu')
  const { folder, at, unread } = ask
  const name = folder === null ? t('Unified inbox') : folderName(folder)
  const canEmpty = folder !== null && (folder.role === 'trash' || folder.role === 'junk')
  const toEmpty = async () => {
    const ids = await act(t('Reading the folder'), () => idsIn(folder?.id ?? null))
    if (ids === undefined || ids.length === 0) onClose()
    else setNext({ empty: ids })
  }
  if (next === 'export' && folder !== null) return <ExportDialog folderId={folder.id} onClose={onClose} />
  if (next !== null && typeof next === 'object')
    return (
      <Confirm
        title={t('{count, plural, one {Delete # message for good?} other {Delete # messages for good?}}', {
          count: next.empty.length,
        })}
        isOpen
        action={t('Delete')}
        danger
        onClose={onClose}
        onConfirm={() => void removeForGood(next.empty)}
      >
        <p>{t('What is deleted for good is gone from this computer and cannot be brought back.')}</p>
      </Confirm>
    )
  if (next === null) return null
  return (
    <ContextMenu
      label={t('Commands for {name}', { name })}
      at={at}
      groups={[
        [
          {
            id: 'all-seen',
            label: t('Mark all as read'),
            icon: 'check',
            disabled: unread === 0,
            run: () =>
              void act(t('Reading the folder'), () => idsIn(folder?.id ?? null)).then((ids) =>
                ids === undefined ? undefined : markSeen(ids),
              ),
          },
          {
            id: 'search',
            label: t('Search in this folder'),
            icon: 'search',
            run: () => searchFor.set(searchIn(folder)),
          },
          ...commandEntry('get-mail', { icon: 'refresh' }),
        ],
        folder === null
          ? []
          : [{ id: 'export', label: t('Export…'), icon: 'download' as const, run: () => setNext('export') }],
        canEmpty
          ? [
              {
                id: 'empty',
                label: t('Empty {name}…', { name }),
                icon: 'trash' as const,
                disabled: folder.total === 0,
                run: () => void toEmpty(),
              },
            ]
          : [],
      ]}
      // It stays, out of sight: what it asks next comes from here.
      onClose={() => setNext((now) => (now === 'menu' ? null : now))}
    />
  )
}
