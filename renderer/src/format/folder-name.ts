import { said, told } from '../words/words.ts'
import type { FolderView } from '../../../core/rpc/views.ts'

type Role = FolderView['role']

/** What the engine calls the folders it makes itself. A person's own names stay as they are written. */
const MADE: Readonly<Partial<Record<Role, { readonly name: string; readonly sentence: string }>>> = {
  inbox: { name: 'Inbox', sentence: said('Inbox') },
  sent: { name: 'Sent', sentence: said('Sent') },
  // What is done to a message has the same name in English, and another one elsewhere.
  archive: { name: 'Archive', sentence: said('Archive, the folder') },
  junk: { name: 'Junk', sentence: said('Junk') },
  trash: { name: 'Trash', sentence: said('Trash') },
  drafts: { name: 'Drafts', sentence: said('Drafts') },
}

/** A folder's name in the language of the window. */
export function folderName({ role, name }: Pick<FolderView, 'role' | 'name'>): string {
  const made = MADE[role]
  return made === undefined || made.name !== name ? name : roleName(role)
}

/** As `folderName`, where only the name is known: one the engine gives itself is in the language, a person's own as it is. */
export function madeName(name: string): string {
  const made = Object.values(MADE).find((one) => one.name === name)
  return made === undefined ? name : told(made.sentence) === made.sentence ? name : told(made.sentence)
}

/** What folders of a role are called in the language of the window; '' for one that is a person's own. */
export function roleName(role: Role): string {
  const { name = '', sentence = '' } = MADE[role] ?? {}
  const shown = told(sentence)
  return shown === sentence ? name : shown
}
