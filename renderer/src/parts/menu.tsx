import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'

export interface MenuEntry {
  readonly id: string
  readonly label: string
  readonly icon: IconName
  readonly keys?: string
  readonly run: () => void
}

/** A button that opens a short list of commands. */
export function MenuButton({ label, icon, entries }: { label: string; icon: IconName; entries: readonly MenuEntry[] }) {
  return (
    <MenuTrigger>
      <AriaButton className="icon-button" aria-label={label}>
        <Icon name={icon} />
      </AriaButton>
      <Popover className="menu" placement="bottom end" offset={4}>
        <Menu aria-label={label} className="menu-list" onAction={(id) => entries.find((one) => one.id === id)?.run()}>
          {entries.map((entry) => (
            <MenuItem key={entry.id} id={entry.id} textValue={entry.label} className="menu-item">
              <Icon name={entry.icon} />
              <span className="grow">{entry.label}</span>
              {entry.keys === undefined ? null : <kbd>{entry.keys}</kbd>}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
