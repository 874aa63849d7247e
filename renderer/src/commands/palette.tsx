import { COMMANDS, isCommandId, type CommandEntry, type CommandId } from '../../../core/model/command-table.ts'
import { Dialog } from '../parts/dialog.tsx'
import { PickList } from '../parts/pick-list.tsx'
import { keyOf } from './bindings.ts'
import { offerOf, useOffered } from './offers.ts'
import { t, told } from '../words/words.ts'

const IDS = Object.keys(COMMANDS).filter(isCommandId)

/** The commands whose words hold all that was typed, those that are it or begin with it first. */
export function matching(ids: readonly CommandId[], typed: string): CommandId[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const rank = (id: CommandId) => {
    const entry: CommandEntry = COMMANDS[id]
    const label = told(entry.label).toLowerCase()
    if (!words.every((word) => `${label} ${told(entry.group).toLowerCase()}`.includes(word))) return 0
    const whole = words.join(' ')
    return whole !== '' && label === whole ? 3 : whole !== '' && label.startsWith(whole) ? 2 : 1
  }
  return ids.filter((id) => rank(id) > 0).toSorted((a, b) => rank(b) - rank(a))
}

/** Every command that can be done now, found by its words. */
export function Palette({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  return (
    <Dialog title={t('Find a command')} isOpen={isOpen} onClose={onClose}>
      <div className="dialog-body palette">
        <Commands onClose={onClose} />
      </div>
    </Dialog>
  )
}

function Commands({ onClose }: { readonly onClose: () => void }) {
  useOffered()
  const here = IDS.filter((id) => id !== 'palette' && offerOf(id) !== undefined)
  return (
    <PickList
      label={t('Command')}
      placeholder={t('A part of its name')}
      find={(typed) => matching(here, typed)}
      keyOf={(id) => id}
      nothing={t('No command here has these words.')}
      onPick={(id) => {
        const run = offerOf(id)
        onClose()
        // After the dialog has given the focus back, for a command may want it elsewhere.
        if (run !== undefined) requestAnimationFrame(() => requestAnimationFrame(run))
      }}
    >
      {(id) => {
        const entry: CommandEntry = COMMANDS[id]
        const key = keyOf(id)
        return (
          <>
            <span className="quiet where">{told(entry.group)}</span>
            <span className="grow">{told(entry.label)}</span>
            {key === undefined ? null : <kbd>{key}</kbd>}
          </>
        )
      }}
    </PickList>
  )
}
