import { useState } from 'react'
import type { FolderView } from '../../../../core/rpc/views.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { PickList } from '../../parts/pick-list.tsx'
import { useEngine } from '../../state/engine.tsx'
import { FOLDER_ICONS, groupFolders } from './folders.tsx'
import { t } from '../../words/words.ts'
import { folderName } from '../../format/folder-name.ts'

interface Props {
  readonly count: number
  /** The folder they are in, which is no place to move to. */
  readonly fromId: number | null
  readonly onMove: (folder: FolderView) => void
  readonly onClose: () => void
}

/** Chooses a folder by typing a part of its name. */
export function MoveDialog({ count, fromId, onMove, onClose }: Props) {
  const { folders } = useEngine()
  const places = groupFolders(folders.at === 'ready' ? folders.value : []).flatMap((group) =>
    group.folders.filter(({ id }) => id !== fromId).map((folder) => ({ folder, owner: group.name })),
  )
  const [active, setActive] = useState<(typeof places)[number] | undefined>(places[0])
  const find = (typed: string) => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
    return places.filter(({ folder, owner }) =>
      words.every((word) => `${owner} ${folderName(folder)}`.toLowerCase().includes(word)),
    )
  }
  const move = (place: (typeof places)[number] | undefined) => {
    if (place === undefined) return
    onClose()
    onMove(place.folder)
  }
  return (
    <Dialog
      title={t('{count, plural, one {Move # message} other {Move # messages}}', { count })}
      isOpen
      onClose={onClose}
    >
      <div className="dialog-body palette">
        <PickList
          label={t('To the folder')}
          placeholder={t('A part of the folder’s name')}
          find={find}
          keyOf={({ folder }) => folder.id}
          nothing={t('No folder has these words in its name.')}
          onPick={move}
          onActive={setActive}
        >
          {({ folder, owner }) => (
            <>
              <Icon name={FOLDER_ICONS[folder.role]} />
              <span className="grow clip">{folderName(folder)}</span>
              <span className="quiet clip">{owner}</span>
            </>
          )}
        </PickList>
      </div>
      <footer>
        <Button kind="plain" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button kind="primary" disabled={active === undefined} onClick={() => move(active)}>
          {t('Move')}
        </Button>
      </footer>
    </Dialog>
  )
}
