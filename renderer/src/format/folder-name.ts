import { said, told } from '../words/words.ts'
import type { FolderView } from '../../../core/rpc/views.ts'

/** What the engine calls the folders it makes itself. A person's own names stay as they are written. */
const MADE: Readonly<Partial<Record<FolderView['role'], string>>> = {
  inbox: said('Inbox'),
  sent: said('Sent'),
  archive: said('Archive'),
  junk: said('Junk'),
  trash: said('Trash'),
  drafts: said('Drafts'),
}

/** A folder's name in the language of the window. */
export function folderName({ role, name }: Pick<FolderView, 'role' | 'name'>): string {
  return MADE[role] === name ? told(name) : name
}
