import type { MenuItemConstructorOptions } from 'electron'
import {
  COMMAND_GROUPS,
  COMMANDS,
  isCommandId,
  type CommandGroup,
  type CommandId,
} from '../core/model/command-table.ts'
import { t, told } from '../core/model/words.ts'

/** What the application's menus are made of. */
export interface MenuParts {
  readonly platform: NodeJS.Platform
  readonly isPackaged: boolean
  /** The keys of each command, as a person has set them. */
  readonly keys: ReadonlyMap<CommandId, readonly string[]>
  /** What the window in front can do now; undefined where no window is open. */
  readonly offers: ReadonlySet<string> | undefined
}

/** What a menu's item does. */
export interface MenuActs {
  run(id: CommandId): void
  print(): void
  savePdf(): void
  show(page: 'about' | 'diagnostics'): void
  lookForUpdates(): void
}

/** Where a command stands that is not in the menu of its group. */
const IN_FILE: readonly CommandId[] = ['compose', 'get-mail']
const IN_HELP: readonly CommandId[] = ['keys']
/** In the field that has the focus the system's own undo is meant. */
const NOWHERE: readonly CommandId[] = ['undo', 'next-pane', 'previous-pane', 'next', 'previous']

/** Groups whose commands stand in the menus of every program, and those that have one of their own. */
const USUAL: readonly CommandGroup[] = ['Anywhere', 'Go to', 'List', 'Message']
const OTHERS = COMMAND_GROUPS.filter((name) => !USUAL.includes(name))

/**
 * The application menu, from the window's own table of commands: what the window in front can't do now is grey, and what it does
 * elsewhere it does from here. The system's words are left to the system.
 */
export function menuTemplate(parts: MenuParts, acts: MenuActs): MenuItemConstructorOptions[] {
  const isMac = parts.platform === 'darwin'
  const command = (id: CommandId): MenuItemConstructorOptions => ({
    id,
    label: told(COMMANDS[id].label),
    // Without a window the command opens one; what is about messages needs some to be there.
    enabled: parts.offers === undefined ? isAnywhere(id) : parts.offers.has(id),
    ...acceleratorOf(parts.keys.get(id) ?? [], isMac),
    click: () => acts.run(id),
  })
  const group = (...groups: readonly CommandGroup[]) =>
    Object.keys(COMMANDS)
      .filter(isCommandId)
      .filter((id) => groups.includes(COMMANDS[id].group))
      .filter((id) => ![...IN_FILE, ...IN_HELP, ...NOWHERE].includes(id))
      .map(command)
  const separator = { type: 'separator' } as const
  const hasWindow = parts.offers !== undefined
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      label: t('File'),
      submenu: [
        ...IN_FILE.map(command),
        separator,
        { id: 'print-window', label: t('Print the window…'), enabled: hasWindow, click: acts.print },
        { id: 'pdf', label: t('Save as PDF…'), enabled: hasWindow, click: acts.savePdf },
        separator,
        { role: 'close' },
        ...(isMac ? [] : [{ role: 'quit' } as const]),
      ],
    },
    { role: 'editMenu' },
    {
      label: t('View'),
      submenu: [
        ...group('Anywhere'),
        separator,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        separator,
        { role: 'togglefullscreen' },
        ...(parts.isPackaged ? [] : [separator, { role: 'toggleDevTools' } as const]),
      ],
    },
    { label: t('Go'), submenu: group('Go to') },
    { label: t('Message'), submenu: [...group('List'), separator, ...group('Message')] },
    ...OTHERS.map((name) => ({ label: told(name), submenu: group(name) })),
    { role: 'windowMenu' },
    {
      role: 'help',
      label: t('Help'),
      submenu: [
        ...IN_HELP.map(command),
        { id: 'diagnostics', label: t('Diagnostics'), click: () => acts.show('diagnostics') },
        { id: 'updates', label: t('Look for a newer version…'), click: () => acts.lookForUpdates() },
        { id: 'about', label: t('About Posthorn'), click: () => acts.show('about') },
      ],
    },
  ]
}

/** Whether a command means something without a window in which something is chosen. */
export const isAnywhere = (id: CommandId) => COMMANDS[id].group === 'Anywhere' || COMMANDS[id].group === 'Go to'

const NAMES: Readonly<Record<string, string>> = {
  'ArrowUp': 'Up',
  'ArrowDown': 'Down',
  'ArrowLeft': 'Left',
  'ArrowRight': 'Right',
  '+': 'Plus',
}

/**
 * A command's first key as Electron writes it. The page listens for keys itself and knows where single letters are typed, so here
 * they are shown only. macOS shows none that it does not also take, so there only those with ⌘ and the F keys stand.
 */
export function acceleratorOf(
  chords: readonly string[],
  isMac: boolean,
): Pick<MenuItemConstructorOptions, 'accelerator' | 'registerAccelerator'> {
  const chord = chords.find((one) => !one.includes(' ') && (!isMac || /^Mod\+|^(?:Shift\+)?F\d/.test(one)))
  if (chord === undefined) return {}
  const parts = chord === '+' ? ['+'] : chord.split(/\+(?=.)/)
  const key = parts.at(-1) ?? ''
  const isCapital = parts.length === 1 && /^\p{Lu}$/u.test(key)
  const accelerator = [
    ...parts.slice(0, -1).map((part) => (part === 'Mod' ? 'CommandOrControl' : part)),
    ...(isCapital ? ['Shift'] : []),
    NAMES[key] ?? (/^\p{L}$/u.test(key) ? key.toUpperCase() : key),
  ].join('+')
  // Electron knows ASCII keys only.
  if (!/^[\x21-\x7e]+$/.test(accelerator)) return {}
  return isMac ? { accelerator } : { accelerator, registerAccelerator: false }
}
