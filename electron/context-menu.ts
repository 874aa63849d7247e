import type { ContextMenuParams, MenuItemConstructorOptions } from 'electron'
import { COMMANDS, isCommandId, type CommandId } from '../core/model/command-table.ts'
import { t, told } from '../core/model/words.ts'
import { acceleratorOf, type MenuParts } from './menu.ts'
import { parseExternal } from './navigation.ts'

/** Of what was clicked, what the menu depends on. */
export type Clicked = Pick<
  ContextMenuParams,
  'isEditable' | 'selectionText' | 'linkURL' | 'misspelledWord' | 'dictionarySuggestions' | 'editFlags' | 'mediaType'
>
/** What its items do. */
export interface ContextActs {
  run(id: CommandId): void
  copyText(text: string): void
  copyImage(): void
  replaceWord(word: string): void
  learnWord(word: string): void
}

const MOST_SUGGESTIONS = 5

/**
 * The menu of the second button: of a text that is written its spelling and the clipboard, of a link its address, else what can be
 * done with the message, by the same table as everywhere. Empty where there is nothing to say.
 */
export function contextTemplate(
  clicked: Clicked,
  { keys, offers, platform }: Pick<MenuParts, 'keys' | 'offers' | 'platform'>,
  acts: ContextActs,
): MenuItemConstructorOptions[] {
  const separator = { type: 'separator' } as const
  if (clicked.isEditable) {
    const { misspelledWord: word, dictionarySuggestions: better, editFlags: can } = clicked
    return [
      ...(word === ''
        ? []
        : [
            ...better.slice(0, MOST_SUGGESTIONS).map((one) => ({ label: one, click: () => acts.replaceWord(one) })),
            ...(better.length === 0 ? [{ label: t('No suggestion'), enabled: false }] : []),
            { label: t('Add to the dictionary'), click: () => acts.learnWord(word) },
            separator,
          ]),
      { role: 'undo', enabled: can.canUndo },
      { role: 'redo', enabled: can.canRedo },
      separator,
      { role: 'cut', enabled: can.canCut },
      { role: 'copy', enabled: can.canCopy },
      { role: 'paste', enabled: can.canPaste },
      { role: 'pasteAndMatchStyle', enabled: can.canPaste },
      separator,
      { role: 'selectAll', enabled: can.canSelectAll },
    ]
  }
  const address = parseExternal(clicked.linkURL)
  const link: MenuItemConstructorOptions[] =
    address === undefined ? [] : [{ label: t('Copy the address'), click: () => acts.copyText(address) }]
  const picture: MenuItemConstructorOptions[] =
    clicked.mediaType === 'image' ? [{ label: t('Copy the picture'), click: () => acts.copyImage() }] : []
  const selection: MenuItemConstructorOptions[] = clicked.selectionText.trim() === '' ? [] : [{ role: 'copy' }]
  const message = Object.keys(COMMANDS)
    .filter(isCommandId)
    .filter((id) => COMMANDS[id].group === 'Message' && offers?.has(id) === true)
    .map((id) => ({
      id,
      label: told(COMMANDS[id].label),
      ...acceleratorOf(keys.get(id) ?? [], platform === 'darwin'),
      click: () => acts.run(id),
    }))
  const groups = [[...link, ...picture, ...selection], message].filter((group) => group.length > 0)
  return groups.flatMap((group, at) => (at === 0 ? group : [separator, ...group]))
}
